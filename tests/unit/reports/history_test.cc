#include "reports/history/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "reports/file_io.h"
#include "reports/render.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/reports/sample_run.h"

namespace reports {
namespace {

using gate::ErrorCode;
using gate::Nanos;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// As its report tells it.
RunSummary SummaryOf(const RunResult& run) {
  const auto summary = SummarizeReport(gate::ParseStrictJson(RenderJson(run)).value());
  EXPECT_TRUE(summary) << summary.error().message;
  return *summary;
}

// The sample, `number` hours later, at another commit.
RunResult ARun(int number, Outcome promote = Outcome::kFail) {
  RunResult run = SampleRun();
  run.run_id = "run-" + std::to_string(number);
  run.started += hours(number);
  run.git_commit = "commit-" + std::to_string(number);
  run.scenarios[1].outcome = promote;
  return run;
}

class HistoryTest : public ::testing::Test {
 protected:
  std::string Path() const { return folder_.path() + "/history.sqlite"; }

  std::unique_ptr<History> Open() const {
    auto history = History::Open(Path(), History::Missing::kCreate);
    EXPECT_TRUE(history) << history.error().message;
    return *std::move(history);
  }
  gate::Error OpenFailure() const {
    const auto history = History::Open(Path(), History::Missing::kCreate);
    EXPECT_FALSE(history);
    return history ? gate::Error{ErrorCode::kCancelled, ""} : history.error();
  }

  static void Record(History& history, const RunResult& run) {
    const auto recorded = history.Record(SummaryOf(run));
    ASSERT_TRUE(recorded) << recorded.error().message;
    EXPECT_TRUE(*recorded);
  }

  test_support::TempFolder folder_;
};

TEST(RunSummaryTest, HoldsWhatTheReportSays) {
  const RunSummary run = SummaryOf(SampleRun());
  EXPECT_EQ(run.run_id, "20260301T120000Z-0000abcd");
  EXPECT_EQ(run.decision, "NOT READY");
  EXPECT_EQ(run.backend, "kind");
  ASSERT_EQ(run.rows.size(), 2U);
  EXPECT_EQ(run.rows[0].id, "REQ-PROMOTE");
  EXPECT_EQ(run.rows[0].outcome, Outcome::kFail);
  EXPECT_EQ(run.scenarios.size(), 5U);
  ASSERT_NE(run.Worst(), nullptr);
  EXPECT_EQ(run.Worst()->scenario, "GATE-002");
  EXPECT_EQ(run.Worst()->measured->upper, seconds(300) + Nanos(1));
}

TEST(RunSummaryTest, NamesWhatIsWrong) {
  gate::Json report = gate::ParseStrictJson(RenderJson(SampleRun())).value();
  report["scenarios"][0]["outcome"] = "fine";
  const auto summary = SummarizeReport(report);
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().message, "scenarios: \"outcome\" is not an outcome");
}

TEST_F(HistoryTest, WhatIsRecordedIsLoadedAgain) {
  const RunSummary run = SummaryOf(SampleRun());
  Record(*Open(), SampleRun());
  const auto loaded = Open()->Load(run.run_id);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->started, run.started);
  EXPECT_EQ(loaded->program, run.program);
  EXPECT_EQ(loaded->git_commit, run.git_commit);
  EXPECT_EQ(loaded->decision, run.decision);
  ASSERT_EQ(loaded->rows.size(), run.rows.size());
  EXPECT_EQ(loaded->rows[1].outcome, run.rows[1].outcome);
  ASSERT_EQ(loaded->scenarios.size(), run.scenarios.size());
  EXPECT_EQ(loaded->scenarios[1].reason, run.scenarios[1].reason);
  EXPECT_FALSE(loaded->scenarios[4].required);
  ASSERT_EQ(loaded->measures.size(), run.measures.size());
  EXPECT_EQ(loaded->measures[0].measured->upper, run.measures[0].measured->upper);
  EXPECT_FALSE(loaded->measures[2].measured);
}

TEST_F(HistoryTest, ARunIsRememberedOnce) {
  const auto history = Open();
  Record(*history, ARun(1));
  const auto again = history->Record(SummaryOf(ARun(1)));
  ASSERT_TRUE(again);
  EXPECT_FALSE(*again);
  RunSummary other = SummaryOf(ARun(1));
  other.journal_head = std::string(64, 'f');
  const auto conflict = history->Record(other);
  ASSERT_FALSE(conflict);
  EXPECT_EQ(conflict.error().code, ErrorCode::kConflict);
  EXPECT_EQ(history->Runs("", 9)->size(), 1U);
}

TEST_F(HistoryTest, RunsAreListedNewestFirst) {
  const auto history = Open();
  for (const int number : {2, 1, 3}) Record(*history, ARun(number));
  RunResult simulated = ARun(4);
  simulated.backend = "sim";
  Record(*history, simulated);
  const auto ids = [&](const std::string& backend, std::size_t most) {
    std::vector<std::string> found;
    const auto runs = history->Runs(backend, most).value();
    for (const RunHead& run : runs) found.push_back(run.run_id);
    return found;
  };
  EXPECT_THAT(ids("", 9), ElementsAre("run-4", "run-3", "run-2", "run-1"));
  EXPECT_THAT(ids("kind", 2), ElementsAre("run-3", "run-2"));
  EXPECT_THAT(ids("cluster", 2), IsEmpty());
  EXPECT_THAT(*history->Backends(), ElementsAre("kind", "sim"));
}

TEST_F(HistoryTest, ARowTellsSinceWhichCommitItIsRed) {
  const auto history = Open();
  Record(*history, ARun(1, Outcome::kPass));
  Record(*history, ARun(2, Outcome::kFail));
  Record(*history, ARun(3, Outcome::kFail));
  // The newest run did not look at it, which proves nothing.
  Record(*history, ARun(4, Outcome::kNotRun));
  const auto rows = history->Rows("kind");
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 2U);
  const RowHistory& red = rows->front();
  EXPECT_EQ(red.row, "REQ-PROMOTE");
  EXPECT_EQ(red.now, Outcome::kNotRun);
  EXPECT_EQ(red.proven, Outcome::kFail);
  EXPECT_EQ(red.since_commit, "commit-2");
  EXPECT_EQ(red.since_run, "run-2");
  EXPECT_EQ(red.since, ARun(2).started);
  EXPECT_EQ(red.runs, 2);
  EXPECT_EQ(red.before_commit, "commit-1");
  const RowHistory& green = rows->back();
  EXPECT_EQ(green.row, "REQ-ROLLBACK-5MIN");
  EXPECT_EQ(green.proven, Outcome::kPass);
  EXPECT_EQ(green.since_commit, "commit-1");
  EXPECT_EQ(green.runs, 4);
  EXPECT_EQ(green.before_run, "");
}

TEST_F(HistoryTest, ARowThatWasNeverProvenSaysSo) {
  const auto history = Open();
  Record(*history, ARun(1, Outcome::kInconclusive));
  EXPECT_EQ(history->Rows("kind")->front().proven, std::nullopt);
  EXPECT_THAT(*history->Rows("sim"), IsEmpty());
}

TEST_F(HistoryTest, TheTrendIsOfTheWorstRollbackOldestFirst) {
  const auto history = Open();
  for (const int number : {1, 2, 3}) {
    RunResult run = ARun(number);
    run.scenarios[1].measures[0].measured = Interval{seconds(number), seconds(number + 100)};
    if (number == 2) {
      for (ScenarioResult& scenario : run.scenarios) scenario.measures.clear();
    }
    Record(*history, run);
  }
  const auto trend = history->Trend("kind", 9);
  ASSERT_TRUE(trend);
  ASSERT_EQ(trend->size(), 3U);
  EXPECT_EQ(trend->at(0).run_id, "run-1");
  EXPECT_EQ(trend->at(0).worst->upper, seconds(101));
  EXPECT_EQ(trend->at(0).scenario, "GATE-002");
  EXPECT_EQ(trend->at(0).limit, seconds(300));
  EXPECT_FALSE(trend->at(1).worst);
  EXPECT_EQ(trend->at(2).worst->lower, seconds(3));
  EXPECT_EQ(history->Trend("kind", 1)->front().run_id, "run-3");
}

TEST_F(HistoryTest, RunsAreFoundByTheBeginningOfTheirId) {
  const auto history = Open();
  RunResult run = ARun(1);
  run.run_id = "run-10";
  Record(*history, ARun(1));
  Record(*history, run);
  Record(*history, ARun(2));
  EXPECT_EQ(history->Load("run-2")->run_id, "run-2");
  EXPECT_EQ(history->Load("run-1")->run_id, "run-1") << "a whole id is no beginning";
  EXPECT_EQ(history->Load("run-").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(history->Load("x").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(history->Load("").error().code, ErrorCode::kNotFound);
}

TEST_F(HistoryTest, TextIsKeptAsItIs) {
  RunResult run = RunWithTextEverywhere("'; DROP TABLE runs; -- \xC3\xA4");
  Record(*Open(), run);
  EXPECT_EQ(Open()->Load(run.run_id)->scenarios.front().title, run.run_id);
}

TEST_F(HistoryTest, ManyWritersAtOnceLoseNothing) {
  Open();
  constexpr int kThreads = 4;
  constexpr int kRuns = 5;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([this, thread] {
      for (int i = 0; i < kRuns; ++i) Record(*Open(), ARun(thread * kRuns + i));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Open()->Runs("", 100)->size(), std::size_t{kThreads * kRuns});
}

TEST_F(HistoryTest, AFileThatIsNoHistoryIsRefusedAndStaysAsItIs) {
  const std::string text(5000, 'x');
  std::ofstream(Path()) << text;
  EXPECT_EQ(OpenFailure().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(OpenFailure().message, HasSubstr("is no history of gate-drill"));
  EXPECT_EQ(ReadWholeFile(Path()).value(), text);
}

TEST_F(HistoryTest, ADamagedFileIsNamed) {
  {
    const auto history = Open();
    for (int number = 0; number < 20; ++number) Record(*history, ARun(number));
  }
  std::string bytes = ReadWholeFile(Path()).value();
  ASSERT_GT(bytes.size(), 20'000U);
  for (std::size_t at = 4096; at < bytes.size(); ++at) bytes[at] = static_cast<char>(at * 7);
  std::ofstream(Path(), std::ios::binary) << bytes;
  const gate::Error damaged = OpenFailure();
  EXPECT_EQ(damaged.code, ErrorCode::kProtocol) << damaged.message;
  EXPECT_THAT(damaged.message, HasSubstr(Path()));
}

TEST_F(HistoryTest, AFileThatWasCutShortIsNamed) {
  {
    const auto history = Open();
    for (int number = 0; number < 20; ++number) Record(*history, ARun(number));
  }
  std::filesystem::resize_file(Path(), 9000);
  EXPECT_FALSE(History::Open(Path(), History::Missing::kCreate));
}

TEST_F(HistoryTest, AFolderIsNoHistory) {
  std::filesystem::create_directory(Path());
  EXPECT_EQ(OpenFailure().code, ErrorCode::kUnavailable);
}

TEST_F(HistoryTest, AHistoryThatIsNotThereIsOnlyCreatedOnRequest) {
  const auto history = History::Open(Path(), History::Missing::kRefuse);
  ASSERT_FALSE(history);
  EXPECT_EQ(history.error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(Path()));
}

TEST_F(HistoryTest, ANewerVersionIsRefused) {
  Open();
  // The version is a big-endian number in the file's header, 60 bytes in (SQLite file format 1.3).
  std::string bytes = ReadWholeFile(Path()).value();
  ASSERT_EQ(bytes[63], History::kSchema);
  bytes[63] = History::kSchema + 1;
  std::ofstream(Path(), std::ios::binary) << bytes;
  EXPECT_THAT(OpenFailure().message, HasSubstr("has version 2, this gate-drill knows 1 and older"));
}

TEST_F(HistoryTest, AFileOfAnotherProgramIsRefused) {
  Open();
  std::string bytes = ReadWholeFile(Path()).value();
  bytes[71] = static_cast<char>(bytes[71] ^ 1);  // the application id, 68 bytes in
  std::ofstream(Path(), std::ios::binary) << bytes;
  EXPECT_THAT(OpenFailure().message, HasSubstr("an SQLite file of another program"));
}

}  // namespace
}  // namespace reports
