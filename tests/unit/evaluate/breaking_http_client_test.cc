#include "gate/evaluate/breaking_http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_http_client.h"
#include "tests/support/fake_runtime.h"

namespace gate::evaluate {
namespace {

using decide::CircuitBreaker;
using std::chrono::seconds;

class BreakingHttpClientTest : public ::testing::Test {
 protected:
  Result<HttpResponse, HttpError> Send() { return client_.Send({}, runtime_.In(seconds(5))); }

  FakeRuntime runtime_;
  FakeHttpClient http_;
  BreakingHttpClient client_{http_, runtime_, {.failures = 2, .open_for = seconds(10)}};
};

TEST_F(BreakingHttpClientTest, HandsAnswersThrough) {
  http_.Answer(200, "hello");
  const auto answer = Send();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "hello");
}

TEST_F(BreakingHttpClientTest, OnceOpenItFailsWithoutSendingAndSaysUntilWhen) {
  http_.Fail(HttpErrorKind::kTimeout);
  http_.Fail(HttpErrorKind::kConnect);
  (void)Send();
  (void)Send();
  runtime_.Advance(seconds(4));
  const auto refused = Send();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, HttpErrorKind::kCircuitOpen);
  EXPECT_THAT(refused.error().message, ::testing::HasSubstr("in 6s"));
  EXPECT_EQ(refused.error().retry_after, seconds(6));
  EXPECT_EQ(http_.sent().size(), 2U);
}

TEST_F(BreakingHttpClientTest, ClosesWhenTheProbeIsAnswered) {
  http_.Fail(HttpErrorKind::kTimeout);
  http_.Answer(503, "");
  (void)Send();
  (void)Send();
  EXPECT_EQ(client_.state(), CircuitBreaker::State::kOpen);
  runtime_.Advance(seconds(10));
  http_.Answer(404, "");
  EXPECT_TRUE(Send());
  EXPECT_EQ(client_.state(), CircuitBreaker::State::kClosed);
}

TEST_F(BreakingHttpClientTest, TellsEveryChangeOfItsState) {
  using State = CircuitBreaker::State;
  std::vector<State> told;
  FakeHttpClient http;
  BreakingHttpClient client(http, runtime_, {.failures = 1, .open_for = seconds(10)},
                            [&](State state) { told.push_back(state); });
  http.Fail(HttpErrorKind::kTimeout);
  (void)client.Send({}, runtime_.In(seconds(5)));
  (void)client.Send({}, runtime_.In(seconds(5)));
  runtime_.Advance(seconds(10));
  http.Handle([&](const HttpRequest&, const Deadline&) {
    EXPECT_EQ(told.back(), State::kHalfOpen) << "while the probe is under way";
    return Result<HttpResponse, HttpError>(HttpResponse{.status = 200, .headers = {}, .body = {}});
  });
  (void)client.Send({}, runtime_.In(seconds(5)));
  http.Answer(200, "");
  (void)client.Send({}, runtime_.In(seconds(5)));
  EXPECT_EQ(told, (std::vector{State::kClosed, State::kOpen, State::kHalfOpen, State::kClosed}));
}

TEST_F(BreakingHttpClientTest, WhatShowsThatThePeerIsThereIsNoFailure) {
  for (const int status : {200, 401, 404, 429, 499}) {
    http_.Answer(status, "");
    (void)Send();
  }
  http_.Fail(HttpErrorKind::kBodyTooLarge);
  (void)Send();
  EXPECT_EQ(client_.state(), CircuitBreaker::State::kClosed);
}

TEST_F(BreakingHttpClientTest, EveryWayOfNotBeingThereIsAFailure) {
  for (const HttpErrorKind kind :
       {HttpErrorKind::kResolve, HttpErrorKind::kConnect, HttpErrorKind::kTls,
        HttpErrorKind::kTimeout, HttpErrorKind::kReset, HttpErrorKind::kProtocol}) {
    FakeHttpClient http;
    BreakingHttpClient client(http, runtime_, {.failures = 1, .open_for = seconds(10)});
    http.Fail(kind);
    (void)client.Send({}, runtime_.In(seconds(5)));
    EXPECT_EQ(client.state(), CircuitBreaker::State::kOpen) << ToString(kind);
  }
}

TEST_F(BreakingHttpClientTest, ACallerThatGivesUpSaysNothingAboutThePeer) {
  for (int i = 0; i < 5; ++i) {
    http_.Fail(HttpErrorKind::kCancelled);
    (void)Send();
  }
  EXPECT_EQ(client_.state(), CircuitBreaker::State::kClosed);
}

}  // namespace
}  // namespace gate::evaluate
