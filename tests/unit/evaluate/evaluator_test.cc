#include "gate/evaluate/evaluator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gate/evaluate/breaking_http_client.h"
#include "tests/unit/evaluate/gate_bench.h"

namespace gate::evaluate {
namespace {

using decide::Outcome;
using evidence::Reason;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

HttpHeaders RetryAfterHeader(const std::string& value) {
  HttpHeaders headers;
  headers.Add("Retry-After", value);
  return headers;
}

class EvaluatorTest : public ::testing::Test {
 protected:
  Evaluation Once(std::stop_token stop = {}) { return OnceThrough(bench_.http, stop); }

  Evaluation OnceThrough(HttpClient& http, std::stop_token stop = {}) {
    Evaluator evaluator(bench_.config, bench_.runtime, http, bench_.files, bench_.keyrings,
                        bench_.log, bench_.NewEntropy(), /*kube=*/nullptr);
    return evaluator.EvaluateOnce(bench_.question, trace_, bench_.runtime.In(minutes(30), stop));
  }

  // Lets one request fail, which is all that it takes here.
  void Open(BreakingHttpClient& breaking) {
    bench_.http.Fail(HttpErrorKind::kConnect);
    EXPECT_FALSE(breaking.Send({}, bench_.runtime.In(seconds(1))));
  }

  Evaluation Holding(std::stop_token stop = {}) {
    Evaluator evaluator(bench_.config, bench_.runtime, bench_.http, bench_.files, bench_.keyrings,
                        bench_.log, bench_.NewEntropy(), /*kube=*/nullptr);
    return evaluator.EvaluateHolding(bench_.question, trace_, bench_.runtime.In(minutes(30), stop));
  }

  GateBench bench_;
  const TraceContext trace_{std::string(32, 'a'), std::string(16, 'b')};
};

TEST_F(EvaluatorTest, PassesOnVerifiedEvidence) {
  bench_.AnswerEvidence(true);
  const Evaluation evaluation = Once();
  EXPECT_EQ(evaluation.verdict.outcome(), Outcome::kPass);
  EXPECT_EQ(evaluation.verdict.reason(), Reason::kEvidenceTrue);
  EXPECT_EQ(evaluation.attempts, 1);
  ASSERT_TRUE(evaluation.verdict.evidence());
  EXPECT_EQ(evaluation.verdict.evidence()->key_id, "mc-1");
}

TEST_F(EvaluatorTest, FailsWithMcsReasonsOnVerifiedFalseEvidence) {
  bench_.AnswerEvidence(false);
  const Evaluation evaluation = Once();
  EXPECT_EQ(evaluation.verdict.outcome(), Outcome::kFail);
  EXPECT_THAT(evaluation.verdict.message(), ::testing::HasSubstr("error rate 7 % above 1 %"));
}

TEST_F(EvaluatorTest, AsksExactlyWhatItWasAskedWithTokenTraceAndNonce) {
  bench_.AnswerEvidence(true);
  (void)Once();
  const HttpRequest& request = bench_.http.sent().at(0).request;
  EXPECT_THAT(request.url, ::testing::StartsWith("https://mc.example/v1/evidence/shop-1.5.0?"));
  EXPECT_EQ(bench_.Sent(0, "environment"), "staging");
  EXPECT_EQ(bench_.Sent(0, "stage"), "20");
  EXPECT_GE(bench_.Sent(0, "nonce").size(), 16U);
  EXPECT_EQ(request.bearer_token.Reveal(), "s3cret-token");
  EXPECT_THAT(request.headers.Get("traceparent").value_or(""),
              ::testing::StartsWith("00-" + trace_.trace_id + "-"));
}

TEST_F(EvaluatorTest, ATimeoutIsNeverAPassAndIsAskedAgain) {
  bench_.NeverAnswer();
  bench_.AnswerEvidence(true);
  const Evaluation evaluation = Once();
  EXPECT_EQ(evaluation.verdict.outcome(), Outcome::kPass);
  EXPECT_EQ(evaluation.attempts, 2);
  EXPECT_NE(bench_.Sent(0, "nonce"), bench_.Sent(1, "nonce"));
}

TEST_F(EvaluatorTest, OneRequestLastsAtMostTheAttemptTimeout) {
  const Instant start = bench_.runtime.Now();
  bench_.NeverAnswer();
  bench_.AnswerEvidence(true);
  (void)Once();
  EXPECT_EQ(bench_.http.sent().at(0).deadline.at, start + bench_.config.timing.attempt_timeout);
}

TEST_F(EvaluatorTest, IsInconclusiveWithinTheBudgetWhenMcNeverAnswers) {
  for (int i = 0; i < 50; ++i) bench_.NeverAnswer();
  const Instant start = bench_.runtime.Now();
  const Evaluation evaluation = Once();
  EXPECT_EQ(evaluation.verdict.outcome(), Outcome::kInconclusive);
  EXPECT_EQ(evaluation.verdict.reason(), Reason::kTimeout);
  EXPECT_TRUE(evaluation.may_change);
  EXPECT_LE(bench_.runtime.Now() - start, bench_.config.timing.budget);
  EXPECT_GE(bench_.runtime.Now() - start, bench_.config.timing.budget - seconds(10));
}

TEST_F(EvaluatorTest, WaitsAsLongAsMcAsks) {
  bench_.http.Answer(503, "", RetryAfterHeader("7"));
  bench_.AnswerEvidence(true);
  const Instant start = bench_.runtime.Now();
  EXPECT_EQ(Once().verdict.outcome(), Outcome::kPass);
  EXPECT_GE(bench_.runtime.Now() - start, seconds(7));
}

TEST_F(EvaluatorTest, WaitsForTheBreakerAndAsksWhatClosesIt) {
  BreakingHttpClient breaking(bench_.http, bench_.runtime, {.failures = 1, .open_for = seconds(9)});
  Open(breaking);
  bench_.AnswerEvidence(true);
  const Instant start = bench_.runtime.Now();
  const Evaluation evaluation = OnceThrough(breaking);
  EXPECT_EQ(evaluation.verdict.outcome(), Outcome::kPass);
  EXPECT_EQ(evaluation.attempts, 2);
  EXPECT_EQ(bench_.runtime.Now(), start + seconds(9));
  EXPECT_EQ(breaking.state(), decide::CircuitBreaker::State::kClosed);
}

TEST_F(EvaluatorTest, DoesNotWaitForABreakerThatStaysOpenBeyondTheBudget) {
  BreakingHttpClient breaking(bench_.http, bench_.runtime, {.failures = 1, .open_for = minutes(1)});
  Open(breaking);
  const Instant start = bench_.runtime.Now();
  const Evaluation evaluation = OnceThrough(breaking);
  EXPECT_EQ(evaluation.verdict.outcome(), Outcome::kInconclusive);
  EXPECT_EQ(evaluation.verdict.reason(), Reason::kCircuitOpen);
  EXPECT_THAT(evaluation.verdict.message(), ::testing::HasSubstr("asked again in 1m"));
  EXPECT_EQ(bench_.runtime.Now(), start);
}

TEST_F(EvaluatorTest, EndsTheRoundWhenMcAsksForMorePatienceThanTheBudgetHolds) {
  bench_.http.Answer(429, "", RetryAfterHeader("3600"));
  const Instant start = bench_.runtime.Now();
  const Evaluation evaluation = Once();
  EXPECT_EQ(evaluation.verdict.reason(), Reason::kRateLimited);
  EXPECT_EQ(evaluation.retry_after, std::chrono::hours(1));
  EXPECT_EQ(bench_.runtime.Now(), start);
}

TEST_F(EvaluatorTest, AForgeryFailsAtOnceAndRaisesAnAlert) {
  bench_.AnswerForgery();
  const Evaluation evaluation = Once();
  EXPECT_EQ(evaluation.verdict.outcome(), Outcome::kFail);
  EXPECT_EQ(evaluation.verdict.reason(), Reason::kSignatureInvalid);
  EXPECT_TRUE(evaluation.verdict.security_alert());
  EXPECT_EQ(evaluation.attempts, 1);
}

TEST_F(EvaluatorTest, EvidenceForAnotherStageReleaseOrEnvironmentIsRefused) {
  const std::vector<std::pair<GateBench::Change, Reason>> cases = {
      {[](Json& s) { s["predicate"]["stage"] = "50"; }, Reason::kStageMismatch},
      {[](Json& s) { s["predicate"]["environment"] = "dev"; }, Reason::kEnvironmentMismatch},
      {[](Json& s) { s["predicate"]["nonce"] = "0123456789abcdef"; }, Reason::kNonceMismatch},
      {[](Json& s) { s["subject"][0]["name"] = "shop-1.4.0"; }, Reason::kReleaseMismatch}};
  for (const auto& [change, reason] : cases) {
    bench_.AnswerEvidence(true, change);
    const Evaluation evaluation = Once();
    EXPECT_EQ(evaluation.verdict.outcome(), Outcome::kFail);
    EXPECT_EQ(evaluation.verdict.reason(), reason);
  }
}

TEST_F(EvaluatorTest, AnImageThatRunsButIsNotVouchedForIsRefused) {
  bench_.question.digests = {"sha256:" + std::string(64, '1')};
  bench_.AnswerEvidence(true);
  EXPECT_EQ(Once().verdict.reason(), Reason::kDigestMismatch);
}

TEST_F(EvaluatorTest, AMissingReleaseIdIsInconclusiveWithoutAsking) {
  bench_.question.release_id = "";
  const Evaluation evaluation = Holding();
  EXPECT_EQ(evaluation.verdict.outcome(), Outcome::kInconclusive);
  EXPECT_EQ(evaluation.verdict.reason(), Reason::kReleaseIdMissing);
  EXPECT_TRUE(bench_.http.sent().empty());
  EXPECT_TRUE(bench_.runtime.sleeps().empty());
}

TEST_F(EvaluatorTest, TheTokenIsReadAnewForEveryRequest) {
  bench_.http.Answer(401, "");
  bench_.runtime.After(milliseconds(1), [&] { bench_.files.Put("/token", "rotated"); });
  bench_.AnswerEvidence(true);
  EXPECT_EQ(Once().verdict.outcome(), Outcome::kPass);
  EXPECT_EQ(bench_.http.sent().at(1).request.bearer_token.Reveal(), "rotated");
}

TEST_F(EvaluatorTest, ATokenOrKeyringThatIsAwayForAMomentIsWaitedFor) {
  bench_.files.Remove("/token");
  bench_.runtime.After(milliseconds(1), [&] { bench_.files.Put("/token", "back"); });
  bench_.AnswerEvidence(true);
  EXPECT_EQ(Once().verdict.outcome(), Outcome::kPass);

  bench_.files.Put("/keyring.yaml", "broken: [");
  EXPECT_EQ(Once().verdict.reason(), Reason::kKeyringUnavailable);
}

TEST_F(EvaluatorTest, TheTokenIsNeverLogged) {
  bench_.http.Answer(401, "s3cret-token refused");
  bench_.http.Answer(500, "");
  bench_.AnswerEvidence(true);
  (void)Once();
  for (const std::string& line : bench_.log_lines.lines) {
    EXPECT_THAT(line, ::testing::Not(::testing::HasSubstr("s3cret-token"))) << line;
  }
}

TEST_F(EvaluatorTest, AStopDuringARequestOrAPauseIsInconclusive) {
  std::stop_source during_request;
  bench_.NeverAnswer();
  bench_.runtime.After(seconds(1), [&] { during_request.request_stop(); });
  EXPECT_EQ(Holding(during_request.get_token()).verdict.reason(), Reason::kStopped);

  std::stop_source during_pause;
  bench_.http.Answer(503, "", RetryAfterHeader("20"));
  bench_.runtime.After(seconds(3), [&] { during_pause.request_stop(); });
  const Instant start = bench_.runtime.Now();
  const Evaluation evaluation = Holding(during_pause.get_token());
  EXPECT_EQ(evaluation.verdict.outcome(), Outcome::kInconclusive);
  EXPECT_EQ(evaluation.verdict.reason(), Reason::kStopped);
  EXPECT_EQ(bench_.runtime.Now() - start, seconds(3));
}

TEST_F(EvaluatorTest, HoldsThroughAnOutageThatIsLongerThanOneBudget) {
  const Instant outage_end = bench_.runtime.Now() + minutes(2);
  for (int i = 0; i < 1000; ++i) {
    bench_.http.Handle(
        [this, outage_end](const HttpRequest&, const Deadline&) -> Result<HttpResponse, HttpError> {
          if (bench_.runtime.Now() >= outage_end) bench_.files.Put("/over", "");
          return HttpError{HttpErrorKind::kConnect, "connection refused"};
        });
  }
  bench_.config.timing.hold = minutes(3);
  const Instant start = bench_.runtime.Now();
  const Evaluation evaluation = Holding();
  EXPECT_EQ(evaluation.verdict.outcome(), Outcome::kInconclusive);
  EXPECT_EQ(evaluation.verdict.reason(), Reason::kConnectFailed);
  EXPECT_TRUE(bench_.files.Read("/over", 1)) << "it gave up before the outage was over";
  EXPECT_LE(bench_.runtime.Now() - start, minutes(3));
  EXPECT_EQ(evaluation.attempts, static_cast<int>(bench_.http.sent().size()));
}

TEST_F(EvaluatorTest, AVerdictEndsTheHolding) {
  // Beyond the budget: the next round asks again.
  bench_.http.Answer(503, "", RetryAfterHeader("40"));
  bench_.AnswerEvidence(false);
  bench_.config.timing.hold = minutes(5);
  const Instant start = bench_.runtime.Now();
  const Evaluation evaluation = Holding();
  EXPECT_EQ(evaluation.verdict.outcome(), Outcome::kFail);
  EXPECT_EQ(evaluation.attempts, 2);
  EXPECT_EQ(bench_.runtime.Now() - start, seconds(40));
}

TEST_F(EvaluatorTest, AsksOnceMoreBeforeItGivesUpWhenMcAsksForMorePatienceThanIsLeft) {
  bench_.config.timing.hold = minutes(5);
  const Instant start = bench_.runtime.Now();
  const Instant last = start + minutes(5) - bench_.config.timing.attempt_timeout;
  bench_.http.Answer(429, "", RetryAfterHeader("300"));
  bench_.AnswerEvidence(true);
  EXPECT_EQ(Holding().verdict.outcome(), Outcome::kPass);
  EXPECT_EQ(bench_.runtime.Now(), last) << "the last request has the time of any other";
}

TEST_F(EvaluatorTest, AsksOnlyOnceMoreHoweverOftenMcAsksForPatience) {
  bench_.config.timing.hold = minutes(5);
  bench_.config.timing.hold_interval = seconds(1);
  for (int i = 0; i < 5; ++i) bench_.http.Answer(429, "", RetryAfterHeader("3600"));
  const Instant start = bench_.runtime.Now();
  const Evaluation evaluation = Holding();
  EXPECT_EQ(evaluation.verdict.reason(), Reason::kRateLimited);
  EXPECT_EQ(evaluation.attempts, 2);
  EXPECT_EQ(bench_.runtime.Now(), start + minutes(5) - bench_.config.timing.attempt_timeout);
}

TEST_F(EvaluatorTest, WaitsAsLongAsMcAsksAlsoCloseToTheEnd) {
  bench_.config.timing.hold = minutes(5);
  bench_.http.Answer(429, "", RetryAfterHeader("299"));
  bench_.AnswerEvidence(true);
  const Instant start = bench_.runtime.Now();
  EXPECT_EQ(Holding().verdict.outcome(), Outcome::kPass);
  EXPECT_EQ(bench_.runtime.Now(), start + seconds(299));
}

TEST_F(EvaluatorTest, DoesNotAskOnceMoreSoonerThanAfterTheHoldInterval) {
  bench_.config.timing.budget = seconds(10);
  bench_.config.timing.hold = seconds(14);  // the last request would begin at 9 s
  bench_.http.Answer(429, "", RetryAfterHeader("3600"));
  const Instant start = bench_.runtime.Now();
  EXPECT_EQ(Holding().attempts, 1);
  EXPECT_EQ(bench_.runtime.Now(), start);

  bench_.config.timing.hold = seconds(15);  // at 10 s
  bench_.http.Answer(429, "", RetryAfterHeader("3600"));
  bench_.AnswerEvidence(false);
  EXPECT_EQ(Holding().verdict.outcome(), Outcome::kFail);
  EXPECT_EQ(bench_.runtime.Now(), start + seconds(10));
}

TEST_F(EvaluatorTest, WithoutHoldingOneRoundHasItsWholeBudget) {
  bench_.config.timing.hold = Nanos(0);
  bench_.http.Answer(500, "");
  bench_.AnswerEvidence(true);
  EXPECT_EQ(Holding().verdict.outcome(), Outcome::kPass);
}

}  // namespace
}  // namespace gate::evaluate
