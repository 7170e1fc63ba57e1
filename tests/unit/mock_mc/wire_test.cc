#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tests/unit/mock_mc/raw_client.h"
#include "tests/unit/mock_mc/support.h"
#include "tests/unit/mock_mc/test_server.h"

namespace mock_mc::testing {
namespace {

using gate::Json;

constexpr std::string_view kAsk = "/v1/evidence/r?environment=test&stage=20&nonce=0123456789abcdef";

std::int64_t Int(const Json& entry, const char* field) {
  return entry.at(field).get<std::int64_t>();
}

std::int64_t Count(TestServer& server, const std::string& filter) {
  return Int(server.Admin("GET", "/verify?min=0&" + filter), "count");
}

void AwaitArrivals(TestServer& server, const std::string& filter, int count) {
  const Json reply =
      server.Admin("GET", "/wait?timeout=10s&" + filter + "&count=" + std::to_string(count));
  ASSERT_TRUE(reply.at("reached").get<bool>());
}

TEST(WireTest, ServesSignedEvidenceAndKeepsTheConnection) {
  TestServer server("rules: [{id: good, evidence: {ok: true}}]");
  RawClient client(server.http());
  for (int i = 0; i < 3; ++i) {
    client.Get(kAsk);
    const ParsedAnswer answer = ParseAnswer(client.ReadAnswer());
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(DsseVerifies(answer.body, TestKey("mc-1")));
  }
  const Json journal = server.Admin("GET", "/journal?rule=good&ended=complete");
  ASSERT_EQ(journal.at("entries").size(), 3U);
  for (const Json& entry : journal.at("entries")) EXPECT_EQ(entry.at("connection"), 1);
}

TEST(WireTest, AnswersPipelinedRequestsInTheirOrder) {
  TestServer server(
      "rules: [{match: {path: /a}, body: A, delay: 20ms}, {match: {path: /b}, body: B}]");
  RawClient client(server.http());
  client.Send(
      "GET /a HTTP/1.1\r\nHost: mc\r\n\r\nGET /b HTTP/1.1\r\nHost: mc\r\nConnection: "
      "close\r\n\r\n");
  const Received received = client.ReadToEnd();
  EXPECT_EQ(received.end, End::kEof);
  const std::size_t first = received.bytes.find("\r\n\r\nA");
  const std::size_t second = received.bytes.find("\r\n\r\nB");
  ASSERT_NE(first, std::string::npos);
  ASSERT_NE(second, std::string::npos);
  EXPECT_LT(first, second);
}

TEST(WireTest, ClosesWithFinIfTheClientAsksForIt) {
  TestServer server("rules: [{id: a, match: {path: /a}, body: A}]");
  RawClient client(server.http());
  client.Get("/a", "Connection: close\r\n");
  const Received received = client.ReadToEnd();
  EXPECT_EQ(received.end, End::kEof);
  EXPECT_TRUE(received.bytes.ends_with("A"));
  EXPECT_EQ(Int(server.Ended("a", "fin"), "bytesWritten"),
            static_cast<std::int64_t>(received.bytes.size()));
}

TEST(WireTest, ResetIsARealReset) {
  TestServer server("rules: [{id: rst, fault: reset}]");
  RawClient client(server.http());
  client.Get(kAsk);
  const Received received = client.ReadToEnd();
  EXPECT_EQ(received.end, End::kReset);
  EXPECT_EQ(received.bytes, "");
  const Json entry = server.Ended("rst", "rst");
  EXPECT_EQ(Int(entry, "bytesWritten"), 0);
  EXPECT_TRUE(entry.at("firstByteNs").is_null());
  EXPECT_EQ(entry.at("fault"), "reset");
}

TEST(WireTest, ResetComesAfterExactlyTheBytesAskedFor) {
  for (const std::size_t count : {1U, 100U, 1'000'000U}) {
    TestServer server(
        "rules: [{id: rst, body: x, malformed: too-large, fault: {reset: {afterBytes: " +
        std::to_string(count) + "}}}]");
    RawClient client(server.http());
    client.Get(kAsk);
    const Received received = client.ReadToEnd();
    EXPECT_EQ(received.end, End::kReset);
    EXPECT_EQ(received.bytes.size(), count);
    EXPECT_TRUE(std::string("HTTP/1.1 200 OK").starts_with(received.bytes.substr(0, 15)));
    EXPECT_EQ(Int(server.Ended("rst", "rst"), "bytesWritten"), static_cast<std::int64_t>(count));
  }
}

TEST(WireTest, CloseIsAFinAndNoReset) {
  for (const std::size_t count : {0U, 100U, 1'000'000U}) {
    TestServer server(
        "rules: [{id: fin, body: x, malformed: too-large, fault: {close: {afterBytes: " +
        std::to_string(count) + "}}}]");
    RawClient client(server.http());
    client.Get(kAsk);
    const Received received = client.ReadToEnd();
    EXPECT_EQ(received.end, End::kEof);
    EXPECT_EQ(received.bytes.size(), count);
    EXPECT_EQ(Int(server.Ended("fin", "fin"), "bytesWritten"), static_cast<std::int64_t>(count));
  }
}

TEST(WireTest, CloseStaysAFinIfTheNextRequestIsThereAlready) {
  TestServer server("rules: [{id: fin, fault: close}]");
  RawClient client(server.http());
  client.Send(
      "GET /v1/evidence/r HTTP/1.1\r\nHost: mc\r\n\r\nGET /next HTTP/1.1\r\nHost: mc\r\n\r\n");
  EXPECT_EQ(client.ReadToEnd().end, End::kEof);
}

TEST(WireTest, DripsTheWholeAnswerInItsOwnTime) {
  TestServer server("rules: [{id: drip, body: hello, fault: {drip: {bytes: 10, every: 5ms}}}]");
  RawClient client(server.http());
  client.Get(kAsk);
  const std::string bytes = client.ReadAnswer();
  EXPECT_TRUE(bytes.ends_with("hello"));
  const Json entry = server.Ended("drip", "complete");
  EXPECT_EQ(Int(entry, "bytesWritten"), static_cast<std::int64_t>(bytes.size()));
  const auto pauses = (static_cast<std::int64_t>(bytes.size()) + 9) / 10 - 1;
  // The pieces are due at fixed times, so a late first one makes no difference to the last.
  EXPECT_GE(Int(entry, "endedNs") - Int(entry, "arrivedNs"), pauses * 5'000'000);
}

TEST(WireTest, HangSendsNothingUntilTheClientGoes) {
  TestServer server("rules: [{id: hang, fault: hang}]");
  for (const bool by_reset : {false, true}) {
    RawClient client(server.http());
    client.Get(kAsk);
    AwaitArrivals(server, "rule=hang", by_reset ? 2 : 1);
    if (by_reset) {
      client.Reset();
    } else {
      client.ShutdownSend();
      const Received received = client.ReadToEnd();
      EXPECT_EQ(received.bytes, "");
    }
    AwaitArrivals(server, "rule=hang&ended=client-went-first", by_reset ? 2 : 1);
    EXPECT_EQ(Int(server.Ended("hang", "client-went-first"), "bytesWritten"), 0);
  }
}

TEST(WireTest, NoticesThatAClientGoesWhoHasSentItsNextRequest) {
  TestServer server("rules: [{id: hang, fault: hang}]");
  RawClient client(server.http());
  client.Send("GET /v1/evidence/r HTTP/1.1\r\nHost: mc\r\n\r\nGET /next HTTP/1.1\r\n");
  AwaitArrivals(server, "rule=hang", 1);
  client.Reset();
  EXPECT_EQ(Int(server.Ended("hang", "client-went-first"), "bytesWritten"), 0);
}

TEST(WireTest, APartialHeaderNeverEnds) {
  TestServer server("rules: [{id: endless, fault: {partialHeader: {every: 1ms}}}]");
  RawClient client(server.http());
  client.Get(kAsk);
  const Received received = client.ReadAtLeast(200);
  EXPECT_EQ(received.end, End::kStillOpen);
  EXPECT_TRUE(received.bytes.starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(received.bytes.find("\r\n\r\n"), std::string::npos);
  EXPECT_NE(received.bytes.find("X-Endless: xxx"), std::string::npos);
  client.Reset();
  EXPECT_GE(Int(server.Ended("endless", "client-went-first"), "bytesWritten"), 200);
}

TEST(WireTest, DelaysTheFirstByte) {
  TestServer server("rules: [{id: slow, body: x, delay: 50ms}]");
  RawClient client(server.http());
  client.Get(kAsk);
  EXPECT_TRUE(client.ReadAnswer().ends_with("x"));
  const Json entry = server.Ended("slow", "complete");
  EXPECT_EQ(Int(entry, "delayNs"), 50'000'000);
  EXPECT_GE(Int(entry, "firstByteNs") - Int(entry, "arrivedNs"), 50'000'000);
}

TEST(WireTest, DelayedAnswersDoNotWaitForEachOther) {
  constexpr int kClients = 200;
  TestServer server("rules: [{id: slow, body: x, delay: 200ms}]");
  std::vector<RawClient> clients;
  for (int i = 0; i < kClients; ++i) clients.emplace_back(server.http()).Get(kAsk);
  for (RawClient& client : clients) EXPECT_TRUE(client.ReadAnswer().ends_with("x"));
  AwaitArrivals(server, "rule=slow&ended=complete", kClients);
  const Json entries = server.Admin("GET", "/journal?rule=slow").at("entries");
  // One after the other it would take 40 s.
  EXPECT_LT(Int(entries.back(), "endedNs") - Int(entries.front(), "arrivedNs"), 10'000'000'000);
}

TEST(WireTest, ASequenceIsExactUnderParallelClients) {
  constexpr int kClients = 64;
  constexpr int kRequests = 5;
  constexpr int kGood = 100;
  TestServer server("rules: [{sequence: [{status: 201, times: 1}, {status: 202, times: " +
                    std::to_string(kGood - 1) + "}, {status: 203}]}]");
  std::atomic<int> first = 0;
  std::atomic<int> second = 0;
  std::atomic<int> last = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kClients; ++i) {
    threads.emplace_back([&] {
      RawClient client(server.http());
      for (int k = 0; k < kRequests; ++k) {
        client.Get(kAsk);
        const int status = ParseAnswer(client.ReadAnswer()).status;
        ++(status == 201 ? first : status == 202 ? second : last);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, kGood - 1);
  EXPECT_EQ(last, kClients * kRequests - kGood);
}

TEST(WireTest, ANewScriptCutsOffPendingAnswersOnly) {
  TestServer server(
      "rules: [{id: hang, match: {path: /hang}, fault: hang}, {match: {path: /a}, body: A}]");
  RawClient idle(server.http());
  idle.Get("/a");
  EXPECT_TRUE(idle.ReadAnswer().ends_with("A"));
  RawClient pending(server.http());
  pending.Get("/hang");
  AwaitArrivals(server, "rule=hang", 1);
  server.Admin("PUT", "/script", "not: a script", 400);
  EXPECT_EQ(Count(server, "rule=hang&ended=cancelled"), 0);
  server.Admin("PUT", "/script", "apiVersion: mock-mc/v1\nrules: [{match: {path: /a}, body: B}]\n");
  const Received received = pending.ReadToEnd();
  EXPECT_EQ(received.end, End::kEof);
  EXPECT_EQ(received.bytes, "");
  EXPECT_EQ(Count(server, "rule=hang&ended=cancelled"), 1);
  idle.Get("/a");
  EXPECT_TRUE(idle.ReadAnswer().ends_with("B"));
}

TEST(WireTest, ANewScriptCutsOffAnswersThatAClientDoesNotRead) {
  TestServer server("rules: [{id: large, malformed: too-large}]");
  RawClient client(server.http());
  for (int i = 0; i < 8; ++i) client.Get(kAsk);  // more than fits into the kernel's buffers
  AwaitArrivals(server, "rule=large", 1);
  // A new script may find the connection between two answers, until one does not fit any more.
  for (int i = 0; i < 1'000 && Count(server, "rule=large&ended=cancelled") == 0; ++i) {
    server.Admin("PUT", "/script",
                 "apiVersion: mock-mc/v1\nrules: [{id: large, malformed: too-large}]\n");
  }
  EXPECT_EQ(Count(server, "rule=large&ended=cancelled"), 1);
}

TEST(WireTest, SurvivesAClientThatNeverReads) {
  TestServer server("rules: [{id: large, malformed: too-large}, {match: {path: /a}, body: A}]");
  RawClient client(server.http());
  for (int i = 0; i < 8; ++i) client.Get(kAsk);
  AwaitArrivals(server, "rule=large", 1);
  RawClient other(server.http());
  other.Get("/a");
  EXPECT_TRUE(other.ReadAnswer().ends_with("A"));
  client.Reset();
  const Json entry = server.Ended("large", "client-went-first");
  EXPECT_LT(Int(entry, "bytesWritten"), static_cast<std::int64_t>(kTooLargeBytes));
}

TEST(WireTest, SendsContinueBeforeTheBodyIfAsked) {
  TestServer server("rules: [{id: hook, record: true}]");
  RawClient client(server.http());
  client.Send(
      "POST /hook HTTP/1.1\r\nHost: mc\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(client.ReadAtLeast(25).bytes, "HTTP/1.1 100 Continue\r\n\r\n");
  client.Send("hello");
  EXPECT_TRUE(client.ReadAnswer().ends_with("ok"));
  EXPECT_EQ(server.Ended("hook", "complete").at("body"), "hello");
}

TEST(WireTest, ReadsBodiesInPiecesAndInChunks) {
  TestServer server("rules: [{id: hook, record: true}]");
  RawClient client(server.http());
  for (const char piece :
       std::string("POST /h HTTP/1.1\r\nHost: mc\r\nContent-Length: 5\r\n\r\nhello")) {
    client.Send(std::string(1, piece));
  }
  EXPECT_TRUE(client.ReadAnswer().ends_with("ok"));
  client.Send(
      "POST /h HTTP/1.1\r\nHost: mc\r\nTransfer-Encoding: "
      "chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n");
  EXPECT_TRUE(client.ReadAnswer().ends_with("ok"));
  const Json entries = server.Admin("GET", "/journal?rule=hook").at("entries");
  ASSERT_EQ(entries.size(), 2U);
  for (const Json& entry : entries) EXPECT_EQ(entry.at("body"), "hello");
}

TEST(WireTest, RefusesWhatIsTooLargeOrNoHttp) {
  TestServer server("rules: [{record: true}]");
  const auto status = [&](const std::string& bytes) {
    RawClient client(server.http());
    client.Send(bytes);
    const Received received = client.ReadToEnd();
    EXPECT_EQ(received.end, End::kEof);
    return ParseAnswer(received.bytes).status;
  };
  const std::string start = "POST /h HTTP/1.1\r\nHost: mc\r\n";
  EXPECT_EQ(status(start + "X: " + std::string(20'000, 'x') + "\r\n\r\n"), 431);
  EXPECT_EQ(status(start + "Content-Length: 1048577\r\n\r\n"), 413);
  EXPECT_EQ(status("what is this?\r\n\r\n"), 400);
  EXPECT_EQ(Count(server, "response=malformed-request&ended=fin"), 3);
  RawClient client(server.http());
  client.Send(start + "Content-Length: 1048576\r\n\r\n" + std::string(1'048'576, 'b'));
  EXPECT_TRUE(client.ReadAnswer().ends_with("ok"));
}

TEST(WireTest, BeyondTheMostConnectionsClientsWait) {
  ServerOptions options;
  options.most_connections = 2;
  TestServer server(
      "rules: [{id: hang, match: {path: /hang}, fault: hang}, {id: a, match: {path: /a}, body: A}]",
      options);
  RawClient first(server.http());
  first.Get("/hang");
  RawClient second(server.http());
  second.Get("/hang");
  AwaitArrivals(server, "rule=hang", 2);
  RawClient third(server.http());
  third.Get("/a");
  EXPECT_EQ(Count(server, "rule=a"), 0);
  first.Reset();
  EXPECT_TRUE(third.ReadAnswer().ends_with("A"));
}

TEST(WireTest, ServesTheSameOverTls) {
  const TestCertificate certificate;
  ServerOptions options;
  options.https = "127.0.0.1:0";
  options.tls = certificate.files();
  TestServer server(
      "rules:\n"
      "  - {id: rst, match: {path: /rst}, body: x, fault: {reset: {afterBytes: 50}}}\n"
      "  - {id: fin, match: {path: /fin}, body: x, fault: {close: {afterBytes: 50}}}\n"
      "  - {id: hang, match: {path: /hang}, fault: hang}\n"
      "  - {id: good, evidence: {ok: true}}\n",
      options);
  const auto connect = [&] {
    RawClient client(server.https());
    client.StartTls();
    return client;
  };
  RawClient client = connect();
  client.Get(kAsk);
  EXPECT_TRUE(DsseVerifies(ParseAnswer(client.ReadAnswer()).body, TestKey("mc-1")));
  client.Get(kAsk, "Connection: close\r\n");
  EXPECT_EQ(client.ReadToEnd().end, End::kEof) << "with close_notify";

  RawClient reset = connect();
  reset.Get("/rst");
  const Received until_reset = reset.ReadToEnd();
  EXPECT_EQ(until_reset.end, End::kReset);
  EXPECT_EQ(until_reset.bytes.size(), 50U);

  RawClient closed = connect();
  closed.Get("/fin");
  const Received until_closed = closed.ReadToEnd();
  EXPECT_EQ(until_closed.end, End::kTlsTruncated) << "without close_notify";
  EXPECT_EQ(until_closed.bytes.size(), 50U);

  RawClient hanging = connect();
  hanging.Get("/hang");
  AwaitArrivals(server, "rule=hang", 1);
  hanging.Reset();
  EXPECT_EQ(Int(server.Ended("hang", "client-went-first"), "bytesWritten"), 0);
}

TEST(WireTest, WaitsEndWhenTheRequestComesOrTheTimeIsOver) {
  TestServer server("rules: [{id: hook, record: true}]");
  EXPECT_FALSE(
      server.Admin("GET", "/wait?rule=hook&count=1&timeout=1ms").at("reached").get<bool>());
  std::thread later([&] {
    RawClient client(server.http());
    client.Get("/hook");
    client.ReadAnswer();
  });
  EXPECT_TRUE(server.Admin("GET", "/wait?rule=hook&count=1&timeout=10s").at("reached").get<bool>());
  later.join();
}

TEST(WireTest, SurvivesAnAdminClientThatGoesWhileItWaits) {
  TestServer server("rules: [{id: hook, record: true}]");
  {
    RawClient waiting(server.admin());
    waiting.Get("/wait?rule=hook&count=1&timeout=10s");
    waiting.Reset();
  }
  RawClient client(server.http());
  client.Get("/hook");
  EXPECT_TRUE(client.ReadAnswer().ends_with("ok"));
}

TEST(ServerTest, SaysWhichAddressItCannotListenOn) {
  TestServer running("");
  ServerOptions options;
  options.http = running.http();
  const auto taken = Server::Start(options, GoodScript(""), "script.yaml");
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, gate::ErrorCode::kUnavailable);
  EXPECT_NE(taken.error().message.find(running.http()), std::string::npos);
  for (const char* bad : {"8080", "127.0.0.1:", "127.0.0.1:99999", "example.org:80", ""}) {
    options.http = bad;
    const auto server = Server::Start(options, GoodScript(""), "script.yaml");
    ASSERT_FALSE(server);
    EXPECT_EQ(server.error().code, gate::ErrorCode::kInvalidArgument) << bad;
  }
}

TEST(ServerTest, SaysWhichTlsFileIsBad) {
  const TestCertificate certificate;
  ServerOptions options;
  options.http = options.https = options.admin = "127.0.0.1:0";
  options.tls = {certificate.files().cert, "/nowhere/key.pem"};
  const auto server = Server::Start(options, GoodScript(""), "script.yaml");
  ASSERT_FALSE(server);
  EXPECT_NE(server.error().message.find("/nowhere/key.pem"), std::string::npos);
}

}  // namespace
}  // namespace mock_mc::testing
