#include "reports/history/diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reports/render.h"
#include "tests/unit/reports/sample_run.h"

namespace reports {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

RunSummary ARun() {
  return SummarizeReport(gate::ParseStrictJson(RenderJson(SampleRun())).value()).value();
}

// "worse row REQ-A: passed -> failed"
std::string Brief(const RunSummary& before, const RunSummary& after) {
  std::string lines;
  for (const Difference& each : Compare(before, after)) {
    lines += std::string(ToString(each.turn)) + " " + each.id + ": " + each.before + " -> " +
             each.after + "\n";
  }
  return lines;
}

TEST(DiffTest, ARunDoesNotDifferFromItself) {
  EXPECT_EQ(Brief(ARun(), ARun()), "");
  EXPECT_FALSE(IsWorse({}));
  EXPECT_THAT(RenderText(ARun(), ARun(), {}), HasSubstr("no difference\n"));
}

TEST(DiffTest, OutcomesBecomeBetterOrWorse) {
  RunSummary after = ARun();
  after.rows[0].outcome = Outcome::kPass;
  after.rows[1].outcome = Outcome::kNotRun;
  after.scenarios[0].outcome = Outcome::kInconclusive;
  EXPECT_EQ(Brief(ARun(), after),
            "worse REQ-ROLLBACK-5MIN: passed -> not run\n"
            "worse GATE-001: passed -> inconclusive\n"
            "better REQ-PROMOTE: failed -> passed\n");
  EXPECT_TRUE(IsWorse(Compare(ARun(), after)));
  EXPECT_EQ(Brief(after, ARun()),
            "worse REQ-PROMOTE: passed -> failed\n"
            "better REQ-ROLLBACK-5MIN: not run -> passed\n"
            "better GATE-001: inconclusive -> passed\n");
}

TEST(DiffTest, TheDecisionComesFirst) {
  RunSummary after = ARun();
  after.decision = "READY";
  EXPECT_EQ(Brief(ARun(), after), "better decision: NOT READY -> READY\n");
  EXPECT_EQ(Brief(after, ARun()), "worse decision: READY -> NOT READY\n");
  after.decision = "INCOMPLETE";
  EXPECT_EQ(Brief(ARun(), after), "better decision: NOT READY -> INCOMPLETE\n");
}

TEST(DiffTest, ScenariosComeAndGo) {
  RunSummary after = ARun();
  after.scenarios.erase(after.scenarios.begin() + 3, after.scenarios.end());  // one was optional
  after.scenarios.push_back({"GATE-009", "", "", true, Outcome::kPass, ""});
  EXPECT_EQ(Brief(ARun(), after),
            "worse GATE-004: not run -> \n"
            "other GATE-005: not run -> \n"
            "other GATE-009:  -> passed\n");
  EXPECT_THAT(RenderText(ARun(), after, Compare(ARun(), after)),
              HasSubstr("worse   scenario  GATE-004: gone; it was not run\n"));
}

TEST(DiffTest, TimesDifferOnlyBeyondTheirUncertainty) {
  RunSummary before = ARun();
  RunSummary after = ARun();
  before.measures[0].measured = Interval{seconds(10), seconds(20)};
  after.measures[0].measured = Interval{seconds(20), seconds(30)};
  EXPECT_EQ(Brief(before, after), "");
  after.measures[0].measured->lower += gate::Nanos(1);
  EXPECT_THAT(Brief(before, after), StartsWith("worse GATE-001 rollback: 15.000 s ± 5.000 s -> "));
  EXPECT_THAT(Brief(after, before), StartsWith("better GATE-001 rollback: "));
  after.measures[0].measured.reset();
  EXPECT_EQ(Brief(before, after), "other GATE-001 rollback: 15.000 s ± 5.000 s -> not measured\n");
}

TEST(DiffTest, JsonHoldsTheSame) {
  RunSummary after = ARun();
  after.run_id = "other";
  after.rows[1].outcome = Outcome::kFail;
  const gate::Json json = ToJson(ARun(), after, Compare(ARun(), after));
  EXPECT_EQ(json.at("worse"), true);
  EXPECT_EQ(json.at("after").at("runId"), "other");
  EXPECT_EQ(json.at("differences").at(0).at("id"), "REQ-ROLLBACK-5MIN");
  EXPECT_EQ(json.at("differences").at(0).at("of"), "row");
}

}  // namespace
}  // namespace reports
