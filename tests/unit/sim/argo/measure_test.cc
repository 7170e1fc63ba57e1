#include "harness/sim/argo/measure.h"

#include <gtest/gtest.h>

#include "tests/unit/sim/argo/samples.h"

namespace drill::sim::argo {
namespace {

using gate::Json;
using gate::WallTime;
using std::chrono::seconds;

RunSpec Spec(const std::vector<Json>& metrics, const Json& more = Json::object()) {
  Json spec{{"metrics", metrics}};
  spec.update(more);
  auto read = ReadRunSpec(spec);
  EXPECT_TRUE(read) << (read ? "" : read.error().message);
  return std::move(*read);
}

Measurement Ended(AnalysisPhase phase, WallTime at = kNow, std::string message = "") {
  Measurement measurement;
  measurement.phase = phase;
  measurement.message = std::move(message);
  measurement.started_at = measurement.finished_at = at;
  return measurement;
}

void Take(const RunSpec& spec, AnalysisPhase phase, AnalysisStatus& status, std::size_t metric = 0,
          WallTime at = kNow) {
  Record(spec, metric, Ended(phase, at), Taken::kNew, at, status);
}

AnalysisPhase Assess(const RunSpec& spec, AnalysisStatus& status) {
  const Assessment assessment = AssessRun(spec, kNow, status);
  status.phase = assessment.phase;
  status.message = assessment.message;
  return status.phase;
}

TEST(MeasureTest, OneFailureBeyondTheLimitFails) {
  const RunSpec spec =
      Spec({JobMetric("m", {{"count", 3}, {"interval", "5s"}, {"failureLimit", 1}})});
  AnalysisStatus status;
  Take(spec, AnalysisPhase::kFailed, status);
  EXPECT_EQ(Assess(spec, status), AnalysisPhase::kRunning);
  Take(spec, AnalysisPhase::kFailed, status);
  EXPECT_EQ(Assess(spec, status), AnalysisPhase::kFailed);
  EXPECT_EQ(status.message, "Metric \"m\" assessed Failed due to failed (2) > failureLimit (1)");
}

TEST(MeasureTest, TheMessageOfTheMeasurementIsAppended) {
  const RunSpec spec = Spec({JobMetric("m")});
  AnalysisStatus status;
  Record(spec, 0, Ended(AnalysisPhase::kInconclusive, kNow, "Metric Terminated"), Taken::kNew, kNow,
         status);
  EXPECT_EQ(Assess(spec, status), AnalysisPhase::kInconclusive);
  EXPECT_EQ(status.message,
            "Metric \"m\" assessed Inconclusive due to inconclusive (1) > inconclusiveLimit (0): "
            "\"Error Message: Metric Terminated\"");
}

TEST(MeasureTest, TheFifthErrorInARowIsTheEnd) {
  const RunSpec spec = Spec({JobMetric("m")});
  AnalysisStatus status;
  for (int i = 0; i < 4; ++i) Take(spec, AnalysisPhase::kError, status);
  EXPECT_EQ(Assess(spec, status), AnalysisPhase::kRunning);
  Take(spec, AnalysisPhase::kError, status);
  EXPECT_EQ(Assess(spec, status), AnalysisPhase::kError);
  EXPECT_EQ(status.message,
            "Metric \"m\" assessed Error due to consecutiveErrors (5) > consecutiveErrorLimit (4)");
}

TEST(MeasureTest, AnErrorDoesNotCountTowardsTheCountAndASuccessEndsTheRow) {
  const RunSpec spec = Spec({JobMetric("m", {{"count", 2}, {"interval", "1s"}})});
  AnalysisStatus status;
  for (int i = 0; i < 4; ++i) Take(spec, AnalysisPhase::kError, status);
  Take(spec, AnalysisPhase::kSuccessful, status);
  EXPECT_EQ(status.Find("m")->consecutive_error, 0);
  EXPECT_EQ(status.Find("m")->count, 1);
  EXPECT_EQ(Assess(spec, status), AnalysisPhase::kRunning);
  Take(spec, AnalysisPhase::kSuccessful, status);
  EXPECT_EQ(Assess(spec, status), AnalysisPhase::kSuccessful);
}

TEST(MeasureTest, LaterLimitsWinInsideOneMetric) {
  const RunSpec spec = Spec({JobMetric("m", {{"count", 2}, {"interval", "1s"}})});
  AnalysisStatus status;
  Take(spec, AnalysisPhase::kFailed, status);
  Take(spec, AnalysisPhase::kInconclusive, status);
  EXPECT_EQ(AssessLimits(spec.metrics[0], status.results[0]).phase, AnalysisPhase::kInconclusive);
}

TEST(MeasureTest, SuccessesInARowAreEnoughBeforeTheCount) {
  const Json limits{
      {"count", 5}, {"interval", "1s"}, {"consecutiveSuccessLimit", 2}, {"failureLimit", 3}};
  const RunSpec spec = Spec({JobMetric("m", limits)});
  AnalysisStatus status;
  Take(spec, AnalysisPhase::kSuccessful, status);
  Take(spec, AnalysisPhase::kFailed, status);
  Take(spec, AnalysisPhase::kSuccessful, status);
  EXPECT_EQ(Assess(spec, status), AnalysisPhase::kRunning);
  Take(spec, AnalysisPhase::kSuccessful, status);
  EXPECT_EQ(Assess(spec, status), AnalysisPhase::kSuccessful);
}

TEST(MeasureTest, AtTheCountWithoutEnoughSuccessesItIsInconclusiveOrFailed) {
  Json limits{
      {"count", 2}, {"interval", "1s"}, {"consecutiveSuccessLimit", 2}, {"failureLimit", -1}};
  for (const auto& [failure_limit, expected] :
       {std::pair{-1, AnalysisPhase::kFailed}, std::pair{0, AnalysisPhase::kInconclusive}}) {
    limits["failureLimit"] = failure_limit;
    limits["inconclusiveLimit"] = 1;
    const RunSpec spec = Spec({JobMetric("m", limits)});
    AnalysisStatus status;
    Take(spec, AnalysisPhase::kSuccessful, status);
    Take(spec, AnalysisPhase::kInconclusive, status);
    EXPECT_EQ(Assess(spec, status), expected);
  }
}

TEST(MeasureTest, TerminatedBeforeTheFirstMeasurementPasses) {
  const RunSpec spec = Spec({JobMetric("m")}, {{"terminate", true}});
  AnalysisStatus status;
  EXPECT_TRUE(DueTasks(spec, status, kNow, ArgoVersion::k1_10).empty());
  EXPECT_EQ(Assess(spec, status), AnalysisPhase::kSuccessful);
  EXPECT_EQ(status.message, "Run Terminated");
}

TEST(MeasureTest, AFailedMetricEndsTheRunWithSiblingsUnfinished) {
  const RunSpec spec = Spec({JobMetric("a"), JobMetric("b")});
  AnalysisStatus status;
  Take(spec, AnalysisPhase::kFailed, status, 0);
  Measurement running;
  running.phase = AnalysisPhase::kRunning;
  running.started_at = kNow;
  Record(spec, 1, running, Taken::kNew, kNow, status);
  EXPECT_EQ(Assess(spec, status), AnalysisPhase::kRunning);  // terminating from the next look on
  EXPECT_EQ(Assess(spec, status), AnalysisPhase::kFailed);
}

TEST(MeasureTest, TheWorstMetricDecides) {
  const RunSpec spec = Spec({JobMetric("a"), JobMetric("b"), JobMetric("c")});
  AnalysisStatus status;
  Take(spec, AnalysisPhase::kInconclusive, status, 0);
  Take(spec, AnalysisPhase::kFailed, status, 1);
  Take(spec, AnalysisPhase::kSuccessful, status, 2);
  EXPECT_EQ(Assess(spec, status), AnalysisPhase::kFailed);
  EXPECT_EQ(status.summary, (RunSummary{3, 1, 1, 1, 0}));
}

TEST(MeasureTest, ADryRunMetricCannotFailTheRun) {
  const RunSpec spec = Spec({JobMetric("a")}, {{"dryRun", {{{"metricName", ".*"}}}}});
  AnalysisStatus status;
  Take(spec, AnalysisPhase::kFailed, status);
  EXPECT_EQ(Assess(spec, status), AnalysisPhase::kSuccessful);
  EXPECT_EQ(status.summary.count, 0);
  EXPECT_EQ(status.dry_run_summary->failed, 1);
  EXPECT_EQ(status.results[0].message,
            "Metric assessed Failed due to failed (1) > failureLimit (0)");
}

TEST(DueTest, TheNextMeasurementIsDueStrictlyAfterTheInterval) {
  const RunSpec spec = Spec({JobMetric("m", {{"count", 5}, {"interval", "30s"}})});
  AnalysisStatus status;
  Take(spec, AnalysisPhase::kSuccessful, status);
  EXPECT_TRUE(DueTasks(spec, status, kNow + seconds(30), ArgoVersion::k1_10).empty());
  EXPECT_EQ(DueTasks(spec, status, kNow + seconds(30) + gate::Nanos(1), ArgoVersion::k1_10).size(),
            1U);
  EXPECT_EQ(NextLook(spec, status, kNow), kNow + seconds(30));
}

TEST(DueTest, AfterAnErrorItIsTenSecondsWhateverTheInterval) {
  const RunSpec spec = Spec({JobMetric("m", {{"count", 5}, {"interval", "1h"}})});
  AnalysisStatus status;
  Take(spec, AnalysisPhase::kError, status);
  EXPECT_TRUE(DueTasks(spec, status, kNow + seconds(10), ArgoVersion::k1_10).empty());
  EXPECT_FALSE(DueTasks(spec, status, kNow + seconds(11), ArgoVersion::k1_10).empty());
  EXPECT_EQ(NextLook(spec, status, kNow), kNow + seconds(10));
}

TEST(DueTest, NothingIsDueOnceTheCountIsReached) {
  const RunSpec spec = Spec({JobMetric("m", {{"failureLimit", 1}, {"count", 1}})});
  AnalysisStatus status;
  Take(spec, AnalysisPhase::kFailed, status);
  EXPECT_TRUE(DueTasks(spec, status, kNow + std::chrono::hours(1), ArgoVersion::k1_10).empty());
  EXPECT_FALSE(NextLook(spec, status, kNow).has_value());
}

TEST(DueTest, TheInitialDelayCountsFromTheStartOfTheRun) {
  const RunSpec spec = Spec({JobMetric("m", {{"initialDelay", "20s"}})});
  AnalysisStatus status;
  EXPECT_TRUE(DueTasks(spec, status, kNow, ArgoVersion::k1_10).empty());
  status.started_at = kNow;
  EXPECT_TRUE(DueTasks(spec, status, kNow + seconds(19), ArgoVersion::k1_10).empty());
  EXPECT_EQ(DueTasks(spec, status, kNow + seconds(20), ArgoVersion::k1_10).size(), 1U);
}

TEST(DueTest, AMeasurementUnderWayIsResumedWhenItsTimeHasCome) {
  const RunSpec spec = Spec({JobMetric("m")});
  AnalysisStatus status;
  Measurement running;
  running.phase = AnalysisPhase::kRunning;
  running.started_at = kNow;
  running.resume_at = kNow + seconds(5);
  Record(spec, 0, running, Taken::kNew, kNow, status);
  EXPECT_TRUE(DueTasks(spec, status, kNow + seconds(4), ArgoVersion::k1_10).empty());
  const auto tasks = DueTasks(spec, status, kNow + seconds(5), ArgoVersion::k1_10);
  ASSERT_EQ(tasks.size(), 1U);
  EXPECT_EQ(tasks[0].kind, MetricTask::Kind::kResume);
}

TEST(DueTest, OnlyIn1_10TerminationDoesNotWaitForTheTimeToResume) {
  const RunSpec spec = Spec({JobMetric("m")}, {{"terminate", true}});
  AnalysisStatus status;
  Measurement running;
  running.phase = AnalysisPhase::kRunning;
  running.resume_at = kNow + seconds(5);
  Record(spec, 0, running, Taken::kNew, kNow, status);
  EXPECT_TRUE(DueTasks(spec, status, kNow, ArgoVersion::k1_9).empty());
  const auto tasks = DueTasks(spec, status, kNow, ArgoVersion::k1_10);
  ASSERT_EQ(tasks.size(), 1U);
  EXPECT_EQ(tasks[0].kind, MetricTask::Kind::kTerminate);
}

TEST(TtlTest, ErrorAndInconclusiveUseTheGeneralTime) {
  const RunSpec spec = Spec({JobMetric("m")}, {{"ttlStrategy",
                                                {{"secondsAfterFailure", 10},
                                                 {"secondsAfterSuccess", 20},
                                                 {"secondsAfterCompletion", 30}}}});
  AnalysisStatus status;
  status.completed_at = kNow;
  for (const auto& [phase, ttl] :
       {std::pair{AnalysisPhase::kFailed, 10}, std::pair{AnalysisPhase::kSuccessful, 20},
        std::pair{AnalysisPhase::kError, 30}, std::pair{AnalysisPhase::kInconclusive, 30}}) {
    status.phase = phase;
    EXPECT_FALSE(IsTtlExceeded(spec, status, kNow + seconds(ttl)));
    EXPECT_TRUE(IsTtlExceeded(spec, status, kNow + seconds(ttl + 1)));
  }
  status.completed_at.reset();
  EXPECT_FALSE(IsTtlExceeded(spec, status, kNow + std::chrono::hours(9)));
}

}  // namespace
}  // namespace drill::sim::argo
