#include <gtest/gtest.h>

#include "harness/sim/argo/analysis_status.h"
#include "harness/sim/argo/rollout_status.h"
#include "tests/unit/sim/argo/samples.h"

namespace drill::sim::argo {
namespace {

using gate::Json;

TEST(RolloutStatusTest, ReadsBackWhatItWrote) {
  RolloutStatus status;
  status.abort = true;
  status.pause_conditions.push_back({"CanaryPauseStep", kNow});
  status.controller_pause = true;
  status.aborted_at = kNow;
  status.current_pod_hash = "h";
  status.current_step_hash = "s";
  status.replicas = 4;
  status.updated_replicas = 3;
  status.ready_replicas = 2;
  status.available_replicas = 1;
  status.step_index = 0;
  status.collision_count = 7;
  status.observed_generation = "12";
  status.conditions.push_back({"Progressing", "True", "r", "m", kNow, kNow});
  status.step_run = RunMirror{"a", "Running", "why"};
  status.background_run = RunMirror{"b", "", ""};
  status.weights = Weights{{10, "canary", "h"}, {90, "stable", "g"}, false};
  status.hpa_replicas = 4;
  status.selector = "app=x";
  status.stable_hash = "g";
  status.promote_full = true;
  status.phase = "Paused";
  status.message = "text";
  EXPECT_EQ(ReadRolloutStatus(ToJson(status)), status);
  EXPECT_EQ(ReadRolloutStatus(ToJson(RolloutStatus{})), RolloutStatus{});
}

TEST(RolloutStatusTest, WhatIsEmptyIsLeftOut) {
  EXPECT_EQ(ToJson(RolloutStatus{}),
            (Json{{"blueGreen", Json::object()}, {"canary", Json::object()}}));
}

TEST(RolloutStatusTest, NullsReadAsAbsent) {
  const Json json{{"pauseConditions", nullptr}, {"abort", nullptr}, {"currentStepIndex", nullptr}};
  EXPECT_EQ(ReadRolloutStatus(json), RolloutStatus{});
}

TEST(AnalysisStatusTest, ReadsBackWhatItWroteInWholeSeconds) {
  AnalysisStatus status;
  status.phase = AnalysisPhase::kFailed;
  status.message = "m";
  MetricResult result;
  result.name = "evidence";
  result.phase = AnalysisPhase::kFailed;
  result.count = 3;
  result.successful = 1;
  result.failed = 1;
  result.inconclusive = 1;
  result.error = 2;
  result.consecutive_error = 1;
  result.consecutive_success = 4;
  result.dry_run = true;
  result.message = "x";
  Measurement measurement;
  measurement.phase = AnalysisPhase::kError;
  measurement.message = "e";
  measurement.value = "v";
  measurement.started_at = kNow + std::chrono::milliseconds(900);
  measurement.finished_at = kNow + std::chrono::milliseconds(1100);
  measurement.resume_at = kNow;
  measurement.metadata["job-name"] = "j";
  result.measurements.push_back(measurement);
  status.results.push_back(result);
  status.started_at = kNow + std::chrono::milliseconds(1);
  status.completed_at = kNow;
  status.summary = {1, 0, 1, 0, 0};
  status.dry_run_summary = RunSummary{2, 1, 0, 1, 0};
  const AnalysisStatus read = ReadAnalysisStatus(ToJson(status));
  EXPECT_EQ(read, Truncated(status));
  EXPECT_NE(read, status);
  EXPECT_EQ(read.started_at, gate::WallTime(kNow));
}

}  // namespace
}  // namespace drill::sim::argo
