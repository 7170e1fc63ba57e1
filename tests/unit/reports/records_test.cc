#include "reports/records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reports/assess.h"
#include "reports/render.h"
#include "tests/unit/reports/sample_run.h"

namespace reports {
namespace {

using gate::Json;
using testing::HasSubstr;

JournalContent Parse(const std::string& text) {
  auto content = ParseJournal(text);
  GATE_CHECK(content.has_value());
  return *std::move(content);
}

RunResult Rebuild(const JournalContent& content) {
  auto run = BuildRunResult(content);
  GATE_CHECK(run.has_value());
  return *std::move(run);
}

TEST(RecordsTest, TheResultIsRebuiltFromTheJournalAlone) {
  const RunResult original = SampleRun();
  RunResult rebuilt = Rebuild(Parse(JournalOf(original)));
  EXPECT_EQ(rebuilt.journal_records, 18);
  EXPECT_EQ(rebuilt.journal_head.size(), 64U);
  rebuilt.journal_records = 0;
  rebuilt.journal_head.clear();
  EXPECT_EQ(RenderJson(rebuilt), RenderJson(original));
}

TEST(RecordsTest, WhereverTheJournalEndsTheRunIsIncomplete) {
  JournalContent content = Parse(JournalOf(GreenRun()));
  ASSERT_EQ(Decide(Rebuild(content)), Decision::kReady);
  while (!content.records.empty()) {
    content.records.pop_back();
    const RunResult run = Rebuild(content);
    EXPECT_EQ(Decide(run), Decision::kIncomplete) << content.records.size() << " records";
    EXPECT_FALSE(RenderMarkdown(run).empty());
  }
}

TEST(RecordsTest, AScenarioThatDidNotEndIsInconclusiveAndKeepsWhatWasSeen) {
  JournalContent content = Parse(JournalOf(GreenRun()));
  content.records.resize(content.records.size() - 2);  // its end and the run's
  const RunResult run = Rebuild(content);
  ASSERT_EQ(run.scenarios.size(), 1U);
  EXPECT_EQ(run.scenarios[0].outcome, Outcome::kInconclusive);
  EXPECT_EQ(run.scenarios[0].reason, "the run ended before this scenario did");
  EXPECT_EQ(run.scenarios[0].timeline.size(), 5U);
}

TEST(RecordsTest, AScenarioThatDidNotBeginIsNotRun) {
  JournalContent content = Parse(JournalOf(GreenRun()));
  content.records.resize(2);
  const RunResult run = Rebuild(content);
  ASSERT_EQ(run.scenarios.size(), 1U);
  EXPECT_EQ(run.scenarios[0].outcome, Outcome::kNotRun);
  EXPECT_EQ(run.scenarios[0].reason, "the run ended before this scenario began");
}

TEST(RecordsTest, TheTimelineIsOrderedByWhenThingsHappened) {
  RunResult run = GreenRun();
  std::swap(run.scenarios[0].timeline.front(), run.scenarios[0].timeline.back());
  const RunResult rebuilt = Rebuild(Parse(JournalOf(run)));
  EXPECT_EQ(rebuilt.scenarios[0].timeline.front().name, "rollout.phase");
  EXPECT_EQ(rebuilt.scenarios[0].timeline.back().name, "restored");
}

// The error of a journal whose record `index` is changed by `change`.
std::string ErrorOf(std::size_t index, const std::function<void(Json&)>& change) {
  JournalContent content = Parse(JournalOf(GreenRun()));
  change(content.records.at(index));
  const auto run = BuildRunResult(content);
  if (run) return "";
  EXPECT_EQ(run.error().code, gate::ErrorCode::kProtocol);
  return run.error().message;
}

TEST(RecordsTest, RefusesRecordsThatContradictEachOther) {
  EXPECT_THAT(ErrorOf(0, [](Json& record) { record["kind"] = "run.end"; }),
              HasSubstr("record 1: run.end before run.start"));
  EXPECT_THAT(ErrorOf(2, [](Json& record) { record["id"] = "GATE-999"; }),
              HasSubstr("record 3: scenario GATE-999 was not announced"));
  EXPECT_THAT(ErrorOf(2, [](Json& record) { record["kind"] = "scenario.phase"; }),
              HasSubstr("record 3: scenario GATE-001 has not been started"));
  EXPECT_THAT(ErrorOf(2, [](Json& record) { record["kind"] = "run.end"; }),
              HasSubstr("record 4: scenario.phase after run.end"));
  EXPECT_THAT(ErrorOf(0, [](Json& record) { record["seed"] = "many"; }),
              HasSubstr("\"seed\" is not a number as text"));
  EXPECT_THAT(ErrorOf(0, [](Json& record) { record["started"] = 1, record.erase("time"); }),
              HasSubstr("\"time\" is not a text"));
  EXPECT_THAT(
      ErrorOf(0, [](Json& record) { record["scenarios"].push_back(record["scenarios"][0]); }),
      HasSubstr("scenario GATE-001 is listed twice"));
}

TEST(RecordsTest, SkipsKindsOfRecordsThatItDoesNotKnow) {
  EXPECT_EQ(ErrorOf(3, [](Json& record) { record["kind"] = "scenario.fault"; }), "");
}

TEST(RepetitionTest, TheWorstTimeCountsAndWhatIsMissingIsNoPass) {
  RunResult run = GreenRun();
  run.repeat = 3;
  auto& repetitions = run.scenarios.front().repetitions;
  repetitions = {{3, Outcome::kPass, "", gate::Nanos(1), {}, ""}};
  const auto rebuild = [&] {
    const auto content = ParseJournal(JournalOf(run));
    return *BuildRunResult(*content);
  };
  EXPECT_EQ(rebuild().scenarios.front().outcome, Outcome::kInconclusive);
  EXPECT_EQ(rebuild().scenarios.front().reason, "played 2 of 3 times");
  repetitions.push_back({2, Outcome::kPass, "", gate::Nanos(1), {}, ""});
  EXPECT_EQ(Decide(rebuild()), Decision::kReady);
  EXPECT_EQ(rebuild().scenarios.front().repetitions.front().number, 2);
  repetitions.back().outcome = Outcome::kFail;
  repetitions.back().reason = "late";
  EXPECT_EQ(Decide(rebuild()), Decision::kNotReady);
  EXPECT_EQ(rebuild().scenarios.front().reason, "time 2: late");
}

TEST(RepetitionTest, OneThatWasNotAskedForContradictsTheRun) {
  RunResult run = GreenRun();
  run.repeat = 2;
  for (const int number : {1, 3}) {
    run.scenarios.front().repetitions = {{number, Outcome::kPass, "", gate::Nanos(1), {}, ""}};
    const auto content = ParseJournal(JournalOf(run));
    EXPECT_FALSE(BuildRunResult(*content));
  }
}

// Whatever the model holds comes back from the journal.
TEST(RecordsTest, EverythingThatIsToldBeforeAndAfterTheScenariosComesBack) {
  const RunResult run = RunWithTextEverywhere("x");
  const auto content = ParseJournal(JournalOf(run));
  auto back = BuildRunResult(*content);
  ASSERT_TRUE(back) << back.error().message;
  back->journal_records = run.journal_records;
  back->journal_head = run.journal_head;
  EXPECT_EQ(RenderJson(*back), RenderJson(run));
}

}  // namespace
}  // namespace reports
