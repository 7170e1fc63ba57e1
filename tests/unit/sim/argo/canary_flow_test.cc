#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stage.h"

namespace drill::sim {
namespace {

using gate::Json;
using std::chrono::seconds;
using testing::ElementsAre;

TEST(CanaryFlowTest, TheFirstDeployIsNeverGated) {  // argo R9
  Stage stage;
  stage.Create(stage.GateTemplate());
  stage.Create(stage.Demo(5, Stage::GatedCanary()));
  stage.argo.Start();
  stage.RunUntil([&] { return stage.Phase() == "Healthy"; });
  EXPECT_THAT(stage.events,
              ElementsAre("RolloutAddedToInformer", "RolloutUpdated", "NewReplicaSetCreated",
                          "RolloutNotCompleted", "ScalingReplicaSet", "RolloutCompleted"));
  EXPECT_EQ(stage.event_messages.back().substr(0, 51),
            "RolloutCompleted: Rollout completed update to revis");
  EXPECT_NE(stage.event_messages.back().find("Initial deploy"), std::string::npos);
  EXPECT_EQ(stage.Step(), 4);
  EXPECT_EQ(stage.Status("/stableRS"), stage.Status("/currentPodHash"));
  EXPECT_TRUE(stage.Runs().empty());
}

TEST(CanaryFlowTest, TheStatusHasTheFieldsThatAreLookedAt) {
  Stage stage;
  stage.DeployFirst(3, Stage::GatedCanary());
  const Json rollout = stage.Get(Type::kRollout, "demo");
  const Json& status = rollout.at("status");
  EXPECT_EQ(status.at("observedGeneration"),
            std::to_string(rollout.at("metadata").at("generation").get<int>()));
  EXPECT_EQ(status.at("replicas"), 3);
  EXPECT_EQ(status.at("updatedReplicas"), 3);
  EXPECT_EQ(status.at("readyReplicas"), 3);
  EXPECT_EQ(status.at("availableReplicas"), 3);
  EXPECT_EQ(status.at("HPAReplicas"), 3);
  EXPECT_EQ(status.at("selector"), "app=demo");
  EXPECT_TRUE(status.contains("currentStepHash"));
  EXPECT_FALSE(status.contains("abort"));
  EXPECT_EQ(rollout.at("metadata").at("annotations").at("rollout.argoproj.io/revision"), "1");
}

TEST(CanaryFlowTest, APassingGateIsFollowedStepByStepToTheEnd) {
  Stage stage;
  stage.DeployFirst(5, Stage::GatedCanary());
  stage.Release("v2");
  stage.RunUntil([&] { return stage.Phase() == "Healthy"; });
  EXPECT_THAT(stage.events,
              ElementsAre("RolloutUpdated", "NewReplicaSetCreated", "RolloutNotCompleted",
                          "ScalingReplicaSet",  // stable down to 4
                          "ScalingReplicaSet",  // canary up to 1
                          "RolloutStepCompleted", "AnalysisRunRunning", "MetricSuccessful",
                          "AnalysisRunSuccessful", "AnalysisRunSuccessful", "RolloutStepCompleted",
                          "ScalingReplicaSet", "ScalingReplicaSet", "RolloutStepCompleted",
                          "AnalysisRunRunning", "MetricSuccessful", "AnalysisRunSuccessful",
                          "AnalysisRunSuccessful", "RolloutStepCompleted", "ScalingReplicaSet",
                          "ScalingReplicaSet", "ScalingReplicaSet", "RolloutCompleted"))
      << Describe(stage.event_messages);
  EXPECT_EQ(stage.Runs(),
            (std::map<std::string, std::string>{{"2-1", "Successful"}, {"2-3", "Successful"}}));
  EXPECT_EQ(stage.SetOf("v1").spec, 0);
  EXPECT_EQ(stage.SetOf("v2").available, 5);
  EXPECT_GE(stage.least_available, 4);  // 25 % of 5, rounded down
  EXPECT_LE(stage.most_pods, 7);        // 25 % of 5, rounded up
}

TEST(CanaryFlowTest, TheSameWorldGoesTheSameWay) {
  std::string hashes[2];
  for (std::string& hash : hashes) {
    Stage stage;
    stage.DeployFirst(5, Stage::GatedCanary());
    stage.Release("v2");
    stage.RunUntil([&] { return stage.Phase() == "Healthy"; });
    hash = stage.world.trace().Hex();
  }
  EXPECT_EQ(hashes[0], hashes[1]);
}

TEST(CanaryFlowTest, AvailabilityStaysWithinWhatTheSpecAllows) {
  for (const int replicas : {1, 2, 3, 10, 20}) {
    for (const auto& [surge, unavailable] :
         std::vector<std::pair<Json, Json>>{{1, 0}, {0, 1}, {"25%", "25%"}, {3, 2}}) {
      Stage stage;
      Json canary = Stage::GatedCanary();
      canary["maxSurge"] = surge;
      canary["maxUnavailable"] = unavailable;
      stage.DeployFirst(replicas, canary);
      stage.Release("v2");
      stage.RunUntil([&] { return stage.Phase() == "Healthy"; });
      const auto posts = [&](const Json& value, bool up) {
        if (value.is_number()) return value.get<int>();
        return up ? (replicas + 3) / 4 : replicas / 4;
      };
      EXPECT_GE(stage.least_available, replicas - posts(unavailable, false))
          << replicas << " " << surge << " " << unavailable;
      EXPECT_LE(stage.most_pods, replicas + posts(surge, true))
          << replicas << " " << surge << " " << unavailable;
    }
  }
}

TEST(CanaryFlowTest, WithoutStepsItGoesStraightToTheEnd) {
  Stage stage;
  stage.DeployFirst(4, {{"maxSurge", 1}, {"maxUnavailable", 0}});
  stage.Release("v2");
  stage.RunUntil([&] { return stage.Phase() == "Healthy"; });
  EXPECT_EQ(stage.SetOf("v2").available, 4);
  EXPECT_EQ(stage.Step(), -1);
}

TEST(CanaryFlowTest, ScalingInTheMiddleKeepsTheWeight) {  // argo R1
  Stage stage;
  Json canary = Stage::GatedCanary();
  canary["steps"] = {{{"setWeight", 50}}, {{"pause", Json::object()}}};
  stage.DeployFirst(4, canary);
  stage.Release("v2");
  stage.RunUntil([&] { return stage.Phase() == "Paused: CanaryPauseStep"; });
  stage.Patch(Type::kRollout, "demo", {{"spec", {{"replicas", 10}}}});
  stage.RunUntil(
      [&] { return stage.SetOf("v2").available == 5 && stage.SetOf("v1").available == 5; });
  EXPECT_EQ(stage.Phase(), "Paused: CanaryPauseStep");
  EXPECT_EQ(stage.Step(), 1);
}

TEST(CanaryFlowTest, MissingReplicasBecomeOne) {
  Stage stage;
  stage.Create(stage.GateTemplate());
  Json demo = stage.Demo(1, Stage::GatedCanary());
  demo["spec"].erase("replicas");
  stage.Create(demo);
  stage.argo.Start();
  stage.RunUntil([&] { return stage.Phase() == "Healthy"; });
  EXPECT_EQ(stage.Get(Type::kRollout, "demo").at("spec").at("replicas"), 1);
}

TEST(CanaryFlowTest, OldSetsBeyondTheHistoryAreDeleted) {
  Stage stage;
  Json demo = stage.Demo(2, Json::object());
  demo["spec"]["revisionHistoryLimit"] = 1;
  stage.Create(demo);
  stage.argo.Start();
  stage.RunUntil([&] { return stage.Phase() == "Healthy"; });
  for (const std::string version : {"v2", "v3", "v4"}) {
    stage.RunFor(seconds(2));
    stage.Release(version);
    stage.RunUntil(
        [&] { return stage.SetOf(version).available == 2 && stage.Phase() == "Healthy"; });
  }
  stage.RunFor(seconds(5));
  EXPECT_EQ(stage.SetOf("v1").spec, -1);
  EXPECT_EQ(stage.SetOf("v2").spec, -1);
  EXPECT_EQ(stage.SetOf("v3").spec, 0);
}

TEST(CanaryFlowTest, NoProgressForTooLongIsDegraded) {  // argo R70
  Stage stage;
  Json canary = Stage::GatedCanary();
  stage.DeployFirst(4, canary);
  stage.Patch(Type::kRollout, "demo", {{"spec", {{"progressDeadlineSeconds", 60}}}});
  stage.broken_version = "v2";
  stage.Release("v2");
  stage.RunUntil([&] { return stage.Status("/phase") == "Degraded"; }, std::chrono::minutes(5));
  EXPECT_EQ(stage.Status("/message").substr(0, 36), "ProgressDeadlineExceeded: ReplicaSet");
  EXPECT_EQ(stage.Status("/abort"), "");
}

TEST(CanaryFlowTest, NoProgressForTooLongAbortsIfAskedTo) {  // argo R70: two Events
  for (const ArgoVersion version : {ArgoVersion::k1_9, ArgoVersion::k1_10}) {
    Stage stage({.version = version});
    stage.DeployFirst(4, Stage::GatedCanary());
    stage.Patch(Type::kRollout, "demo",
                {{"spec", {{"progressDeadlineSeconds", 60}, {"progressDeadlineAbort", true}}}});
    stage.broken_version = "v2";
    stage.Release("v2");
    stage.RunUntil([&] { return stage.Status("/abort") == "true"; }, std::chrono::minutes(5));
    stage.RunUntil([&] { return stage.SetOf("v1").available == 4 && stage.SetOf("v2").spec == 0; });
    EXPECT_EQ(std::count(stage.events.begin(), stage.events.end(), "RolloutAborted"), 2)
        << Describe(stage.event_messages);
    EXPECT_EQ(stage.Status("/phase"), "Degraded");
  }
}

}  // namespace
}  // namespace drill::sim
