#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/mock_mc/raw_client.h"
#include "tests/unit/mock_mc/support.h"
#include "tests/unit/mock_mc/test_server.h"

namespace mock_mc::testing {
namespace {

using gate::Json;

ServerOptions WithThreads(std::size_t threads) {
  ServerOptions options;
  options.threads = threads;
  return options;
}

// What was decided for a key, in the order of its requests.
using Decisions = std::map<std::string, std::vector<std::string>>;

Decisions DecisionsOf(TestServer& server) {
  std::map<std::string, std::map<std::int64_t, std::string>> by_number;
  const Json journal = server.Admin("GET", "/journal?limit=10000");
  EXPECT_EQ(journal.at("dropped"), 0);
  for (const Json& entry : journal.at("entries")) {
    by_number[entry.at("key").get<std::string>()][entry.at("n").get<std::int64_t>()] =
        entry.at("response").get<std::string>() + "/" + entry.at("fault").get<std::string>() + "/" +
        std::to_string(entry.at("delayNs").get<std::int64_t>());
  }
  Decisions decisions;
  for (const auto& [key, numbered] : by_number) {
    for (const auto& [n, text] : numbered) decisions[key].push_back(text);
  }
  return decisions;
}

// Each of 16 keys is asked 12 times, in turn over all connections.
Decisions Ask(std::size_t threads, std::size_t connections) {
  constexpr int kKeys = 16;
  constexpr int kRequests = 12;
  TestServer server(
      "responses: {a: {body: A}, b: {status: 503}}\n"
      "rules:\n"
      "  - match: {path: \"/k/{id}\"}\n"
      "    key: [path.id]\n"
      "    delay: {uniform: [0ms, 3ms]}\n"
      "    sequence: [{respond: a, times: 3}, {respond: b, times: 5}, {body: c, fault: {drip: "
      "{bytes: 50, every: 1ms}}}]\n",
      WithThreads(threads));
  std::atomic<int> next{0};
  std::vector<std::thread> clients;
  for (std::size_t i = 0; i < connections; ++i) {
    clients.emplace_back([&] {
      RawClient client(server.http());
      for (int k = next++; k < kKeys * kRequests; k = next++) {
        client.Get("/k/" + std::to_string(k % kKeys));
        EXPECT_NE(client.ReadAnswer(), "");
      }
    });
  }
  for (std::thread& client : clients) client.join();
  return DecisionsOf(server);
}

TEST(LoadTest, DecisionsHangOnTheKeyAndItsCountAlone) {
  const Decisions expected = Ask(1, 1);
  ASSERT_EQ(expected.size(), 16U);
  for (const auto& [key, decisions] : expected) ASSERT_EQ(decisions.size(), 12U) << key;
  EXPECT_NE(expected.at("0"), expected.at("1")) << "the delays differ";
  EXPECT_EQ(Ask(1, 64), expected);
  EXPECT_EQ(Ask(2, 1), expected);
  EXPECT_EQ(Ask(2, 64), expected);
}

// Raises the limit of open files and returns it.
std::size_t RoomForFiles() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

TEST(LoadTest, ServesMoreConnectionsThanSelectCanWatch) {
  constexpr std::size_t kConnections = 1'500;  // twice, as the clients are of this process too
  if (RoomForFiles() < 2 * kConnections + 200) GTEST_SKIP() << "too few files may be open";
  TestServer server("rules: [{id: a, match: {path: /a}, body: A}]", WithThreads(2));
  std::vector<RawClient> clients;
  for (std::size_t i = 0; i < kConnections; ++i) clients.emplace_back(server.http());
  for (RawClient& client : clients) client.Get("/a");
  for (RawClient& client : clients) {
    EXPECT_TRUE(client.ReadAnswer().starts_with("HTTP/1.1 200 OK\r\n"));
  }
  // A client has its answer a moment before the journal has its end.
  EXPECT_TRUE(server.Admin("GET", "/wait?timeout=10s&count=1500&rule=a&ended=complete")
                  .at("reached")
                  .get<bool>());
  EXPECT_EQ(server.Admin("GET", "/verify?min=1500&max=1500&rule=a&ended=complete").at("result"),
            "true");
}

TEST(LoadTest, AScriptIsReplacedUnderLoadWithoutAnAnswerThatNobodyScripted) {
  constexpr int kClients = 16;
  constexpr int kReplacements = 30;
  TestServer server("rules: [{match: {path: /a}, body: \"0\", delay: 1ms}]", WithThreads(2));
  std::atomic<bool> done{false};
  std::atomic<int> answers{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < kClients; ++i) {
    clients.emplace_back([&] {
      while (!done) {
        RawClient client(server.http());
        client.Get("/a", "Connection: close\r\n");
        const Received received = client.ReadToEnd();
        EXPECT_EQ(received.end, End::kEof);
        // Cut off before the first byte, or whole.
        if (received.bytes.empty()) continue;
        EXPECT_TRUE(received.bytes.starts_with("HTTP/1.1 200 OK\r\n")) << received.bytes;
        ++answers;
      }
    });
  }
  for (int i = 1; i <= kReplacements; ++i) {
    server.Admin("PUT", "/script", "apiVersion: nonsense\n", 400);
    server.Admin("PUT", "/script",
                 "apiVersion: mock-mc/v1\nrules: [{match: {path: /a}, body: \"" +
                     std::to_string(i) + "\", delay: 1ms}]\n");
    // Whoever asks from now on is answered by the new script.
    RawClient client(server.http());
    client.Get("/a");
    EXPECT_TRUE(client.ReadAnswer().ends_with("\r\n\r\n" + std::to_string(i)));
  }
  done = true;
  for (std::thread& client : clients) client.join();
  EXPECT_GT(answers, 0);
  const Json unscripted = server.Admin("GET", "/verify?max=0&response=internal-error");
  EXPECT_EQ(unscripted.at("count"), 0);
}

TEST(LoadTest, MetricsCountWhatHappened) {
  TestServer server("rules: [{id: a, match: {path: /a}, body: A, delay: 1ms}, {fault: reset}]");
  RawClient client(server.http());
  client.Get("/a");
  client.ReadAnswer();
  RawClient reset(server.http());
  reset.Get("/v1/evidence/r");
  EXPECT_EQ(reset.ReadToEnd().end, End::kReset);
  server.Ended("rule-2", "rst");
  const std::string metrics = server.AdminText("/metrics");
  for (const char* line :
       {"mock_mc_requests_total 2\n", "mock_mc_faults_total{fault=\"reset\"} 1\n",
        "mock_mc_ended_total{ended=\"rst\"} 1\n", "mock_mc_ended_total{ended=\"complete\"} 1\n",
        "mock_mc_internal_errors_total 0\n", "mock_mc_delay_lateness_seconds_count 1\n",
        "mock_mc_connections_total 2\n", "mock_mc_journal_entries 2\n"}) {
    EXPECT_NE(metrics.find(line), std::string::npos) << line << metrics;
  }
}

TEST(LoadTest, TheJournalIsExportedAsLines) {
  TestServer server("rules: [{id: a, match: {path: /a}, body: A}]");
  RawClient client(server.http());
  for (int i = 0; i < 3; ++i) {
    client.Get("/a");
    client.ReadAnswer();
  }
  std::string lines = server.AdminText("/journal.jsonl");
  std::vector<Json> read;
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    read.push_back(*gate::ParseStrictJson(lines.substr(0, end)));
    lines.erase(0, end + 1);
  }
  ASSERT_EQ(read.size(), 4U);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(read[static_cast<std::size_t>(i)].at("n"), i + 1);
  EXPECT_EQ(read[3].at("dropped"), 0);
  EXPECT_EQ(read[3].at("lastSequence"), 3);
}

TEST(LoadTest, TheStatusPageShowsRequestsAndEscapesThem) {
  TestServer server("rules: [{id: a, record: true}]");
  RawClient client(server.http());
  client.Get("/%3Cscript%3E");
  client.ReadAnswer();
  const std::string page = server.AdminText("/");
  EXPECT_NE(page.find("/&lt;script&gt;"), std::string::npos);
  EXPECT_EQ(page.find("<script>"), std::string::npos);
}

}  // namespace
}  // namespace mock_mc::testing
