#include "harness/expect/evaluate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace drill {
namespace {

using gate::Instant;
using gate::Nanos;
using reports::Outcome;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::SizeIs;
using Kind = EventPattern::FieldTest::Kind;

constexpr Nanos kNanosecond{1};

TraceEvent Event(const std::string& name, Nanos at, gate::Json fields = gate::Json::object(),
                 Nanos uncertainty = Nanos(0)) {
  return {name, Instant(at), {}, uncertainty, std::move(fields)};
}

Trace Ordered(Trace trace) {
  std::stable_sort(trace.begin(), trace.end(),
                   [](const auto& a, const auto& b) { return a.at < b.at; });
  return trace;
}

Ending Over(Ending::Kind kind, std::string reason = "") {
  return {kind, std::move(reason), Instant(Nanos(0))};
}

EventPattern Pattern(const std::string& event, const std::string& field = "",
                     const std::string& value = "") {
  if (field.empty()) return {event, {}};
  return {event, {{field, Kind::kEquals, value}}};
}

Expectation Eventually(EventPattern pattern) {
  Expectation expectation;
  expectation.id = "e";
  expectation.patterns = {std::move(pattern)};
  return expectation;
}
Expectation Once(EventPattern pattern) {
  Expectation expectation = Eventually(std::move(pattern));
  expectation.kind = Expectation::Kind::kOnce;
  return expectation;
}

Expectation Never(EventPattern pattern) {
  Expectation expectation = Eventually(std::move(pattern));
  expectation.kind = Expectation::Kind::kNever;
  return expectation;
}
Expectation Within(EventPattern pattern, Nanos within, std::optional<EventPattern> of) {
  Expectation expectation = Eventually(std::move(pattern));
  expectation.within = within;
  expectation.of = std::move(of);
  return expectation;
}
Expectation Sequence(std::vector<EventPattern> patterns) {
  Expectation expectation;
  expectation.id = "e";
  expectation.kind = Expectation::Kind::kSequence;
  expectation.patterns = std::move(patterns);
  return expectation;
}

reports::ExpectationResult Judge(const Expectation& expectation, const Trace& trace,
                                 Ending::Kind ending = Ending::Kind::kUntil) {
  Scenario scenario;
  scenario.expectations = {expectation};
  return Evaluate(scenario, Ordered(trace), Over(ending)).expectations.front();
}

reports::MeasureResult Judge(const Measure& measure, const Trace& trace,
                             Ending::Kind ending = Ending::Kind::kUntil) {
  Scenario scenario;
  scenario.measures = {measure};
  return Evaluate(scenario, Ordered(trace), Over(ending)).measures.front();
}

const TraceEvent kDeployed = Event("deployed", seconds(10));

// --- eventually ---------------------------------------------------------------------------------

TEST(EventuallyTest, PassesOnTheFirstMatchAndShowsIt) {
  const auto result = Judge(Eventually(Pattern("verdict", "stage", "50")),
                            {kDeployed, Event("verdict", seconds(11), {{"stage", "20"}}),
                             Event("verdict", seconds(12), {{"stage", "50"}}),
                             Event("verdict", seconds(13), {{"stage", "50"}})});
  EXPECT_EQ(result.outcome, Outcome::kPass);
  ASSERT_THAT(result.events, SizeIs(1));
  EXPECT_EQ(result.events[0].at, seconds(12));
  EXPECT_EQ(result.observed, "2.000 s after the deployment");
}

TEST(EventuallyTest, FailsWithNearMissesWhenEverythingWasSeen) {
  const auto result = Judge(Eventually(Pattern("verdict", "verdict", "pass")),
                            {kDeployed, Event("verdict", seconds(11), {{"verdict", "fail"}})},
                            Ending::Kind::kHorizon);
  EXPECT_EQ(result.outcome, Outcome::kFail);
  EXPECT_EQ(result.observed, "seen instead: verdict (verdict = \"fail\")");
  EXPECT_THAT(result.events, SizeIs(1));
}

TEST(EventuallyTest, FailsWithoutNearMissesToo) {
  const auto result = Judge(Eventually(Pattern("promoted")), {kDeployed});
  EXPECT_EQ(result.outcome, Outcome::kFail);
  EXPECT_EQ(result.observed, "no event \"promoted\" was seen");
}

TEST(EventuallyTest, IsInconclusiveWhenTheObservationBrokeOff) {
  for (const auto ending : {Ending::Kind::kStopped, Ending::Kind::kTrouble}) {
    const auto result = Judge(Eventually(Pattern("promoted")), {kDeployed}, ending);
    EXPECT_EQ(result.outcome, Outcome::kInconclusive);
    EXPECT_THAT(result.observed, HasSubstr("the observation broke off"));
  }
}

TEST(EventuallyTest, IgnoresWhatWasThereBeforeTheDeployment) {
  EXPECT_EQ(Judge(Eventually(Pattern("promoted")),
                  {Event("promoted", seconds(10) - kNanosecond), kDeployed})
                .outcome,
            Outcome::kFail);
  EXPECT_EQ(
      Judge(Eventually(Pattern("promoted")), {kDeployed, Event("promoted", seconds(10))}).outcome,
      Outcome::kPass);
}

TEST(EventuallyTest, IgnoresWhatWasFoundBeforeTheDeploymentAtTheSameInstant) {
  EXPECT_EQ(Judge(Never(Pattern("promoted")), {Event("promoted", seconds(10)), kDeployed}).outcome,
            Outcome::kPass);
}

TEST(EventuallyTest, NothingCountsWithoutADeployment) {
  EXPECT_EQ(Judge(Eventually(Pattern("promoted")), {Event("promoted", seconds(11))}).outcome,
            Outcome::kFail);
}

TEST(EventuallyTest, ShowsAtMostFiveNearMissesAndCountsTheRest) {
  Trace trace = {kDeployed};
  for (int i = 0; i < 7; ++i) {
    trace.push_back(Event("verdict", seconds(11 + i), {{"stage", std::to_string(i)}}));
  }
  const auto result = Judge(Eventually(Pattern("verdict", "stage", "50")), trace);
  EXPECT_THAT(result.events, SizeIs(5));
  EXPECT_THAT(result.observed, HasSubstr("(stage = \"4\") and 2 more"));
}

// --- within -------------------------------------------------------------------------------------

TEST(WithinTest, PassesExactlyAtTheLimitAndFailsOneNanosecondLater) {
  const Expectation expectation = Within(Pattern("restored"), seconds(5), Pattern("verdict"));
  const TraceEvent verdict = Event("verdict", seconds(20));
  EXPECT_EQ(Judge(expectation, {kDeployed, verdict, Event("restored", seconds(25))}).outcome,
            Outcome::kPass);
  EXPECT_EQ(Judge(expectation, {kDeployed, verdict, Event("restored", seconds(25) + kNanosecond)})
                .outcome,
            Outcome::kFail);
}

TEST(WithinTest, CountsFromTheEarliestThatTheReferenceCanHaveHappened) {
  const Expectation expectation = Within(Pattern("restored"), seconds(5), Pattern("verdict"));
  const TraceEvent verdict = Event("verdict", seconds(20), {}, milliseconds(500));
  EXPECT_EQ(
      Judge(expectation, {kDeployed, verdict, Event("restored", milliseconds(24'500))}).outcome,
      Outcome::kPass);
  const auto late = Judge(
      expectation, {kDeployed, verdict, Event("restored", milliseconds(24'500) + kNanosecond)});
  EXPECT_EQ(late.outcome, Outcome::kFail);
  EXPECT_THAT(late.observed, HasSubstr("at most 5.001 s"));
}

TEST(WithinTest, TheUncertaintyOfTheEventItselfDoesNotExcuseIt) {
  const Expectation expectation = Within(Pattern("restored"), seconds(5), Pattern("verdict"));
  EXPECT_EQ(Judge(expectation, {kDeployed, Event("verdict", seconds(20)),
                                Event("restored", seconds(26), {}, seconds(3))})
                .outcome,
            Outcome::kFail);
}

TEST(WithinTest, CountsFromTheDeploymentByDefault) {
  const Expectation expectation = Within(Pattern("promoted"), seconds(5), std::nullopt);
  EXPECT_EQ(Judge(expectation, {kDeployed, Event("promoted", seconds(15))}).outcome,
            Outcome::kPass);
  EXPECT_EQ(Judge(expectation, {kDeployed, Event("promoted", seconds(15) + kNanosecond)}).outcome,
            Outcome::kFail);
}

TEST(WithinTest, SkipsWhatCertainlyHappenedBefore) {
  const Expectation expectation = Within(Pattern("restored"), seconds(5), Pattern("verdict"));
  const Trace trace = {kDeployed, Event("restored", seconds(19)), Event("verdict", seconds(20)),
                       Event("restored", seconds(30))};
  EXPECT_EQ(Judge(expectation, trace).outcome, Outcome::kFail);
}

TEST(WithinTest, TakesWhatMayHaveHappenedAfter) {
  const Expectation expectation = Within(Pattern("restored"), seconds(5), Pattern("verdict"));
  const Trace trace = {kDeployed, Event("restored", milliseconds(19'500)),
                       Event("verdict", seconds(20), {}, seconds(1))};
  EXPECT_EQ(Judge(expectation, trace).outcome, Outcome::kPass);
}

TEST(WithinTest, TheReferenceIsNotItsOwnAnswer) {
  const Expectation expectation = Within(Pattern("verdict"), seconds(5), Pattern("verdict"));
  EXPECT_EQ(Judge(expectation, {kDeployed, Event("verdict", seconds(20))}).outcome, Outcome::kFail);
  EXPECT_EQ(
      Judge(expectation, {kDeployed, Event("verdict", seconds(20)), Event("verdict", seconds(21))})
          .outcome,
      Outcome::kPass);
}

TEST(WithinTest, FailsIfTheReferenceNeverHappened) {
  const Expectation expectation = Within(Pattern("restored"), seconds(5), Pattern("verdict"));
  const auto result = Judge(expectation, {kDeployed, Event("restored", seconds(20))});
  EXPECT_EQ(result.outcome, Outcome::kFail);
  EXPECT_THAT(result.observed, HasSubstr("what it counts from did not happen"));
  EXPECT_EQ(Judge(expectation, {kDeployed}, Ending::Kind::kTrouble).outcome,
            Outcome::kInconclusive);
}

TEST(WithinTest, ASeenViolationIsAFailureEvenIfTheObservationBrokeOff) {
  const Expectation expectation = Within(Pattern("promoted"), seconds(5), std::nullopt);
  EXPECT_EQ(Judge(expectation, {kDeployed, Event("promoted", seconds(16))}, Ending::Kind::kTrouble)
                .outcome,
            Outcome::kFail);
}

// --- never --------------------------------------------------------------------------------------

TEST(OnceTest, PassesIfItHappenedOneTimeUntilTheEnd) {
  const Expectation once = Once(Pattern("promoted"));
  const TraceEvent promoted = Event("promoted", seconds(11));
  EXPECT_EQ(Judge(once, {kDeployed, promoted}).outcome, Outcome::kPass);
  EXPECT_EQ(Judge(once, {kDeployed}).outcome, Outcome::kFail);
  const auto twice = Judge(once, {kDeployed, promoted, Event("promoted", seconds(12))});
  EXPECT_EQ(twice.outcome, Outcome::kFail);
  EXPECT_EQ(twice.observed, "it happened 2 times");
  EXPECT_EQ(twice.events.size(), 2U);
}

TEST(OnceTest, IsInconclusiveIfItMayHappenAgainUnseen) {
  const auto trouble = Ending::Kind::kTrouble;
  const TraceEvent promoted = Event("promoted", seconds(11));
  EXPECT_EQ(Judge(Once(Pattern("promoted")), {kDeployed, promoted}, trouble).outcome,
            Outcome::kInconclusive);
  EXPECT_EQ(Judge(Once(Pattern("promoted")), {kDeployed}, trouble).outcome, Outcome::kInconclusive);
}

TEST(NeverTest, PassesOnlyWhenEverythingWasSeen) {
  const Expectation expectation = Never(Pattern("promoted"));
  EXPECT_EQ(Judge(expectation, {kDeployed}, Ending::Kind::kUntil).outcome, Outcome::kPass);
  EXPECT_EQ(Judge(expectation, {kDeployed}, Ending::Kind::kHorizon).outcome, Outcome::kPass);
  EXPECT_EQ(Judge(expectation, {kDeployed}, Ending::Kind::kTrouble).outcome,
            Outcome::kInconclusive);
  EXPECT_EQ(Judge(expectation, {kDeployed}, Ending::Kind::kStopped).outcome,
            Outcome::kInconclusive);
}

TEST(NeverTest, IsInconclusiveWithoutADeployment) {
  EXPECT_EQ(Judge(Never(Pattern("promoted")), {}).outcome, Outcome::kInconclusive);
}

TEST(NeverTest, FailsOnTheFirstViolationWhateverTheEnd) {
  const Trace trace = {kDeployed, Event("verdict", seconds(12), {{"verdict", "pass"}}),
                       Event("verdict", seconds(13), {{"verdict", "pass"}})};
  for (const auto ending : {Ending::Kind::kUntil, Ending::Kind::kTrouble}) {
    const auto result = Judge(Never(Pattern("verdict", "verdict", "pass")), trace, ending);
    EXPECT_EQ(result.outcome, Outcome::kFail);
    EXPECT_EQ(result.observed, "it happened 2.000 s after the deployment: verdict = \"pass\"");
    ASSERT_THAT(result.events, SizeIs(1));
    EXPECT_EQ(result.events[0].at, seconds(12));
  }
}

TEST(NeverTest, WhatWasBeforeTheDeploymentIsNoViolation) {
  EXPECT_EQ(Judge(Never(Pattern("promoted")), {Event("promoted", seconds(9)), kDeployed}).outcome,
            Outcome::kPass);
}

// --- sequence -----------------------------------------------------------------------------------

TEST(SequenceTest, PassesInOrderWithOthersInBetween) {
  const auto result = Judge(Sequence({Pattern("a"), Pattern("b"), Pattern("a")}),
                            {kDeployed, Event("a", seconds(11)), Event("c", seconds(12)),
                             Event("b", seconds(13)), Event("a", seconds(14))});
  EXPECT_EQ(result.outcome, Outcome::kPass);
  EXPECT_THAT(result.events, SizeIs(3));
}

TEST(SequenceTest, FailsInAnotherOrderAndNamesTheStep) {
  const auto result = Judge(Sequence({Pattern("a"), Pattern("b")}),
                            {kDeployed, Event("b", seconds(11)), Event("a", seconds(12))});
  EXPECT_EQ(result.outcome, Outcome::kFail);
  EXPECT_EQ(result.observed, "step 2 of 2 (b) did not follow: seen instead: b ()");
}

TEST(SequenceTest, EventsAtTheSameInstantAreInEitherOrder) {
  EXPECT_EQ(Judge(Sequence({Pattern("a"), Pattern("b")}),
                  {kDeployed, Event("b", seconds(11)), Event("a", seconds(11))})
                .outcome,
            Outcome::kPass);
}

TEST(SequenceTest, NoEventStandsForTwoSteps) {
  const Expectation expectation = Sequence({Pattern("a"), Pattern("a"), Pattern("a")});
  EXPECT_EQ(
      Judge(expectation, {kDeployed, Event("a", seconds(11)), Event("a", seconds(11))}).outcome,
      Outcome::kFail);
  EXPECT_EQ(Judge(expectation, {kDeployed, Event("a", seconds(11)), Event("a", seconds(11)),
                                Event("a", seconds(12))})
                .outcome,
            Outcome::kPass);
}

TEST(SequenceTest, IsInconclusiveWhenTheObservationBrokeOff) {
  EXPECT_EQ(Judge(Sequence({Pattern("a"), Pattern("b")}), {kDeployed, Event("a", seconds(11))},
                  Ending::Kind::kTrouble)
                .outcome,
            Outcome::kInconclusive);
}

// --- measure ------------------------------------------------------------------------------------

TEST(MeasureTest, PassesExactlyAtTheLimitAndFailsOneNanosecondLater) {
  const Measure measure{"m", Pattern("verdict"), Pattern("restored"), seconds(300)};
  const TraceEvent verdict = Event("verdict", seconds(20));
  EXPECT_EQ(Judge(measure, {kDeployed, verdict, Event("restored", seconds(320))}).outcome,
            Outcome::kPass);
  const auto late =
      Judge(measure, {kDeployed, verdict, Event("restored", seconds(320) + kNanosecond)});
  EXPECT_EQ(late.outcome, Outcome::kFail);
  EXPECT_EQ(late.measured->upper, seconds(300) + kNanosecond);
}

TEST(MeasureTest, TheUpperBoundHoldsBothUncertainties) {
  const Measure measure{"m", Pattern("verdict"), Pattern("restored"), seconds(300)};
  const auto result = Judge(measure, {kDeployed, Event("verdict", seconds(20), {}, seconds(1)),
                                      Event("restored", seconds(30), {}, milliseconds(500))});
  ASSERT_TRUE(result.measured);
  EXPECT_EQ(result.measured->lower, milliseconds(9'500));
  EXPECT_EQ(result.measured->upper, seconds(11));
  EXPECT_EQ(result.observed, "10.250 s ± 0.750 s, at most 11.000 s");
}

TEST(MeasureTest, AnUncertainStartCanBreakTheLimit) {
  const Measure measure{"m", Pattern("verdict"), Pattern("restored"), seconds(10)};
  const TraceEvent restored = Event("restored", seconds(30));
  EXPECT_EQ(Judge(measure, {kDeployed, Event("verdict", seconds(20)), restored}).outcome,
            Outcome::kPass);
  EXPECT_EQ(
      Judge(measure, {kDeployed, Event("verdict", seconds(20), {}, kNanosecond), restored}).outcome,
      Outcome::kFail);
}

TEST(MeasureTest, DurationsAreNotNegative) {
  const Measure measure{"m", Pattern("verdict"), Pattern("restored"), seconds(10)};
  const auto result = Judge(measure, {kDeployed, Event("verdict", seconds(20), {}, seconds(1)),
                                      Event("restored", milliseconds(20'100), {}, seconds(1))});
  ASSERT_TRUE(result.measured);
  EXPECT_EQ(result.measured->lower, Nanos(0));
}

TEST(MeasureTest, WhatCouldNotBeMeasuredIsNoPass) {
  const Measure measure{"m", Pattern("verdict"), Pattern("restored"), seconds(10)};
  const auto no_start = Judge(measure, {kDeployed, Event("restored", seconds(20))});
  EXPECT_EQ(no_start.outcome, Outcome::kFail);
  EXPECT_EQ(no_start.observed, "not measured: verdict was not seen");
  EXPECT_FALSE(no_start.measured);
  const auto no_end = Judge(measure, {kDeployed, Event("verdict", seconds(20))});
  EXPECT_EQ(no_end.outcome, Outcome::kFail);
  EXPECT_EQ(no_end.observed, "not measured: restored was not seen");
  EXPECT_EQ(Judge(measure, {kDeployed}, Ending::Kind::kTrouble).outcome, Outcome::kInconclusive);
}

// --- the scenario as a whole --------------------------------------------------------------------

Scenario WithExpectations(std::vector<Expectation> expectations) {
  Scenario scenario;
  scenario.id = "GATE-001";
  scenario.title = "A title";
  scenario.requirements = {"REQ-A"};
  scenario.expectations = std::move(expectations);
  return scenario;
}

TEST(EvaluateTest, IsGreenOnlyIfAllIsGreenAndSeen) {
  const Scenario scenario =
      WithExpectations({Eventually(Pattern("promoted")), Never(Pattern("restored"))});
  const Trace trace = {kDeployed, Event("promoted", seconds(20))};
  const auto green = Evaluate(scenario, trace, Over(Ending::Kind::kUntil));
  EXPECT_EQ(green.outcome, Outcome::kPass);
  EXPECT_EQ(green.reason, "");
  EXPECT_EQ(green.id, "GATE-001");
  EXPECT_EQ(green.title, "A title");
  EXPECT_EQ(green.requirements, scenario.requirements);
  const auto broken = Evaluate(scenario, trace, Over(Ending::Kind::kTrouble, "watch lost"));
  EXPECT_EQ(broken.outcome, Outcome::kInconclusive);
  EXPECT_EQ(broken.reason, "watch lost");
}

TEST(EvaluateTest, TroubleIsNeverAPassEvenIfEveryExpectationIs) {
  const Scenario scenario = WithExpectations({Eventually(Pattern("promoted"))});
  const auto result = Evaluate(scenario, {kDeployed, Event("promoted", seconds(20))},
                               Over(Ending::Kind::kStopped, "stopped"));
  EXPECT_EQ(result.expectations[0].outcome, Outcome::kPass);
  EXPECT_EQ(result.outcome, Outcome::kInconclusive);
}

TEST(EvaluateTest, AFailureOutweighsTroubleAndGivesTheReason) {
  const Scenario scenario =
      WithExpectations({Eventually(Pattern("restored")), Never(Pattern("promoted"))});
  const auto result = Evaluate(scenario, {kDeployed, Event("promoted", seconds(20))},
                               Over(Ending::Kind::kTrouble, "watch lost"));
  EXPECT_EQ(result.outcome, Outcome::kFail);
  EXPECT_EQ(result.reason, "e: expected never promoted; it happened 10.000 s after the deployment");
}

TEST(EvaluateTest, AMissedLimitGivesTheReason) {
  Scenario scenario = WithExpectations({Never(Pattern("promoted"))});
  scenario.measures = {{"rollback", Pattern("verdict"), Pattern("restored"), seconds(5)}};
  const auto result =
      Evaluate(scenario, {kDeployed, Event("verdict", seconds(20)), Event("restored", seconds(26))},
               Over(Ending::Kind::kUntil));
  EXPECT_EQ(result.outcome, Outcome::kFail);
  EXPECT_EQ(result.reason, "rollback: 6.000 s ± 0.000 s, at most 6.000 s; limit 5.000 s");
}

}  // namespace
}  // namespace drill
