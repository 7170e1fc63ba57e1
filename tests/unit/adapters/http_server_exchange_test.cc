#include <gmock/gmock.h>

#include <stdexcept>

#include "gate/adapters/beast_http_client.h"
#include "gate/base/strict_json.h"
#include "tests/unit/adapters/http_server_fixture.h"

namespace gate {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class HttpServerExchangeTest : public HttpServerFixture {
 protected:
  void SetUp() override { Start(); }
  BeastHttpClient client_;
};

TEST_F(HttpServerExchangeTest, HandsOverTheRequestAndBringsTheAnswer) {
  const auto response = client_.Send(PostOf(Url("/a?b=c"), "body"), In(kPlenty));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "POST /a?b=c body");
}

TEST_F(HttpServerExchangeTest, ServesManyRequestsOnOneConnection) {
  RawClient client(Address());
  for (int i = 0; i < 3; ++i) {
    client.Get("/" + std::to_string(i));
    EXPECT_THAT(client.ReadAnswer(), HasSubstr("GET /" + std::to_string(i)));
  }
}

TEST_F(HttpServerExchangeTest, AnswersPipelinedRequestsInOrder) {
  std::string requests;
  for (int i = 0; i < 50; ++i) {
    requests +=
        "POST /" + std::to_string(i) + " HTTP/1.1\r\nHost: g\r\nContent-Length: 2\r\n\r\nab";
  }
  requests += "GET /last HTTP/1.1\r\nHost: g\r\nConnection: close\r\n\r\n";
  const std::string answers = Exchange(requests).bytes;
  std::size_t at = 0;
  for (int i = 0; i < 50; ++i) {
    at = answers.find("POST /" + std::to_string(i) + " ab", at);
    ASSERT_NE(at, std::string::npos) << i;
  }
  EXPECT_NE(answers.find("GET /last", at), std::string::npos);
}

TEST_F(HttpServerExchangeTest, ClosesWhenTheClientWantsIt) {
  const Received received = Exchange("GET / HTTP/1.1\r\nHost: g\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(received.bytes, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_EQ(received.end, End::kEof);
}

TEST_F(HttpServerExchangeTest, SpeaksHttp10) {
  EXPECT_EQ(StatusOf(Exchange("GET / HTTP/1.0\r\n\r\n").bytes), 200);
  RawClient client(Address());
  client.Send("GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_THAT(client.ReadAnswer(), HasSubstr("\r\nConnection: keep-alive\r\n"));
  client.Send("GET /2 HTTP/1.0\r\n\r\n");
  EXPECT_THAT(client.ReadToEnd().bytes, HasSubstr("GET /2"));
}

TEST_F(HttpServerExchangeTest, HeadGetsTheLengthAndNoBody) {
  const std::string answer =
      Exchange("HEAD /x HTTP/1.1\r\nHost: g\r\nConnection: close\r\n\r\n").bytes;
  EXPECT_THAT(answer, HasSubstr("\r\nContent-Length: 8\r\n"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
}

TEST_F(HttpServerExchangeTest, InvitesTheBodyOfWhoeverWaitsForThat) {
  RawClient client(Address());
  client.Send("POST /x HTTP/1.1\r\nHost: g\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  const std::string invitation = "HTTP/1.1 100 Continue\r\n\r\n";
  EXPECT_EQ(client.ReadAtLeast(invitation.size()).bytes, invitation);
  client.Send("ab");
  EXPECT_THAT(client.ReadAnswer(), HasSubstr("POST /x ab"));
}

TEST_F(HttpServerExchangeTest, DoesNotInviteABodyThatIsTooLarge) {
  const std::string answer =
      Exchange(
          "POST / HTTP/1.1\r\nHost: g\r\nExpect: 100-continue\r\nContent-Length: 65537\r\n\r\n")
          .bytes;
  EXPECT_EQ(StatusOf(answer), 413) << answer;
}

TEST_F(HttpServerExchangeTest, AnswersWhoeverHasClosedItsSendingSide) {
  RawClient client(Address());
  client.Send("GET /1 HTTP/1.1\r\nHost: g\r\n\r\nGET /2 HTTP/1.1\r\nHost: g\r\n\r\n");
  client.ShutdownSend();
  const Received received = client.ReadToEnd();
  EXPECT_THAT(received.bytes, HasSubstr("GET /1"));
  EXPECT_THAT(received.bytes, HasSubstr("GET /2"));
  EXPECT_EQ(received.end, End::kEof);
}

TEST_F(HttpServerExchangeTest, AClientThatGoesAwayTakesNothingWithIt) {
  {
    RawClient client(Address());
    client.Get("/block");
    handler_.AwaitBlocked(1);
    client.Reset();
    RawClient half(Address());
    half.Send("POST / HTTP/1.1\r\nHost: g\r\nContent-Length: 9\r\n\r\nab");
    half.Reset();
  }
  handler_.Release();
  const auto response = client_.Send(GetOf(Url("/")), In(kPlenty));
  ASSERT_TRUE(response) << response.error().message;
}

TEST_F(HttpServerExchangeTest, SaysInJsonWhatIsWrongWithARequestAndCloses) {
  const Received received = Exchange("GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(StatusOf(received.bytes), 400);
  EXPECT_THAT(received.bytes, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_THAT(received.bytes, HasSubstr("\r\nContent-Type: application/json\r\n"));
  const std::string body = received.bytes.substr(received.bytes.find("\r\n\r\n") + 4);
  EXPECT_THAT(Json::parse(body).at("error").get<std::string>(), HasSubstr("Host"));
  EXPECT_EQ(received.end, End::kEof);
  EXPECT_EQ(handler_.handled(), 0);
}

TEST_F(HttpServerExchangeTest, WhatFollowsABadRequestIsNotServed) {
  const std::string answers =
      Exchange(
          "POST /x HTTP/1.1\r\nHost: g\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n"
          "abcGET /smuggled HTTP/1.1\r\nHost: g\r\n\r\n")
          .bytes;
  EXPECT_EQ(CountOf(answers, "HTTP/1.1 "), 1U) << answers;
  EXPECT_EQ(StatusOf(answers), 400);
  EXPECT_EQ(handler_.handled(), 0);
}

TEST_F(HttpServerExchangeTest, GarbageIsRefusedAtOnce) {
  EXPECT_EQ(StatusOf(Exchange("\x16\x03\x01\x02").bytes), 400);
  EXPECT_EQ(StatusOf(Exchange("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").bytes), 505);
}

TEST_F(HttpServerExchangeTest, ABodyOfTenMegabytesIsRefusedInAWayThatTheClientSees) {
  const std::string body(std::size_t{10} << 20U, 'x');
  const auto response = client_.Send(PostOf(Url("/"), body), In(kPlenty));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 413);
  // In chunks the length is not known beforehand.
  RawClient client(Address());
  client.Send("POST / HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n\r\na00000\r\n");
  client.Send(body);
  client.Send("\r\n0\r\n\r\n");
  EXPECT_EQ(StatusOf(client.ReadAnswer()), 413);
  EXPECT_EQ(handler_.handled(), 0);
}

TEST_F(HttpServerExchangeTest, TakesABodyOfItsLimit) {
  const std::string body(std::size_t{64} << 10U, 'x');
  const auto response = client_.Send(PostOf(Url("/"), body), In(kPlenty));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "POST / " + body);
}

TEST_F(HttpServerExchangeTest, AHeaderThatIsTooLargeIsRefused) {
  const std::string answer =
      Exchange("GET / HTTP/1.1\r\nHost: g\r\nX: " + std::string(20000, 'x') + "\r\n\r\n").bytes;
  EXPECT_EQ(StatusOf(answer), 431);
}

TEST_F(HttpServerExchangeTest, SendsAnswersThatFitInNoBuffer) {
  const std::string answer =
      Exchange("GET /large HTTP/1.1\r\nHost: g\r\nConnection: close\r\n\r\n").bytes;
  EXPECT_GT(answer.size(), std::size_t{32} << 20U);
  EXPECT_THAT(answer.substr(0, 200), Not(HasSubstr("500")));
}

class ThrowingHandler : public TellingHandler {
 public:
  HttpResponse Handle(const ServerRequest& /*request*/, const Deadline& /*deadline*/) override {
    throw std::runtime_error("a mistake in the gate");
  }
};

TEST(HttpServerDeathTest, AnExceptionOfTheHandlerEndsTheProcess) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(
      {
        ThrowingHandler handler;
        auto server = BeastHttpServer::Start(handler, {});
        BeastHttpClient client;
        (void)client.Send(GetOf((*server)->url() + "/"), In(kPlenty));
      },
      "a mistake in the gate");
}

TEST(HttpServerStartTest, SaysWhyItCannotListen) {
  TellingHandler handler;
  const auto error = [&](const HttpServerOptions& options) {
    auto started = BeastHttpServer::Start(handler, options);
    return started ? Error{ErrorCode::kNotFound, "it started"} : started.error();
  };
  auto first = BeastHttpServer::Start(handler, {});
  ASSERT_TRUE(first);
  const std::string taken = "127.0.0.1:" + std::to_string((*first)->port());
  EXPECT_EQ(error({.listen = taken}).code, ErrorCode::kUnavailable);
  EXPECT_EQ(error({.listen = taken}).message,
            "cannot listen on " + taken + ": Address already in use");
  for (const char* bad : {"", "8080", "localhost", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:70000",
                          "gate.example:80", "127.0.0.1:80 "}) {
    EXPECT_EQ(error({.listen = bad}).code, ErrorCode::kInvalidArgument) << bad;
    EXPECT_THAT(error({.listen = bad}).message, HasSubstr("is not an address to listen on"));
  }
  EXPECT_THAT(error({.cert_file = "/x"}).message, HasSubstr("must be given together"));
  EXPECT_EQ(error({.cert_file = "/nowhere/c", .key_file = "/nowhere/k"}).message,
            "/nowhere/c: No such file or directory");
}

TEST(HttpServerStartTest, ListensOnIpv6AndSaysSo) {
  TellingHandler handler;
  auto server = BeastHttpServer::Start(handler, {.listen = "[::1]:0"});
  if (!server) GTEST_SKIP() << server.error().message;
  EXPECT_TRUE((*server)->url().starts_with("http://[::1]:"));
  BeastHttpClient client;
  EXPECT_TRUE(client.Send(GetOf((*server)->url() + "/"), In(kPlenty)));
}

}  // namespace
}  // namespace gate
