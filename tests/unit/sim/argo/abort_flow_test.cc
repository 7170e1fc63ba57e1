#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "stage.h"

namespace drill::sim {
namespace {

using gate::Json;
using std::chrono::seconds;
using testing::ElementsAre;

bool IsRestored(const Stage& stage, int replicas) {
  return stage.SetOf("v1").available == replicas && stage.SetOf("v2").spec == 0;
}

TEST(AbortFlowTest, AFailedGateRollsBackAndSaysWhy) {
  Stage stage;
  stage.job_ends = {{seconds(5), false}};
  stage.DeployFirst(5, Stage::GatedCanary());
  stage.Release("v2");
  stage.RunUntil([&] { return IsRestored(stage, 5) && stage.Status("/abort") == "true"; });
  EXPECT_EQ(stage.Phase(),
            "Degraded: RolloutAborted: Rollout aborted update to revision 2: Step-based analysis "
            "phase error/failed: Metric \"evidence\" assessed Failed due to failed (1) > "
            "failureLimit (0)");
  EXPECT_THAT(
      stage.events,
      ElementsAre("RolloutUpdated", "NewReplicaSetCreated", "RolloutNotCompleted",
                  "ScalingReplicaSet", "ScalingReplicaSet", "RolloutStepCompleted",
                  "AnalysisRunRunning", "MetricFailed", "AnalysisRunFailed", "AnalysisRunFailed",
                  "RolloutAborted", "ScalingReplicaSet", "ScalingReplicaSet"))
      << Describe(stage.event_messages);
  EXPECT_EQ(stage.Step(), 0);
  EXPECT_NE(stage.Status("/abortedAt"), "");
  EXPECT_GE(stage.least_available, 4);
}

TEST(AbortFlowTest, OnlyIn1_9TheFailedRunStaysInTheStatus) {  // argo R26
  for (const ArgoVersion version : {ArgoVersion::k1_9, ArgoVersion::k1_10}) {
    Stage stage({.version = version});
    stage.job_ends = {{seconds(5), false}};
    stage.DeployFirst(5, Stage::GatedCanary());
    stage.Release("v2");
    stage.RunUntil([&] { return stage.Status("/abort") == "true" && IsRestored(stage, 5); });
    stage.RunFor(seconds(5));
    EXPECT_EQ(stage.Status("/canary/currentStepAnalysisRunStatus/status"),
              version == ArgoVersion::k1_9 ? "Failed" : "");
  }
}

TEST(AbortFlowTest, AnAbortByHandScalesBeforeItIsReported) {  // argo R66
  Stage stage;
  Json canary = Stage::GatedCanary();
  canary["steps"] = {{{"setWeight", 40}}, {{"pause", Json::object()}}};
  stage.DeployFirst(5, canary);
  stage.Release("v2");
  stage.RunUntil([&] { return stage.Phase() == "Paused: CanaryPauseStep"; });
  stage.events.clear();
  stage.Patch(Type::kRollout, "demo", {{"status", {{"abort", true}}}}, WritePart::kStatus);
  stage.RunUntil([&] { return IsRestored(stage, 5); });
  ASSERT_GE(stage.events.size(), 2U);
  EXPECT_EQ(stage.events[0], "ScalingReplicaSet");
  EXPECT_EQ(stage.events[1], "RolloutAborted");
  EXPECT_EQ(stage.Phase(), "Degraded: RolloutAborted: Rollout aborted update to revision 2");
}

TEST(AbortFlowTest, AnAbortWhileTheGateRunsEndsTheJob) {  // argo R22
  Stage stage;
  stage.job_ends = {{std::nullopt, true}};
  stage.DeployFirst(5, Stage::GatedCanary());
  stage.Release("v2");
  stage.RunUntil([&] { return stage.Runs()["2-1"] == "Running"; });
  stage.Patch(Type::kRollout, "demo", {{"status", {{"abort", true}}}}, WritePart::kStatus);
  stage.RunUntil([&] { return IsRestored(stage, 5) && stage.Runs()["2-1"] == "Inconclusive"; });
  EXPECT_TRUE(stage.server.List(Type::kJob, "shop").empty());
  EXPECT_EQ(stage.Status("/phase"), "Degraded");
}

TEST(AbortFlowTest, ARetryStartsAgainWithANewRun) {  // argo R73
  Stage stage;
  stage.job_ends = {{seconds(5), false}, {seconds(5), true}};
  stage.DeployFirst(5, Stage::GatedCanary());
  stage.Release("v2");
  stage.RunUntil([&] { return IsRestored(stage, 5) && stage.Status("/abort") == "true"; });
  stage.events.clear();
  stage.Patch(Type::kRollout, "demo", {{"status", {{"abort", false}}}}, WritePart::kStatus);
  stage.RunUntil([&] { return stage.Phase() == "Healthy"; });
  EXPECT_EQ(stage.Runs(), (std::map<std::string, std::string>{
                              {"2-1", "Failed"}, {"2-1.1", "Successful"}, {"2-3", "Successful"}}));
  EXPECT_EQ(stage.SetOf("v2").available, 5);
  EXPECT_EQ(stage.Status("/abortedAt"), "");
}

TEST(AbortFlowTest, FullPromotionAfterAnAbortSkipsEverything) {  // argo R74
  Stage stage;
  stage.job_ends = {{seconds(5), false}};
  stage.DeployFirst(5, Stage::GatedCanary());
  stage.Release("v2");
  stage.RunUntil([&] { return IsRestored(stage, 5) && stage.Status("/abort") == "true"; });
  stage.Patch(Type::kRollout, "demo", {{"status", {{"promoteFull", true}}}}, WritePart::kStatus);
  stage.RunUntil([&] { return stage.Phase() == "Healthy"; });
  EXPECT_EQ(stage.SetOf("v2").available, 5);
  EXPECT_EQ(stage.Runs().size(), 1U);
  EXPECT_NE(stage.event_messages.back().find("Full promotion requested"), std::string::npos);
}

TEST(AbortFlowTest, ACrashingCanaryGoesAwayToo) {
  Stage stage;
  stage.DeployFirst(10, Stage::GatedCanary());
  stage.broken_version = "v2";
  stage.Release("v2");
  stage.RunUntil([&] { return stage.SetOf("v2").spec == 2; });
  stage.RunFor(seconds(20));
  EXPECT_EQ(stage.Step(), 0);
  stage.Patch(Type::kRollout, "demo", {{"status", {{"abort", true}}}}, WritePart::kStatus);
  stage.RunUntil([&] { return IsRestored(stage, 10); });
}

TEST(AbortFlowTest, WithOneSurgingPodTheRollbackTakesAWavePerPod) {  // argo R7
  Stage stage;
  Json canary{{"maxSurge", 1},
              {"maxUnavailable", 0},
              {"steps", {{{"setWeight", 50}}, {{"pause", Json::object()}}}}};
  stage.DeployFirst(10, canary);
  stage.Release("v2");
  stage.RunUntil([&] { return stage.Phase() == "Paused: CanaryPauseStep"; });
  const gate::Instant start = stage.world.Now();
  stage.Patch(Type::kRollout, "demo", {{"status", {{"abort", true}}}}, WritePart::kStatus);
  stage.RunUntil([&] { return IsRestored(stage, 10); });
  // Five waves of a pod's 3 s each.
  EXPECT_GE(stage.world.Now() - start, seconds(15));
  EXPECT_LE(stage.world.Now() - start, seconds(17));
}

}  // namespace
}  // namespace drill::sim
