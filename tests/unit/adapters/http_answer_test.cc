#include "gate/adapters/http_answer.h"

#include <gtest/gtest.h>

#include <string>

namespace gate {
namespace {

constexpr std::size_t kHeaderLimit = 1024;

struct Fed {
  Result<void, HttpError> result;
  bool complete;
  bool keeps_connection;
  HttpResponse response;
};

// Feeds `text` in pieces of `size`, then the end of the stream if the answer is not complete.
Fed Feed(const HttpRequest& request, std::string_view text, std::size_t size) {
  HttpAnswer answer(request, kHeaderLimit);
  Result<void, HttpError> result;
  while (result && !text.empty() && !answer.complete()) {
    result = answer.Feed(text.substr(0, size));
    text.remove_prefix(std::min(size, text.size()));
  }
  if (result && !answer.complete()) result = answer.FeedEnd();
  return {result, answer.complete(), answer.complete() && answer.keeps_connection(), answer.Take()};
}

// The same in one piece, and byte by byte, which must make no difference.
Fed FeedBothWays(const HttpRequest& request, std::string_view text) {
  const Fed bytes = Feed(request, text, 1);
  const Fed whole = Feed(request, text, text.size());
  EXPECT_EQ(bytes.result.has_value(), whole.result.has_value());
  EXPECT_EQ(bytes.complete, whole.complete);
  if (!bytes.result && !whole.result) {
    EXPECT_EQ(bytes.result.error().kind, whole.result.error().kind);
  } else {
    EXPECT_EQ(bytes.response.body, whole.response.body);
    EXPECT_EQ(bytes.response.status, whole.response.status);
    EXPECT_EQ(bytes.response.headers.entries(), whole.response.headers.entries());
  }
  return whole;
}

HttpResponse Answered(std::string_view text, const HttpRequest& request = {}) {
  const Fed fed = FeedBothWays(request, text);
  EXPECT_TRUE(fed.result) << (fed.result ? "" : fed.result.error().message);
  EXPECT_TRUE(fed.complete);
  return fed.response;
}

HttpErrorKind KindOf(std::string_view text, const HttpRequest& request = {}) {
  const Fed fed = FeedBothWays(request, text);
  if (!fed.result) return fed.result.error().kind;
  ADD_FAILURE() << "accepted: " << text;
  return HttpErrorKind::kInvalidRequest;
}

TEST(HttpAnswerTest, ReadsStatusHeadersAndBody) {
  const HttpResponse response = Answered(
      "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nX-A: 1\r\nX-A: 2\r\n"
      "Content-Length: 5\r\n\r\nhello");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.headers.Get("content-type"), "text/plain");
  EXPECT_EQ(response.headers.Count("x-a"), 2U);
  EXPECT_EQ(response.body, "hello");
}

TEST(HttpAnswerTest, ReadsChunks) {
  const HttpResponse response = Answered(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5;name=value\r\nhello\r\n1\r\n \r\nA\r\n0123456789\r\n0\r\n\r\n");
  EXPECT_EQ(response.body, "hello 0123456789");
  EXPECT_EQ(Answered("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n").body, "");
}

TEST(HttpAnswerTest, DoesNotTakeTrailersForHeaders) {
  const HttpResponse response = Answered(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      "1\r\nx\r\n0\r\nRetry-After: 60\r\n\r\n");
  EXPECT_EQ(response.body, "x");
  EXPECT_FALSE(response.headers.Get("Retry-After"));
}

TEST(HttpAnswerTest, ReadsABodyUntilTheEndOfTheStream) {
  const Fed fed = FeedBothWays({}, "HTTP/1.0 200 OK\r\n\r\nuntil the end");
  EXPECT_EQ(fed.response.body, "until the end");
  EXPECT_FALSE(fed.keeps_connection);
}

TEST(HttpAnswerTest, SkipsInterimAnswers) {
  const HttpResponse response = Answered(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_EQ(response.status, 200);
  EXPECT_FALSE(response.headers.Get("Link"));
  EXPECT_EQ(response.body, "ok");
}

TEST(HttpAnswerTest, RefusesEndlessInterimAnswers) {
  std::string text;
  for (int i = 0; i < 16; ++i) text += "HTTP/1.1 102 Processing\r\n\r\n";
  EXPECT_EQ(Answered(text + "HTTP/1.1 204 No Content\r\n\r\n").status, 204);
  text += "HTTP/1.1 102 Processing\r\n\r\n";
  EXPECT_EQ(KindOf(text + "HTTP/1.1 204 No Content\r\n\r\n"), HttpErrorKind::kProtocol);
}

TEST(HttpAnswerTest, RefusesASwitchOfProtocols) {
  EXPECT_EQ(KindOf("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n"),
            HttpErrorKind::kProtocol);
}

TEST(HttpAnswerTest, ExpectsNoBodyWhereThereIsNone) {
  EXPECT_EQ(Answered("HTTP/1.1 204 No Content\r\n\r\n").body, "");
  EXPECT_EQ(Answered("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n").body, "");
  HttpRequest head;
  head.method = "HEAD";
  EXPECT_EQ(Answered("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", head).body, "");
}

TEST(HttpAnswerTest, KnowsWhetherTheConnectionIsKept) {
  const auto keeps = [](std::string_view text) {
    return Feed({}, text, text.size()).keeps_connection;
  };
  EXPECT_TRUE(keeps("HTTP/1.1 204 No Content\r\n\r\n"));
  EXPECT_FALSE(keeps("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"));
  EXPECT_FALSE(keeps("HTTP/1.0 204 No Content\r\n\r\n"));
  EXPECT_TRUE(keeps("HTTP/1.0 204 No Content\r\nConnection: keep-alive\r\n\r\n"));
  // What follows an answer belongs to nobody.
  EXPECT_FALSE(keeps("HTTP/1.1 204 No Content\r\n\r\nx"));
}

TEST(HttpAnswerTest, RefusesWhatIsNotHttp) {
  for (const char* bad :
       {"SSH-2.0-OpenSSH_9.2\r\n",
        "HTTQ/1.1 200 OK\r\n",
        "\r\nHTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.1 abc OK\r\n\r\n",
        "HTTP/1.1 099 Low\r\n\r\n",
        "HTTP/1.1 200 OK\nA: b\n\r\n\r\n",
        "HTTP/1.1 200 OK\r\nNo colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\x01\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxx\r\n0\r\n\r\n"}) {
    EXPECT_EQ(KindOf(bad), HttpErrorKind::kProtocol) << bad;
  }
}

TEST(HttpAnswerTest, CallsAnEarlyEndAReset) {
  const std::string whole = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(KindOf(whole.substr(0, size)), HttpErrorKind::kReset) << size;
  }
  const std::string chunked =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
  for (std::size_t size = 0; size < chunked.size(); ++size) {
    EXPECT_EQ(KindOf(chunked.substr(0, size)), HttpErrorKind::kReset) << size;
  }
  EXPECT_EQ(KindOf("HTTP/1.1 100 Continue\r\n\r\n"), HttpErrorKind::kReset);
}

TEST(HttpAnswerTest, LimitsTheHeaderAsAWhole) {
  // Few large fields, many small ones, one that never ends, a reason that never ends.
  const std::string start = "HTTP/1.1 200 OK\r\n";
  std::string many = start;
  for (int i = 0; i < 1000; ++i) many += "A: b\r\n";
  EXPECT_EQ(KindOf(many), HttpErrorKind::kProtocol);
  EXPECT_EQ(KindOf(start + "A: " + std::string(kHeaderLimit, 'x') + "\r\n\r\n"),
            HttpErrorKind::kProtocol);
  EXPECT_EQ(KindOf(start + "A: " + std::string(10 * kHeaderLimit, 'x')), HttpErrorKind::kProtocol);
  EXPECT_EQ(KindOf("HTTP/1.1 200 " + std::string(10 * kHeaderLimit, 'x')),
            HttpErrorKind::kProtocol);
  EXPECT_EQ(Answered(start + "Content-Length: 0\r\nA: " + std::string(kHeaderLimit - 100, 'x') +
                     "\r\n\r\n")
                .status,
            200);
}

TEST(HttpAnswerTest, LimitsChunkExtensionsAndTrailers) {
  const std::string start = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(KindOf(start + "1;x=" + std::string(10 * kHeaderLimit, 'x')), HttpErrorKind::kProtocol);
  EXPECT_EQ(KindOf(start + "1\r\nx\r\n0\r\nA: " + std::string(10 * kHeaderLimit, 'x')),
            HttpErrorKind::kProtocol);
}

TEST(HttpAnswerTest, TakesABodyOfExactlyTheLimit) {
  HttpRequest request;
  request.body_limit = 5;
  EXPECT_EQ(Answered("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", request).body, "hello");
  EXPECT_EQ(Answered("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                     "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
                     request)
                .body,
            "hello");
  EXPECT_EQ(Answered("HTTP/1.0 200 OK\r\n\r\nhello", request).body, "hello");
}

TEST(HttpAnswerTest, RefusesABodyOneByteBeyondTheLimit) {
  HttpRequest request;
  request.body_limit = 4;
  // Already by the length that was announced.
  EXPECT_EQ(KindOf("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nh", request),
            HttpErrorKind::kBodyTooLarge);
  EXPECT_EQ(KindOf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n",
                   request),
            HttpErrorKind::kBodyTooLarge);
  EXPECT_EQ(KindOf("HTTP/1.0 200 OK\r\n\r\nhello", request), HttpErrorKind::kBodyTooLarge);
  request.body_limit = 0;
  EXPECT_EQ(KindOf("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", request),
            HttpErrorKind::kBodyTooLarge);
}

TEST(HttpAnswerTest, StreamsABodyOfAnySize) {
  std::string received;
  HttpRequest request;
  request.body_limit = 1;
  request.on_body = [&](std::string_view piece) {
    received += piece;
    return true;
  };
  const std::string text = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
  EXPECT_EQ(Feed(request, text, 3).response.body, "");
  EXPECT_EQ(received, "hello");
}

TEST(HttpAnswerTest, CollectsTheBodyOfARefusalEvenIfTheBodyWouldBeStreamed) {
  HttpRequest request;
  request.on_body = [&](std::string_view) {
    ADD_FAILURE() << "streamed";
    return true;
  };
  EXPECT_EQ(Answered("HTTP/1.1 410 Gone\r\nContent-Length: 5\r\n\r\nhello", request).body, "hello");
}

TEST(HttpAnswerTest, EndsAStreamAtTheReceiversWish) {
  HttpRequest request;
  int pieces = 0;
  request.on_body = [&](std::string_view) { return ++pieces < 2; };
  HttpAnswer answer(request, kHeaderLimit);
  EXPECT_TRUE(answer.Feed("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\none"));
  const auto ended = answer.Feed("two");
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().kind, HttpErrorKind::kCancelled);
  EXPECT_EQ(pieces, 2);
}

TEST(HttpAnswerTest, KnowsWhetherAnythingWasAnswered) {
  const HttpRequest request;
  HttpAnswer answer(request, kHeaderLimit);
  EXPECT_FALSE(answer.started());
  EXPECT_TRUE(answer.Feed("H"));
  EXPECT_TRUE(answer.started());
}

}  // namespace
}  // namespace gate
