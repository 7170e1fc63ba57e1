#include "gate/adapters/prometheus_meter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "gate/service/metered_http_client.h"
#include "tests/support/fake_http_client.h"
#include "tests/support/fake_runtime.h"

namespace gate {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

decide::Verdict Inconclusive(evidence::Reason reason) {
  return decide::Verdict::Inconclusive(reason, "because");
}

class PrometheusMeterTest : public ::testing::Test {
 protected:
  // The value of a series, such as `name{label="x"}`; "" if it is not there.
  std::string ValueOf(const std::string& series) {
    const std::string text = "\n" + meter_.Expose();
    const std::size_t at = text.find("\n" + series + " ");
    if (at == std::string::npos) return "";
    const std::size_t begin = at + series.size() + 2;
    return text.substr(begin, text.find('\n', begin) - begin);
  }

  PrometheusMeter meter_{"staging", {"releases", "on-call"}};
};

TEST_F(PrometheusMeterTest, CountersStartAtNothing) {
  EXPECT_EQ(ValueOf("rollout_gate_pass_total{environment=\"staging\"}"), "0");
  EXPECT_EQ(ValueOf("rollout_gate_fail_total{environment=\"staging\",reason=\"evidence-false\"}"),
            "0");
  EXPECT_EQ(ValueOf("rollout_gate_inconclusive_total{environment=\"staging\",reason=\"timeout\"}"),
            "0");
  EXPECT_EQ(ValueOf("rollout_gate_requests_refused_total{why=\"overloaded\"}"), "0");
  EXPECT_EQ(ValueOf("rollout_gate_breaker_state"), "0");
}

TEST_F(PrometheusMeterTest, CountsVerdictsByOutcomeAndReason) {
  evidence::Observation confirmed{
      .reason = evidence::Reason::kEvidenceTrue, .detail = {}, .evidence = {}, .retry_after = {}};
  confirmed.evidence.emplace().evidence_ok = true;
  const decide::Verdict pass = decide::Decide(confirmed, {});
  const decide::Verdict fail = decide::Decide({.reason = evidence::Reason::kSignatureInvalid,
                                               .detail = {},
                                               .evidence = {},
                                               .retry_after = {}},
                                              {});
  ASSERT_EQ(pass.outcome(), decide::Outcome::kPass);
  ASSERT_EQ(fail.outcome(), decide::Outcome::kFail);
  meter_.VerdictGiven("staging", pass, milliseconds(20));
  meter_.VerdictGiven("staging", fail, seconds(3));
  meter_.VerdictGiven("staging", Inconclusive(evidence::Reason::kTimeout), seconds(30));
  meter_.VerdictGiven("staging", Inconclusive(evidence::Reason::kTimeout), seconds(31));
  EXPECT_EQ(ValueOf("rollout_gate_pass_total{environment=\"staging\"}"), "1");
  EXPECT_EQ(
      ValueOf("rollout_gate_fail_total{environment=\"staging\",reason=\"signature-invalid\"}"),
      "1");
  EXPECT_EQ(ValueOf("rollout_gate_inconclusive_total{environment=\"staging\",reason=\"timeout\"}"),
            "2");
  const std::string held =
      "rollout_gate_duration_seconds_bucket{environment=\"staging\","
      "verdict=\"inconclusive\",le=\"";
  EXPECT_EQ(ValueOf(held + "10\"}"), "0");
  EXPECT_EQ(ValueOf(held + "30\"}"), "1");
  EXPECT_EQ(ValueOf(held + "60\"}"), "2");
  EXPECT_EQ(ValueOf("rollout_gate_duration_seconds_sum{environment=\"staging\",verdict=\"pass\"}"),
            "0.02");
}

TEST_F(PrometheusMeterTest, TellsTheBreakerApart) {
  using State = decide::CircuitBreaker::State;
  meter_.BreakerState(State::kOpen);
  EXPECT_EQ(ValueOf("rollout_gate_breaker_state"), "2");
  meter_.BreakerState(State::kHalfOpen);
  EXPECT_EQ(ValueOf("rollout_gate_breaker_state"), "1");
  meter_.BreakerState(State::kClosed);
  EXPECT_EQ(ValueOf("rollout_gate_breaker_state"), "0");
}

TEST_F(PrometheusMeterTest, MeasuresRequestsToMcByTheirResult) {
  FakeRuntime runtime;
  FakeHttpClient http;
  service::MeteredHttpClient metered(http, runtime, meter_);
  const auto takes = [&](Nanos duration, int status) {
    http.Handle([&runtime, duration, status](const HttpRequest&, const Deadline&) {
      runtime.Advance(duration);
      HttpResponse response;
      response.status = status;
      return Result<HttpResponse, HttpError>(response);
    });
    (void)metered.Send({}, runtime.In(seconds(60)));
  };
  takes(seconds(2), 200);
  takes(milliseconds(2001), 204);
  takes(seconds(1), 503);
  http.Fail(HttpErrorKind::kTimeout);
  EXPECT_FALSE(metered.Send({}, runtime.In(seconds(60)))) << "the result is handed on";
  const std::string bucket = "rollout_gate_mc_request_duration_seconds_bucket{result=";
  EXPECT_EQ(ValueOf(bucket + "\"2xx\",le=\"2\"}"), "1");
  EXPECT_EQ(ValueOf(bucket + "\"2xx\",le=\"5\"}"), "2");
  EXPECT_EQ(ValueOf(bucket + "\"5xx\",le=\"1\"}"), "1");
  EXPECT_EQ(ValueOf("rollout_gate_mc_request_duration_seconds_count{result=\"timeout\"}"), "1");
}

TEST_F(PrometheusMeterTest, CountsRefusals) {
  meter_.RequestRefused("malformed");
  EXPECT_EQ(ValueOf("rollout_gate_requests_refused_total{why=\"malformed\"}"), "1");
}

TEST_F(PrometheusMeterTest, CountsForManyThreadsAtOnceWhileItIsRead) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 500; ++n) {
        meter_.VerdictGiven("staging", Inconclusive(evidence::Reason::kStopped), milliseconds(1));
        meter_.McAsked(milliseconds(1), n % 2 == 0 ? "2xx" : "timeout");
      }
    });
  }
  for (int i = 0; i < 20; ++i) EXPECT_THAT(meter_.Expose(), HasSubstr("rollout_gate_pass_total"));
  threads.clear();
  EXPECT_EQ(ValueOf("rollout_gate_inconclusive_total{environment=\"staging\",reason=\"stopped\"}"),
            "4000");
}

TEST_F(PrometheusMeterTest, MeasuresRollbacksAgainstFiveMinutes) {
  using End = service::Meter::RollbackEnd;
  meter_.RolledBack(End::kInTime, seconds(300));
  meter_.RolledBack(End::kLate, seconds(301));
  const std::string name = "rollout_gate_rollback_duration_seconds";
  EXPECT_EQ(ValueOf(name + "_bucket{environment=\"staging\",outcome=\"in-time\",le=\"240\"}"), "0");
  EXPECT_EQ(ValueOf(name + "_bucket{environment=\"staging\",outcome=\"in-time\",le=\"300\"}"), "1");
  EXPECT_EQ(ValueOf(name + "_bucket{environment=\"staging\",outcome=\"late\",le=\"300\"}"), "0");
  EXPECT_EQ(ValueOf(name + "_count{environment=\"staging\",outcome=\"late\"}"), "1");
}

TEST_F(PrometheusMeterTest, CountsWhatTheLeaderDoes) {
  const std::string late = "rollout_gate_rollback_late_total{environment=\"staging\",step=";
  EXPECT_EQ(ValueOf("rollout_gate_leader"), "0");
  EXPECT_EQ(ValueOf(late + "\"page\"}"), "0");
  meter_.Leads(true);
  meter_.RollbackLate("warn");
  meter_.Bypassed();
  meter_.RolloutsPaused(3);
  EXPECT_EQ(ValueOf("rollout_gate_paused_rollouts"), "3");
  EXPECT_EQ(ValueOf("rollout_gate_leader"), "1");
  EXPECT_EQ(ValueOf(late + "\"warn\"}"), "1");
  EXPECT_EQ(ValueOf(late + "\"page\"}"), "0");
  EXPECT_EQ(ValueOf("rollout_gate_bypass_total{environment=\"staging\"}"), "1");
  meter_.Leads(false);
  EXPECT_EQ(ValueOf("rollout_gate_leader"), "0");
  EXPECT_EQ(ValueOf("rollout_gate_paused_rollouts"), "0") << "somebody else counts them now";
}

TEST_F(PrometheusMeterTest, CountsWhatTheLeaderAsksAndWhatPeopleDecide) {
  const std::string passed = "rollout_gate_inquiries_total{answer=\"no\",why=\"passed\"}";
  const std::string approve =
      "rollout_gate_overrides_total{decision=\"approve\",environment=\"staging\"}";
  EXPECT_EQ(ValueOf(passed), "0");
  EXPECT_EQ(ValueOf(approve), "0");
  meter_.Inquired("passed", "no");
  meter_.Inquired("paused", "nothing");
  meter_.Overridden("approve");
  EXPECT_EQ(ValueOf(passed), "1");
  EXPECT_EQ(ValueOf("rollout_gate_inquiries_total{answer=\"nothing\",why=\"paused\"}"), "1");
  EXPECT_EQ(ValueOf(approve), "1");
}

TEST_F(PrometheusMeterTest, CountsNoticesOfTheSinksThatAreConfigured) {
  EXPECT_EQ(ValueOf("rollout_gate_notices_delivered_total{sink=\"on-call\"}"), "0");
  meter_.NoticeDelivered("releases", seconds(2));
  meter_.DeliveryFailed("on-call");
  meter_.NoticesDropped("on-call", "too-old", 3);
  meter_.NoticesWaiting("on-call", 7);
  meter_.NoticesDropped("former", "unknown-sink", 5);
  EXPECT_EQ(ValueOf("rollout_gate_notices_delivered_total{sink=\"releases\"}"), "1");
  EXPECT_EQ(ValueOf("rollout_gate_notice_wait_seconds_bucket{sink=\"releases\",le=\"1\"}"), "0");
  EXPECT_EQ(ValueOf("rollout_gate_notice_wait_seconds_bucket{sink=\"releases\",le=\"2\"}"), "1");
  EXPECT_EQ(ValueOf("rollout_gate_delivery_failures_total{sink=\"on-call\"}"), "1");
  EXPECT_EQ(ValueOf("rollout_gate_notices_dropped_total{sink=\"on-call\",why=\"too-old\"}"), "3");
  EXPECT_EQ(ValueOf("rollout_gate_notices_waiting{sink=\"on-call\"}"), "7");
  EXPECT_EQ(ValueOf("rollout_gate_notices_waiting{sink=\"former\"}"), "");
}

}  // namespace
}  // namespace gate
