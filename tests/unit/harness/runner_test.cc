#include "harness/runner/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reports/assess.h"
#include "reports/records.h"
#include "tests/support/baton_runtime.h"
#include "tests/unit/harness/fake_backend.h"

namespace drill {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Nanos;
using reports::Outcome;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

Scenario AScenario(const std::string& id) {
  auto scenario = ParseScenario(
      "apiVersion: drill/v1\nkind: Scenario\nid: " + id +
          "\ntitle: t\nworld:\n  releases: {stable: shop-1.4.0, canary: shop-1.5.0}\n  mc: {}\n"
          "until: [{event: promoted}]\nexpect: [{id: e, eventually: {event: promoted}}]\n",
      id + ".yaml");
  GATE_CHECK(scenario.has_value());
  return *std::move(scenario);
}

class RunnerTest : public testing::Test {
 protected:
  RunnerTest() {
    for (const char* id : {"A-1", "A-2", "A-3", "A-4"}) {
      set_.scenarios.push_back(AScenario(id));
      backend_.scripts[id] = Promotes();
    }
  }

  // Plays all scenarios and returns what the journal tells.
  reports::RunResult RunAll(int jobs) {
    const std::vector<std::size_t> selected = {0, 1, 2, 3};
    reports::RunResult head;
    head.backend = "kind";
    DescribeScenarios(set_, selected, {}, head);
    recorder_.RunStart(head);
    RunOptions options;
    options.jobs = jobs;
    const gate::Instant began = runtime_.Now();
    ran_ = RunScenarios(set_, selected, backend_, runtime_, recorder_, options, stop_.get_token());
    took_ = runtime_.Now() - began;
    recorder_.RunEnd();
    auto run = reports::BuildRunResult(journal_.Content());
    GATE_CHECK(run.has_value());
    return *std::move(run);
  }

  std::vector<Outcome> Outcomes(const reports::RunResult& run) {
    std::vector<Outcome> outcomes;
    for (const auto& scenario : run.scenarios) outcomes.push_back(scenario.outcome);
    return outcomes;
  }

  ScenarioSet set_;
  test_support::BatonRuntime runtime_;
  FakeBackend backend_{runtime_};
  MemoryJournal journal_;
  MemoryView view_;
  std::stop_source stop_;
  Recorder recorder_{journal_, view_, runtime_, stop_};
  gate::Result<void> ran_;
  Nanos took_{0};
};

TEST_F(RunnerTest, PlaysAllScenariosAndTakesTheBackendDown) {
  const auto run = RunAll(1);
  EXPECT_TRUE(ran_);
  EXPECT_THAT(Outcomes(run),
              ElementsAre(Outcome::kPass, Outcome::kPass, Outcome::kPass, Outcome::kPass));
  EXPECT_EQ(run.facts["kubernetes"], "v1.34.4");
  EXPECT_EQ(backend_.started, 1);
  EXPECT_EQ(backend_.stopped, 1);
  EXPECT_EQ(backend_.most_stages, 1);
  EXPECT_EQ(took_, 4 * seconds(27));
  EXPECT_TRUE(run.finished);
}

TEST_F(RunnerTest, PlaysAsManyAtATimeAsAllowed) {
  RunAll(2);
  EXPECT_EQ(backend_.most_stages, 2);
  EXPECT_EQ(took_, 2 * seconds(27));
}

TEST_F(RunnerTest, StartsNoMoreWorkersThanScenarios) {
  RunAll(50);
  EXPECT_EQ(backend_.most_stages, 4);
  EXPECT_EQ(took_, seconds(27));
}

TEST_F(RunnerTest, WhatDisturbsOthersIsPlayedAloneAndLast) {
  const TimelineEntry restart{EventPattern{"never-seen", {}}, Nanos(0), Command::kRestartController,
                              1};
  set_.scenarios[0].timeline = {restart};
  set_.scenarios[1].timeline = {restart};
  const auto run = RunAll(50);
  EXPECT_EQ(backend_.most_stages, 2);
  EXPECT_EQ(took_, 3 * seconds(27));
  EXPECT_EQ(*run.scenarios[2].started, *run.scenarios[3].started);
  EXPECT_EQ(*run.scenarios[0].started - *run.scenarios[2].started, seconds(27));
  EXPECT_EQ(*run.scenarios[1].started - *run.scenarios[0].started, seconds(27));
}

TEST_F(RunnerTest, OneFailureDoesNotDisturbTheOthers) {
  backend_.scripts["A-2"].prepare = Error{ErrorCode::kUnavailable, "no"};
  const auto run = RunAll(2);
  EXPECT_THAT(Outcomes(run),
              ElementsAre(Outcome::kPass, Outcome::kInconclusive, Outcome::kPass, Outcome::kPass));
}

TEST_F(RunnerTest, ABackendThatDoesNotStartPlaysNothingAndIsTakenDown) {
  backend_.start_error = Error{ErrorCode::kInvalidArgument, "Docker does not answer"};
  const auto run = RunAll(2);
  ASSERT_FALSE(ran_);
  EXPECT_EQ(ran_.error().message, "Docker does not answer");
  EXPECT_EQ(run.trouble, "starting kind: Docker does not answer");
  EXPECT_THAT(Outcomes(run),
              ElementsAre(Outcome::kNotRun, Outcome::kNotRun, Outcome::kNotRun, Outcome::kNotRun));
  EXPECT_EQ(backend_.stopped, 1);
  EXPECT_EQ(backend_.most_stages, 0);
  EXPECT_EQ(reports::Decide(run), reports::Decision::kIncomplete);
}

TEST_F(RunnerTest, ABackendThatIsNotTakenDownIsATrouble) {
  backend_.stop_error = Error{ErrorCode::kUnavailable, "the cluster is still there"};
  const auto run = RunAll(2);
  EXPECT_TRUE(ran_);
  EXPECT_EQ(run.trouble, "taking kind down: the cluster is still there");
}

TEST_F(RunnerTest, AfterAStopNothingBeginsAndEverythingIsRemoved) {
  const auto stopper = runtime_.Spawn("stopper", [this] {
    runtime_.Sleep({runtime_.Now() + seconds(30)});  // in the second of four
    stop_.request_stop();
  });
  const auto run = RunAll(1);
  EXPECT_THAT(Outcomes(run), ElementsAre(Outcome::kPass, Outcome::kInconclusive, Outcome::kNotRun,
                                         Outcome::kNotRun));
  EXPECT_EQ(took_, seconds(30));
  EXPECT_EQ(backend_.logs["A-2"].removed, 1);
  EXPECT_EQ(backend_.logs.count("A-3"), 0U);
  EXPECT_EQ(backend_.stopped, 1);
  EXPECT_EQ(reports::Decide(run), reports::Decision::kIncomplete);
}

TEST_F(RunnerTest, AJournalThatCannotBeWrittenEndsTheRunAndCleansUp) {
  journal_.fails_from = 10;
  const std::vector<std::size_t> selected = {0, 1, 2, 3};
  EXPECT_TRUE(
      RunScenarios(set_, selected, backend_, runtime_, recorder_, RunOptions{}, stop_.get_token()));
  EXPECT_TRUE(recorder_.failure());
  EXPECT_EQ(backend_.stages, 0);
  EXPECT_EQ(backend_.stopped, 1);
}

// --- Selection ----------------------------------------------------------------------------------

TEST_F(RunnerTest, SelectsWhatIsAskedForAndWhatTheBackendCanPlay) {
  set_.scenarios[1].backends = {"sim"};
  EXPECT_THAT(*SelectScenarios(set_, {}, "kind"), ElementsAre(0, 2, 3));
  EXPECT_THAT(*SelectScenarios(set_, {"A-3", "A-1"}, "kind"), ElementsAre(0, 2));
  EXPECT_THAT(*SelectScenarios(set_, {}, "sim"), ElementsAre(0, 1, 2, 3));
}

TEST_F(RunnerTest, RefusesUnknownIdsAndEmptySelections) {
  const auto unknown = SelectScenarios(set_, {"A-1", "A-9"}, "kind");
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message, HasSubstr("there is no scenario \"A-9\"; did you mean"));
  const auto nothing = SelectScenarios(set_, {}, "cluster");
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().message, "no scenario to play on backend cluster");
}

TEST_F(RunnerTest, WhatIsNotSelectedSaysWhy) {
  set_.scenarios[1].backends = {"sim"};
  set_.checklist = {{"REQ-A", "text", {"A-1"}}};
  reports::RunResult head;
  head.backend = "kind";
  DescribeScenarios(set_, {0}, {"A-1", "A-2"}, head);
  ASSERT_EQ(head.scenarios.size(), 4U);
  EXPECT_TRUE(head.scenarios[0].selected);
  EXPECT_EQ(head.scenarios[1].reason, "not for backend kind");
  EXPECT_FALSE(head.scenarios[1].applies);
  EXPECT_EQ(head.scenarios[2].reason, "not selected");
  EXPECT_TRUE(head.scenarios[2].applies);
  EXPECT_FALSE(head.scenarios[2].selected);
  ASSERT_EQ(head.checklist.size(), 1U);
  EXPECT_EQ(head.checklist[0].id, "REQ-A");
}

}  // namespace
}  // namespace drill
