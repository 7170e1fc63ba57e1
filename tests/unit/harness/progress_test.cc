#include "harness/runner/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/runner/summary.h"
#include "tests/support/baton_runtime.h"

namespace drill {
namespace {

using reports::Outcome;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;

reports::ScenarioResult AResult(const std::string& id, Outcome outcome, std::string reason = "") {
  reports::ScenarioResult result;
  result.id = id;
  result.title = "A title";
  result.outcome = outcome;
  result.reason = std::move(reason);
  result.duration = milliseconds(12'340);
  result.started = gate::WallTime();
  return result;
}

class ProgressTest : public testing::Test {
 protected:
  TextSink Sink() {
    return [this](std::string_view text) { pieces_.emplace_back(text); };
  }
  void Wait(gate::Nanos time) { runtime_.Sleep({runtime_.Now() + time}); }

  test_support::BatonRuntime runtime_;
  std::vector<std::string> pieces_;
};

TEST_F(ProgressTest, PlainOutputIsALinePerChange) {
  PlainProgress progress(Sink(), runtime_);
  progress.OnRun("kind: creating the cluster");
  Wait(seconds(2));
  progress.OnScenario("GATE-001", "observing");
  progress.OnScenarioEnd(AResult("GATE-001", Outcome::kPass));
  EXPECT_THAT(pieces_, ElementsAre("[   0.0 s] kind: creating the cluster\n",
                                   "[   2.0 s] GATE-001: observing\n",
                                   "[   2.0 s] passed       GATE-001     12.3 s  A title\n"));
}

TEST_F(ProgressTest, NothingThatComesFromOutsideSteersTheTerminal) {
  PlainProgress progress(Sink(), runtime_);
  progress.OnScenario("GATE-001", "verdict \x1b[2J\n");
  EXPECT_THAT(pieces_, ElementsAre("[   0.0 s] GATE-001: verdict \uFFFD[2J \n"));
}

TEST_F(ProgressTest, LiveLinesAreRedrawnInPlaceAndEndsStay) {
  {
    LiveProgress progress(Sink(), runtime_, [] { return 80; });
    progress.OnScenario("GATE-001", "preparing");
    progress.OnScenario("GATE-002", "preparing");
    progress.OnScenario("GATE-001", "observing");
    progress.OnScenarioEnd(AResult("GATE-001", Outcome::kFail, "it did not work"));
  }
  EXPECT_THAT(pieces_, ElementsAre("...          GATE-001      0.0 s  preparing\n",
                                   "\x1b[1A\x1b[J"
                                   "...          GATE-001      0.0 s  preparing\n"
                                   "...          GATE-002      0.0 s  preparing\n",
                                   "\x1b[2A\x1b[J"
                                   "...          GATE-001      0.0 s  observing\n"
                                   "...          GATE-002      0.0 s  preparing\n",
                                   "\x1b[2A\x1b[J"
                                   "failed       GATE-001     12.3 s  it did not work\n"
                                   "...          GATE-002      0.0 s  preparing\n",
                                   "\x1b[1A\x1b[J"));
}

TEST_F(ProgressTest, LiveLinesShowTheTimeSinceTheScenarioBegan) {
  LiveProgress progress(Sink(), runtime_, [] { return 80; });
  progress.OnScenario("GATE-001", "preparing");
  Wait(milliseconds(1100));
  EXPECT_EQ(pieces_.back(),
            "\x1b[1A\x1b[J"
            "...          GATE-001      1.0 s  preparing\n");
}

TEST_F(ProgressTest, LiveLinesDoNotWrap) {
  LiveProgress progress(Sink(), runtime_, [] { return 50; });
  progress.OnScenario("GATE-001", std::string(200, 'x'));
  EXPECT_LT(pieces_.back().size(), 52U);
  EXPECT_THAT(pieces_.back(), EndsWith("…\n"));
}

TEST_F(ProgressTest, TheRunsPhaseIsShownWhileNoScenarioRuns) {
  LiveProgress progress(Sink(), runtime_, [] { return 80; });
  progress.OnRun("kind: creating the cluster");
  EXPECT_EQ(pieces_.back(), "...          kind: creating the cluster (0.0 s)\n");
}

TEST_F(ProgressTest, ManyScenariosDoNotFillTheScreen) {
  LiveProgress progress(Sink(), runtime_, [] { return 80; });
  for (int i = 10; i < 40; ++i) progress.OnScenario("GATE-0" + std::to_string(i), "preparing");
  EXPECT_THAT(pieces_.back(), HasSubstr("... and 10 more\n"));
}

// --- Summary ------------------------------------------------------------------------------------

reports::RunResult ARun(std::vector<reports::ScenarioResult> scenarios) {
  reports::RunResult run;
  run.finished = gate::WallTime();
  run.scenarios = std::move(scenarios);
  return run;
}

TEST(SummaryTest, EndsWithTheCountAloneOnALine) {
  auto measured = AResult("GATE-001", Outcome::kPass);
  measured.measures = {{"rollback", "", seconds(300), Outcome::kPass,
                        reports::Interval{seconds(2), seconds(3)}, ""}};
  auto skipped = AResult("GATE-010", Outcome::kNotRun, "not selected");
  skipped.selected = false;
  skipped.started.reset();
  const std::string text =
      Summarize(ARun({measured, AResult("GATE-002", Outcome::kFail, "why"),
                      AResult("GATE-003", Outcome::kInconclusive, "lost"), skipped}));
  EXPECT_EQ(text,
            "\n"
            "GATE-001  passed         12.340 s  rollback 2.500 s ± 0.500 s\n"
            "GATE-002  failed         12.340 s\n"
            "GATE-003  inconclusive   12.340 s\n"
            "GATE-010  skipped\n"
            "\n"
            "GATE-002 failed: why\n"
            "GATE-003 inconclusive: lost\n"
            "\n"
            "NOT READY\n"
            "1 passed, 2 failed, 1 skipped\n");
}

TEST(SummaryTest, AGreenRunIsShort) {
  EXPECT_EQ(Summarize(ARun({AResult("GATE-001", Outcome::kPass)})),
            "\nGATE-001  passed         12.340 s\n\nREADY\n1 passed, 0 failed\n");
}

TEST(SummaryTest, NamesTheTroubleOfTheRun) {
  reports::RunResult run = ARun({AResult("GATE-001", Outcome::kPass)});
  run.trouble = "the cluster is still there";
  EXPECT_THAT(Summarize(run), HasSubstr("\nTrouble: the cluster is still there\n"));
}

TEST(ExitCodeTest, TellsFailuresFromInconclusiveOnes) {
  const auto pass = AResult("A", Outcome::kPass);
  EXPECT_EQ(ExitCodeOf(ARun({pass})), ExitCode::kPass);
  EXPECT_EQ(ExitCodeOf(ARun({pass, AResult("B", Outcome::kInconclusive)})),
            ExitCode::kInconclusive);
  EXPECT_EQ(ExitCodeOf(ARun({pass, AResult("B", Outcome::kNotRun)})), ExitCode::kInconclusive);
  EXPECT_EQ(ExitCodeOf(ARun({AResult("B", Outcome::kInconclusive), AResult("C", Outcome::kFail)})),
            ExitCode::kFail);
}

TEST(ExitCodeTest, WhatWasNotAskedForDoesNotCount) {
  auto skipped = AResult("B", Outcome::kNotRun);
  skipped.selected = false;
  EXPECT_EQ(ExitCodeOf(ARun({AResult("A", Outcome::kPass), skipped})), ExitCode::kPass);
}

TEST(ExitCodeTest, TroubleAndAMissingEndAreInconclusive) {
  reports::RunResult run = ARun({AResult("A", Outcome::kPass)});
  run.trouble = "the cluster is still there";
  EXPECT_EQ(ExitCodeOf(run), ExitCode::kInconclusive);
  run.trouble.clear();
  run.finished.reset();
  EXPECT_EQ(ExitCodeOf(run), ExitCode::kInconclusive);
}

TEST(ExitCodeTest, AReportIsJudgedByItsDecision) {
  EXPECT_EQ(ExitCodeOf(reports::Decision::kReady), ExitCode::kPass);
  EXPECT_EQ(ExitCodeOf(reports::Decision::kNotReady), ExitCode::kFail);
  EXPECT_EQ(ExitCodeOf(reports::Decision::kIncomplete), ExitCode::kInconclusive);
}

}  // namespace
}  // namespace drill
