#include "gate/adapters/http_request_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gate {
namespace {

constexpr HttpRequestReader::Limits kLimits{.header = 200, .body = 20};

struct Outcome {
  int refusal = 0;  // 0: none
  bool complete = false;
  ServerRequest request;
  std::string left;
};

Outcome Read(const std::string& text, std::size_t piece) {
  HttpRequestReader reader(kLimits);
  Outcome outcome;
  for (std::size_t at = 0; at < text.size() && !reader.complete(); at += piece) {
    outcome.left += text.substr(at, piece);
    if (auto fed = reader.Feed(outcome.left); !fed) {
      outcome.refusal = fed.error().status;
      return outcome;
    }
  }
  outcome.complete = reader.complete();
  outcome.request = reader.Take();
  return outcome;
}

// However it is cut.
Outcome Read(const std::string& text) {
  Outcome whole = Read(text, text.size());
  for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{7}}) {
    const Outcome cut = Read(text, piece);
    EXPECT_EQ(cut.refusal, whole.refusal) << "in pieces of " << piece << ":\n" << text;
    EXPECT_EQ(cut.complete, whole.complete) << text;
    EXPECT_EQ(cut.request.body, whole.request.body) << text;
  }
  return whole;
}

int RefusalOf(const std::string& text) { return Read(text).refusal; }

TEST(HttpRequestReaderTest, ReadsARequestAndLeavesWhatFollows) {
  const std::string text =
      "POST /v1/x?y=z HTTP/1.1\r\nHost: gate\r\nContent-Length: 5\r\n\r\nhelloGET";
  const Outcome outcome = Read(text, text.size());
  EXPECT_TRUE(outcome.complete);
  EXPECT_EQ(outcome.request.method, "POST");
  EXPECT_EQ(outcome.request.target, "/v1/x?y=z");
  EXPECT_EQ(outcome.request.path(), "/v1/x");
  EXPECT_EQ(outcome.request.headers.Get("host"), "gate");
  EXPECT_EQ(outcome.request.body, "hello");
  EXPECT_EQ(outcome.left, "GET");
}

TEST(HttpRequestReaderTest, ReadsChunksAndDropsTrailers) {
  const Outcome outcome = Read(
      "POST / HTTP/1.1\r\nHost: gate\r\nTransfer-Encoding: Chunked\r\n\r\n"
      "3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nAuthorization: x\r\n\r\n");
  EXPECT_TRUE(outcome.complete);
  EXPECT_EQ(outcome.request.body, "abcde");
  EXPECT_EQ(outcome.request.headers.Count("Authorization"), 0U);
  EXPECT_TRUE(Read("POST / HTTP/1.1\r\nHost: gate\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
                  .complete);
}

TEST(HttpRequestReaderTest, KeepsThePathOfAnAbsoluteTarget) {
  const auto target = [](const std::string& form) {
    return Read("GET " + form + " HTTP/1.1\r\nHost: gate\r\n\r\n").request.target;
  };
  EXPECT_EQ(target("http://gate:80/a?b"), "/a?b");
  EXPECT_EQ(target("HTTPS://gate"), "/");
  EXPECT_EQ(target("http://gate?b"), "/?b");
  EXPECT_EQ(RefusalOf("CONNECT gate:443 HTTP/1.1\r\nHost: gate\r\n\r\n"), 400);
  EXPECT_EQ(RefusalOf("GET a/b HTTP/1.1\r\nHost: gate\r\n\r\n"), 400);
}

TEST(HttpRequestReaderTest, RefusesWhatIsNotHttp) {
  EXPECT_EQ(RefusalOf("\x16\x03\x01 hello\r\n\r\n"), 400);
  EXPECT_EQ(RefusalOf("GET / HTTP/1.1\r\nHost gate\r\n\r\n"), 400);
  EXPECT_EQ(RefusalOf("GET / HTTP/1.1\r\nHost : gate\r\n\r\n"), 400);
  EXPECT_EQ(Read("GET / HTTP/1.1\nHost: gate\n\n", 100).refusal, 505);
  EXPECT_EQ(RefusalOf("GET / HTTP/1.1\r\nHost: g\x01te\r\n\r\n"), 400);
  EXPECT_EQ(RefusalOf(std::string("GET / HTTP/1.1\r\nHost: g\0te\r\n\r\n", 30)), 400);
  EXPECT_EQ(RefusalOf("GET /\x7f HTTP/1.1\r\nHost: gate\r\n\r\n"), 400);
}

TEST(HttpRequestReaderTest, RefusesOtherVersions) {
  EXPECT_EQ(RefusalOf("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505);
  EXPECT_EQ(RefusalOf("GET / HTTP/1.2\r\nHost: gate\r\n\r\n"), 505);
  EXPECT_EQ(RefusalOf("GET / HTTP/1.0\r\n\r\n"), 0);
}

TEST(HttpRequestReaderTest, DemandsExactlyOneHost) {
  EXPECT_EQ(RefusalOf("GET / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(RefusalOf("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), 400);
}

TEST(HttpRequestReaderTest, RefusesWhateverCouldBeFramedInTwoWays) {
  const auto with = [](const std::string& fields, const std::string& version = "1.1") {
    return RefusalOf("POST / HTTP/" + version + "\r\nHost: gate\r\n" + fields + "\r\nabc");
  };
  EXPECT_EQ(with("Content-Length: 3\r\n"), 0);
  EXPECT_EQ(with("Content-Length: 3\r\nContent-Length: 3\r\n"), 400);
  EXPECT_EQ(with("Content-Length: 3\r\nContent-Length: 4\r\n"), 400);
  EXPECT_EQ(with("Content-Length: 3, 3\r\n"), 400);
  EXPECT_EQ(with("Content-Length: +3\r\n"), 400);
  EXPECT_EQ(with("Content-Length: -3\r\n"), 400);
  EXPECT_EQ(with("Content-Length: 0x3\r\n"), 400);
  EXPECT_EQ(with("Content-Length:\r\n"), 400);
  EXPECT_EQ(with("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"), 400);
  EXPECT_EQ(with("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"), 400);
  EXPECT_EQ(with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400);
  EXPECT_EQ(with("Transfer-Encoding: gzip, chunked\r\n"), 501);
  EXPECT_EQ(with("Transfer-Encoding: chunked, gzip\r\n"), 501);
  EXPECT_EQ(with("Transfer-Encoding: xchunked\r\n"), 501);
  EXPECT_EQ(with("Transfer-Encoding: chunked\r\n", "1.0"), 400);
}

TEST(HttpRequestReaderTest, RefusesBadChunks) {
  const auto with = [](const std::string& chunks) {
    return RefusalOf("POST / HTTP/1.1\r\nHost: gate\r\nTransfer-Encoding: chunked\r\n\r\n" +
                     chunks);
  };
  EXPECT_EQ(with("x\r\n\r\n"), 400);
  EXPECT_EQ(with("3\r\nabcd\r\n0\r\n\r\n"), 400);
  EXPECT_EQ(with("ffffffffffffffffff\r\n"), 400);
}

TEST(HttpRequestReaderTest, TakesABodyOfTheLimitAndNotOneByteMore) {
  const auto sized = [](std::size_t size) {
    return RefusalOf("POST / HTTP/1.1\r\nHost: gate\r\nContent-Length: " + std::to_string(size) +
                     "\r\n\r\n" + std::string(size, 'x'));
  };
  EXPECT_EQ(sized(20), 0);
  EXPECT_EQ(sized(21), 413);
  const std::string chunked = "POST / HTTP/1.1\r\nHost: gate\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(RefusalOf(chunked + "a\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n"), 0);
  EXPECT_EQ(RefusalOf(chunked + "a\r\n0123456789\r\nb\r\n"), 413);
  EXPECT_EQ(RefusalOf(chunked + "ffffffffffffffff\r\n"), 413);
  EXPECT_EQ(RefusalOf("POST / HTTP/1.1\r\nHost: g\r\nContent-Length: 9999999999999\r\n\r\n"), 413);
  EXPECT_EQ(RefusalOf("POST / HTTP/1.1\r\nHost: g\r\nContent-Length: " + std::string(30, '9') +
                      "\r\n\r\n"),
            400);
}

TEST(HttpRequestReaderTest, RefusesAHeaderBeyondTheLimitCompleteOrNot) {
  const std::string start = "GET / HTTP/1.1\r\nHost: gate\r\n";
  EXPECT_EQ(RefusalOf(start + "X: " + std::string(150, 'x') + "\r\n\r\n"), 0);
  EXPECT_EQ(RefusalOf(start + "X: " + std::string(200, 'x') + "\r\n\r\n"), 431);
  EXPECT_EQ(RefusalOf(start + "X: " + std::string(200, 'x')), 431);
  EXPECT_EQ(RefusalOf("GET /" + std::string(200, 'x')), 431);
  std::string many = start;
  for (int i = 0; i < 50; ++i) many += "X: y\r\n";
  EXPECT_EQ(RefusalOf(many + "\r\n"), 431);
}

TEST(HttpRequestReaderTest, BoundsChunkExtensionsAndTrailers) {
  const std::string chunked = "POST / HTTP/1.1\r\nHost: gate\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(RefusalOf(chunked + "1;" + std::string(300, 'x')), 431);
  std::string many = chunked + "0\r\n";
  for (int i = 0; i < 50; ++i) many += "X: y\r\n";
  EXPECT_EQ(RefusalOf(many + "\r\n"), 431);
}

TEST(HttpRequestReaderTest, NoticesWhoWaitsForPermissionToSend) {
  HttpRequestReader reader(kLimits);
  std::string bytes =
      "POST / HTTP/1.1\r\nHost: g\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n";
  ASSERT_TRUE(reader.Feed(bytes));
  EXPECT_TRUE(reader.TakeExpectation());
  EXPECT_FALSE(reader.TakeExpectation());
  bytes = "ab";
  ASSERT_TRUE(reader.Feed(bytes));
  EXPECT_TRUE(reader.complete());
  EXPECT_EQ(RefusalOf("POST / HTTP/1.1\r\nHost: g\r\nExpect: tea\r\n\r\n"), 417);
}

TEST(HttpRequestReaderTest, KnowsWhetherTheConnectionStays) {
  const auto stays = [](const std::string& version, const std::string& fields) {
    HttpRequestReader reader(kLimits);
    std::string bytes = "GET / HTTP/" + version + "\r\nHost: g\r\n" + fields + "\r\n";
    EXPECT_TRUE(reader.Feed(bytes));
    return reader.keeps_connection();
  };
  EXPECT_TRUE(stays("1.1", ""));
  EXPECT_FALSE(stays("1.1", "Connection: close\r\n"));
  EXPECT_FALSE(stays("1.0", ""));
  EXPECT_TRUE(stays("1.0", "Connection: keep-alive\r\n"));
}

}  // namespace
}  // namespace gate
