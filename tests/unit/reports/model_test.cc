#include "reports/model.h"

#include <gtest/gtest.h>

#include <vector>

#include "gate/base/rng.h"
#include "reports/assess.h"
#include "tests/unit/reports/sample_run.h"

namespace reports {
namespace {

using gate::Nanos;
using std::chrono::seconds;

TEST(ModelTest, FailureIsWorseThanInconclusiveThanNotRunThanPass) {
  EXPECT_EQ(Worse(Outcome::kPass, Outcome::kNotRun), Outcome::kNotRun);
  EXPECT_EQ(Worse(Outcome::kInconclusive, Outcome::kNotRun), Outcome::kInconclusive);
  EXPECT_EQ(Worse(Outcome::kInconclusive, Outcome::kFail), Outcome::kFail);
}

TEST(ModelTest, OutcomesAreReadBackFromTheirNames) {
  for (const Outcome outcome :
       {Outcome::kPass, Outcome::kNotRun, Outcome::kInconclusive, Outcome::kFail}) {
    EXPECT_EQ(ParseOutcome(ToString(outcome)), outcome);
  }
  EXPECT_EQ(ParseOutcome("green"), std::nullopt);
}

TEST(ModelTest, MiddleAndHalfWidthAddUpToTheUpperBound) {
  const Interval odd{Nanos(0), Nanos(3)};
  EXPECT_EQ(odd.Middle() + odd.HalfWidth(), Nanos(3));
}

TEST(ModelTest, WhatIsOverALimitLooksLikeIt) {
  EXPECT_EQ(FormatInterval({seconds(2), seconds(3)}), "2.500 s ± 0.500 s");
  EXPECT_EQ(FormatUpperBound(seconds(300)), "300.000 s");
  EXPECT_EQ(FormatUpperBound(seconds(300) + Nanos(1)), "300.001 s");
  EXPECT_EQ(FormatInterval({seconds(300), seconds(300) + Nanos(1)}), "300.000 s ± 0.001 s");
}

TEST(DecideTest, IsReadyWhenEverythingRequiredPassed) {
  EXPECT_EQ(Decide(GreenRun()), Decision::kReady);
}

TEST(DecideTest, IsNotReadyWhenSomethingRequiredFailed) {
  EXPECT_EQ(Decide(SampleRun()), Decision::kNotReady);
}

TEST(DecideTest, IsIncompleteWithoutAnEndRecordEvenIfSomethingFailed) {
  RunResult run = SampleRun();
  run.finished.reset();
  EXPECT_EQ(Decide(run), Decision::kIncomplete);
}

TEST(DecideTest, IsIncompleteWhenNothingIsRequired) {
  RunResult run = GreenRun();
  run.checklist.clear();
  run.scenarios.front().required = false;
  EXPECT_EQ(Decide(run), Decision::kIncomplete);
  run.scenarios.clear();
  EXPECT_EQ(Decide(run), Decision::kIncomplete);
}

TEST(DecideTest, IsIncompleteWhenARowNamesAScenarioThatIsNotThere) {
  RunResult run = GreenRun();
  run.checklist.push_back({"REQ-X", "Something else", {"GATE-999"}});
  EXPECT_EQ(Decide(run), Decision::kIncomplete);
}

TEST(DecideTest, AnOptionalFailureDoesNotCount) {
  RunResult run = GreenRun();
  run.scenarios.push_back(run.scenarios.front());
  run.scenarios.back().id = "GATE-002";
  run.scenarios.back().required = false;
  run.scenarios.back().outcome = Outcome::kFail;
  EXPECT_EQ(Decide(run), Decision::kReady);
  // Unless the checklist names it.
  run.checklist.push_back({"REQ-X", "Something else", {"GATE-002"}});
  EXPECT_EQ(Decide(run), Decision::kNotReady);
  EXPECT_TRUE(Assess(run).required.back());
}

TEST(DecideTest, WhatIsForAnotherBackendIsNeitherRequiredNorAProof) {
  RunResult run = GreenRun();
  run.scenarios.push_back(run.scenarios.front());
  ScenarioResult& other = run.scenarios.back();
  other.id = "GATE-002";
  other.outcome = Outcome::kNotRun;
  other.applies = false;
  run.checklist.push_back({"REQ-X", "Both", {run.scenarios.front().id, "GATE-002"}});
  EXPECT_FALSE(Assess(run).required.back());
  EXPECT_EQ(Assess(run).rows.back().outcome, Outcome::kPass);
  EXPECT_EQ(Decide(run), Decision::kReady);
  // A row that nothing here can prove is not proven.
  run.checklist.push_back({"REQ-Y", "Only elsewhere", {"GATE-002"}});
  EXPECT_EQ(Assess(run).rows.back().outcome, Outcome::kNotRun);
  EXPECT_EQ(Decide(run), Decision::kIncomplete);
}

TEST(TraceHashTest, IsOneOfAllThatWasSimulated) {
  RunResult run = GreenRun();
  EXPECT_EQ(TraceHashOf(run), "");
  run.scenarios.front().trace_hash = "0123456789abcdef";
  const std::string hash = TraceHashOf(run);
  EXPECT_EQ(hash.size(), 16U);
  run.scenarios.front().trace_hash = "0123456789abcdee";
  EXPECT_NE(TraceHashOf(run), hash);
}

// Over many generated results: never READY while something required is not green.
TEST(DecideTest, IsNeverReadyWhileSomethingRequiredIsNotGreen) {
  gate::Rng rng(7);
  int ready = 0;
  for (int i = 0; i < 5000; ++i) {
    RunResult run = GreenRun();
    run.checklist.clear();
    const ScenarioResult sample = run.scenarios.front();
    run.scenarios.clear();
    if (rng.Below(4) == 0) run.finished.reset();
    bool all_green = run.finished.has_value();
    bool any_required = false;
    const std::uint64_t count = rng.Below(4);
    for (std::uint64_t k = 0; k < count; ++k) {
      ScenarioResult scenario = sample;
      scenario.id = "S-" + std::to_string(k);
      scenario.required = rng.Below(2) == 0;
      scenario.outcome = rng.Below(2) == 0 ? Outcome::kPass : static_cast<Outcome>(rng.Below(4));
      const bool listed = rng.Below(3) == 0;
      if (listed) run.checklist.push_back({"R-" + std::to_string(k), "", {scenario.id}});
      const bool required = scenario.required || listed;
      any_required = any_required || required;
      all_green = all_green && (!required || scenario.outcome == Outcome::kPass);
      run.scenarios.push_back(scenario);
    }
    EXPECT_EQ(Decide(run) == Decision::kReady, all_green && any_required);
    ready += Decide(run) == Decision::kReady ? 1 : 0;
  }
  EXPECT_GT(ready, 100);  // it is not vacuous
}

TEST(CountTest, CountsTheRequiredScenariosByOutcome) {
  const Completeness count = Assess(SampleRun()).scenarios;
  EXPECT_EQ(count.required, 4);
  EXPECT_EQ(count.passed, 1);
  EXPECT_EQ(count.failed, 1);
  EXPECT_EQ(count.inconclusive, 1);
  EXPECT_EQ(count.not_run, 1);
}

TEST(WorstMeasureTest, IsTheOneWithTheLargestUpperBound) {
  const RunResult run = SampleRun();
  const auto worst = WorstMeasure(run);
  ASSERT_TRUE(worst);
  EXPECT_EQ(worst->measure->measured->upper, seconds(300) + Nanos(1));
  EXPECT_EQ(worst->scenario->id, "GATE-002");
  EXPECT_FALSE(WorstMeasure(RunResult()));
}

}  // namespace
}  // namespace reports
