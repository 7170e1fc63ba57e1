#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/unit/mock_mc/raw_client.h"
#include "tests/unit/mock_mc/support.h"
#include "tests/unit/mock_mc/test_server.h"

namespace mock_mc::testing {
namespace {

using gate::Json;

std::int64_t Int(const Json& entry, const char* field) {
  return entry.at(field).get<std::int64_t>();
}

// Every fault of an answer, over plain HTTP and over TLS.
class WireFaultTest : public ::testing::TestWithParam<bool> {
 protected:
  // One rule per fault, at /NAME.
  using Faults = std::map<std::string, std::string>;

  static std::string ScriptOf(const Faults& faults) {
    std::string text =
        "listeners: [{name: tls, address: \"127.0.0.1:0\", tls: {}}]\nrules:\n"
        "  - {id: whole, match: {path: /whole}, body: hello}\n";
    for (const auto& [name, fault] : faults) {
      text += "  - {id: " + name + ", match: {path: /" + name + "}, body: hello, fault: " + fault +
              "}\n";
    }
    return text;
  }

  void Serve(const Faults& faults) { server_.emplace(ScriptOf(faults)); }

  RawClient Connect() {
    if (!GetParam()) return RawClient(server_->http());
    RawClient client(server_->listener("tls"));
    client.StartTls();
    return client;
  }

  RawClient Ask(const std::string& name, std::string_view headers = "") {
    RawClient client = Connect();
    client.Get("/" + name, headers);
    return client;
  }

  // The answer without a fault; its length is the same whenever it is sent.
  std::string Whole() {
    RawClient client = Ask("whole");
    return client.ReadAnswer();
  }

  std::map<std::string, std::size_t> Points() {
    const std::string whole = Whole();
    const std::size_t header = whole.find("\r\n\r\n");
    return {{"at: before-status", 0},
            {"at: mid-header", header / 2},
            {"at: before-body", header + 4},
            {"afterBytes: 7", 7},
            {"at: before-close", whole.size()}};
  }

  // A rule for this fault at every point; returns how many bytes precede it, by rule.
  std::map<std::string, std::size_t> ServeAtEveryPoint(const std::string& fault,
                                                       const std::string& settings = "") {
    Serve({});
    const auto points = Points();
    Faults faults;
    std::map<std::string, std::size_t> expected;
    for (const auto& [point, bytes] : points) {
      const std::string rule = "r" + std::to_string(bytes);
      faults[rule] = "{" + fault + ": {" + point + settings + "}}";
      expected[rule] = bytes;
    }
    server_.reset();
    Serve(faults);
    return expected;
  }

  // What a FIN without close_notify looks like.
  End Fin() const { return GetParam() ? End::kTlsTruncated : End::kEof; }

  std::optional<TestServer> server_;
};

INSTANTIATE_TEST_SUITE_P(Transports, WireFaultTest, ::testing::Values(false, true),
                         [](const auto& suite) { return suite.param ? "Tls" : "Plain"; });

TEST_P(WireFaultTest, ResetsAtEveryPoint) {
  for (const auto& [rule, bytes] : ServeAtEveryPoint("reset")) {
    const Received received = Ask(rule).ReadToEnd();
    EXPECT_EQ(received.end, End::kReset) << rule;
    EXPECT_EQ(received.bytes.size(), bytes);
    EXPECT_EQ(Int(server_->Ended(rule, "rst"), "bytesWritten"), static_cast<std::int64_t>(bytes));
  }
}

TEST_P(WireFaultTest, ClosesAtEveryPoint) {
  for (const auto& [rule, bytes] : ServeAtEveryPoint("close")) {
    const Received received = Ask(rule).ReadToEnd();
    EXPECT_EQ(received.end, Fin()) << rule;
    EXPECT_EQ(received.bytes.size(), bytes);
    EXPECT_EQ(Int(server_->Ended(rule, "fin"), "bytesWritten"), static_cast<std::int64_t>(bytes));
  }
}

TEST_P(WireFaultTest, StallsAtEveryPoint) {
  std::size_t extra = 0;
  for (const auto& [rule, bytes] : ServeAtEveryPoint("stall")) {
    RawClient client = Ask(rule);
    // An answer that is to be followed by the end says so.
    extra = bytes > 0 && rule == "r" + std::to_string(Whole().size()) ? 19 : 0;
    const Received received = client.ReadAtLeast(bytes + extra);
    EXPECT_EQ(received.end, End::kStillOpen) << rule;
    EXPECT_EQ(received.bytes.size(), bytes + extra);
    EXPECT_TRUE(server_->Admin("GET", "/wait?timeout=10s&rule=" + rule).at("reached").get<bool>());
    client.Reset();
    EXPECT_EQ(Int(server_->Ended(rule, "client-went-first"), "bytesWritten"),
              static_cast<std::int64_t>(bytes + extra));
  }
}

TEST_P(WireFaultTest, DelaysAtEveryPointAndThenGoesOn) {
  constexpr std::int64_t kDelay = 60'000'000;
  for (const auto& [rule, bytes] : ServeAtEveryPoint("delay", ", for: 60ms")) {
    SCOPED_TRACE(rule);
    RawClient client = Ask(rule, "Connection: close\r\n");
    EXPECT_TRUE(client.ReadToEnd().bytes.ends_with("\r\n\r\nhello"));
    const Json entry = server_->Ended(rule, "fin");
    if (bytes == 0) {
      EXPECT_GE(Int(entry, "achievedDelayNs"), kDelay);
    } else {
      EXPECT_GE(Int(entry, "endedNs") - Int(entry, "arrivedNs"), kDelay);
      EXPECT_FALSE(entry.at("firstByteNs").is_null());
    }
  }
}

TEST_P(WireFaultTest, DripsFromEveryPoint) {
  Serve({{"a", "{drip: {at: before-body, bytes: 2, every: 20ms}}"},
         {"b", "{drip: {afterBytes: 3, bytes: 1000, every: 20ms}}"}});
  EXPECT_TRUE(Ask("a").ReadAnswer().ends_with("\r\n\r\nhello"));
  const Json entry = server_->Ended("a", "complete");
  EXPECT_GE(Int(entry, "endedNs") - Int(entry, "firstByteNs"), 40'000'000);  // he, ll, o
  EXPECT_TRUE(Ask("b").ReadAnswer().ends_with("\r\n\r\nhello"));
}

TEST_P(WireFaultTest, HalfCloseEndsOneDirectionOnly) {
  for (const auto& [rule, bytes] : ServeAtEveryPoint("halfClose")) {
    RawClient client = Ask(rule);
    const Received received = client.ReadToEnd();
    EXPECT_EQ(received.end, Fin()) << rule;
    EXPECT_EQ(received.bytes.size(), bytes);
    EXPECT_EQ(server_->Admin("GET", "/verify?min=0&ended=fin&rule=" + rule).at("count"), 0);
    client.SendBeneath("and what the client still has to say");
    client.ShutdownSend();
    EXPECT_GT(Int(server_->Ended(rule, "fin"), "bytesRead"), 36);
  }
}

TEST_P(WireFaultTest, GarbageTakesTheRestsPlace) {
  Serve({});
  const std::size_t body = Points().at("at: before-body");
  server_.reset();
  Serve({{"status", "{garbage: {bytes: 500}}"}, {"body", "{garbage: {at: before-body}}"}});
  const Received status = Ask("status").ReadToEnd();
  EXPECT_EQ(status.end, Fin());
  EXPECT_EQ(status.bytes.size(), 500U);
  EXPECT_EQ(status.bytes.find("HTTP"), std::string::npos);
  EXPECT_EQ(Ask("status").ReadToEnd().bytes.size(), 500U);
  const Received in_body = Ask("body").ReadToEnd();
  EXPECT_TRUE(in_body.bytes.starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(in_body.bytes.size(), body + 64);
}

TEST_P(WireFaultTest, ContentLengthIsWrongAsAskedFor) {
  Serve({{"more", "wrongLength"},
         {"less", "{wrongLength: {by: -3}}"},
         {"stall", "{wrongLength: {by: 2, then: stall}}"}});
  const Received more = Ask("more").ReadToEnd();
  EXPECT_EQ(more.end, Fin());
  EXPECT_NE(more.bytes.find("\r\nContent-Length: 15\r\n"), std::string::npos);
  EXPECT_TRUE(more.bytes.ends_with("\r\n\r\nhello"));
  const Received less = Ask("less").ReadToEnd();
  EXPECT_NE(less.bytes.find("\r\nContent-Length: 2\r\n"), std::string::npos);
  EXPECT_TRUE(less.bytes.ends_with("\r\n\r\nhello"));
  RawClient client = Ask("stall");
  EXPECT_TRUE(client.ReadAtLeast(more.bytes.size() - 1).bytes.ends_with("\r\n\r\nhello"));
  client.Reset();
  server_->Ended("stall", "client-went-first");
}

TEST_P(WireFaultTest, ChunksAreBrokenAsAskedFor) {
  Serve({{"size", "brokenChunks"},
         {"overlong", "{brokenChunks: {how: overlong}}"},
         {"truncated", "{brokenChunks: {how: truncated}}"},
         {"endless", "{brokenChunks: {how: no-end}}"}});
  const auto body = [&](const std::string& rule) {
    const Received received = Ask(rule).ReadToEnd();
    EXPECT_EQ(received.end, Fin());
    EXPECT_NE(received.bytes.find("\r\nTransfer-Encoding: chunked\r\n"), std::string::npos);
    EXPECT_EQ(received.bytes.find("Content-Length"), std::string::npos);
    return received.bytes.substr(received.bytes.find("\r\n\r\n") + 4);
  };
  EXPECT_EQ(body("size"), "2\r\nhe\r\nnot-a-size\r\nllo\r\n0\r\n\r\n");
  EXPECT_EQ(body("overlong"), "2\r\nhe\r\n3\r\nllosurplus\r\n0\r\n\r\n");
  EXPECT_EQ(body("truncated"), "2\r\nhe\r\n4\r\nllo");
  EXPECT_EQ(body("endless"), "2\r\nhe\r\n3\r\nllo\r\n");
}

}  // namespace
}  // namespace mock_mc::testing
