#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "stage.h"

namespace drill::sim {
namespace {

using gate::Json;
using std::chrono::milliseconds;
using std::chrono::seconds;

Json Routed(const Json& steps) {
  return {{"canaryService", "canary"},
          {"stableService", "stable"},
          {"trafficRouting", {{"nginx", {{"stableIngress", "demo"}}}}},
          {"steps", steps}};
}

Json Service(const std::string& name) {
  return {{"apiVersion", "v1"},
          {"kind", "Service"},
          {"metadata", {{"name", name}, {"namespace", "shop"}}},
          {"spec", {{"selector", {{"app", "demo"}}}}}};
}

void Deploy(Stage& stage, int replicas, const Json& canary) {
  stage.Create(Service("canary"));
  stage.Create(Service("stable"));
  stage.DeployFirst(replicas, canary);
}

std::string HashOf(const Stage& stage, const std::string& service) {
  return stage.Get(Type::kService, service)["spec"]["selector"].value("rollouts-pod-template-hash",
                                                                      "");
}

const Json kPausedAt40 = {{{"setWeight", 40}}, {{"pause", Json::object()}}};

TEST(TrafficFlowTest, WeightsFollowTheStepsAndTheStableSetStaysWhole) {  // argo R11, R12
  Stage stage;
  Deploy(stage, 5, Routed(kPausedAt40));
  EXPECT_EQ(HashOf(stage, "stable"), stage.Status("/stableRS"));
  stage.Release("v2");
  stage.RunUntil([&] { return stage.Phase() == "Paused: CanaryPauseStep"; });
  EXPECT_EQ(stage.Status("/canary/weights/canary/weight"), "40");
  EXPECT_EQ(stage.Status("/canary/weights/stable/weight"), "60");
  EXPECT_EQ(stage.Status("/canary/weights/canary/podTemplateHash"),
            stage.Status("/currentPodHash"));
  EXPECT_EQ(stage.Status("/canary/weights/verified"), "");
  EXPECT_EQ(stage.SetOf("v2").spec, 2);
  EXPECT_EQ(stage.SetOf("v1").spec, 5);
  EXPECT_EQ(HashOf(stage, "canary"), stage.Status("/currentPodHash"));
  EXPECT_EQ(std::count(stage.events.begin(), stage.events.end(), "TrafficWeightUpdated"), 2)
      << Describe(stage.event_messages);
}

TEST(TrafficFlowTest, PromotedSetsKeepTheOldPodsForAWhile) {  // scaleDownDelaySeconds 30
  Stage stage;
  Deploy(stage, 5, Routed({{{"setWeight", 40}}}));
  stage.Release("v2");
  stage.RunUntil([&] { return stage.Phase() == "Healthy"; });
  stage.RunFor(seconds(1));
  EXPECT_EQ(stage.Status("/canary/weights/stable/podTemplateHash"), stage.Status("/stableRS"));
  EXPECT_EQ(stage.Status("/canary/weights/stable/weight"), "100");
  stage.RunFor(seconds(25));
  EXPECT_EQ(stage.SetOf("v1").spec, 5);
  stage.RunFor(seconds(15));
  EXPECT_EQ(stage.SetOf("v1").spec, 0);
}

TEST(TrafficFlowTest, AnAbortMovesTheTrafficAtOnceAndThePodsLater) {  // argo R69
  for (const int delay : {-1, 10}) {
    Stage stage;
    Json canary = Routed(kPausedAt40);
    if (delay >= 0) canary["abortScaleDownDelaySeconds"] = delay;
    Deploy(stage, 5, canary);
    stage.Release("v2");
    stage.RunUntil([&] { return stage.Phase() == "Paused: CanaryPauseStep"; });
    stage.Patch(Type::kRollout, "demo", {{"status", {{"abort", true}}}}, WritePart::kStatus);
    const gate::Instant start = stage.world.Now();
    stage.RunUntil([&] { return stage.Status("/canary/weights/canary/weight") == "0"; });
    EXPECT_LE(stage.world.Now() - start, milliseconds(100));
    EXPECT_EQ(HashOf(stage, "canary"), stage.Status("/stableRS"));
    stage.RunUntil([&] { return stage.SetOf("v2").spec == 0; });
    const auto took = stage.world.Now() - start;
    EXPECT_GE(took, seconds(delay == 10 ? 9 : 29));
    EXPECT_LE(took, seconds(delay == 10 ? 12 : 32));
  }
}

// Without a delay the controller goes by the weight, which is 0, unless a step has set the scale.
TEST(TrafficFlowTest, WithADelayOfZeroOnlyASetCanaryScaleIsLeftAlone) {
  for (const bool scaled : {false, true}) {
    Stage stage;
    Json steps = kPausedAt40;
    if (scaled) steps.insert(steps.begin(), Json{{"setCanaryScale", {{"replicas", 3}}}});
    Json canary = Routed(steps);
    canary["abortScaleDownDelaySeconds"] = 0;
    Deploy(stage, 5, canary);
    stage.Release("v2");
    stage.RunUntil([&] { return stage.Phase() == "Paused: CanaryPauseStep"; });
    stage.Patch(Type::kRollout, "demo", {{"status", {{"abort", true}}}}, WritePart::kStatus);
    stage.RunFor(std::chrono::hours(1));
    EXPECT_EQ(stage.SetOf("v2").spec, scaled ? 3 : 0);
    EXPECT_EQ(stage.Status("/canary/weights/canary/weight"), "0");
  }
}

TEST(TrafficFlowTest, AStepWaitsUntilItsWeightIsVerified) {  // argo R14
  Stage stage({.router_delay = seconds(25)});
  Deploy(stage, 5, Routed(kPausedAt40));
  stage.Release("v2");
  stage.RunUntil([&] { return stage.Status("/canary/weights/canary/weight") == "40"; });
  EXPECT_EQ(stage.Status("/canary/weights/verified"), "false");
  const gate::Instant start = stage.world.Now();
  stage.RunUntil([&] { return stage.Step() == 1; });
  EXPECT_GE(stage.world.Now() - start, seconds(24));
  EXPECT_LE(stage.world.Now() - start, seconds(36));  // it looks every 10 s
}

TEST(TrafficFlowTest, TheEndWaitsUntilAllTheTrafficHasMoved) {
  Stage stage({.router_delay = seconds(25)});
  Deploy(stage, 5, Routed({{{"setWeight", 40}}}));
  stage.Release("v2");
  stage.RunUntil([&] { return stage.SetOf("v2").available == 5; });
  const gate::Instant start = stage.world.Now();
  stage.RunUntil([&] { return stage.Phase() == "Healthy"; });
  EXPECT_GE(stage.world.Now() - start, seconds(24));
}

TEST(TrafficFlowTest, WithDynamicScaleTheStableSetShrinksWithItsTraffic) {
  Stage stage;
  Json canary = Routed(kPausedAt40);
  canary["dynamicStableScale"] = true;
  Deploy(stage, 10, canary);
  stage.Release("v2");
  stage.RunUntil(
      [&] { return stage.Phase() == "Paused: CanaryPauseStep" && stage.SetOf("v1").spec == 6; });
  EXPECT_EQ(stage.SetOf("v2").spec, 4);
  // argo R13: traffic goes back as the stable pods come up.
  stage.Patch(Type::kRollout, "demo", {{"status", {{"abort", true}}}}, WritePart::kStatus);
  stage.RunUntil([&] { return stage.SetOf("v1").available == 10 && stage.SetOf("v2").spec == 0; });
  EXPECT_EQ(stage.Status("/canary/weights/canary/weight"), "0");
}

TEST(TrafficFlowTest, AMissingServiceIsAnInvalidSpec) {
  Stage stage;
  stage.Create(stage.Demo(5, Routed(kPausedAt40)));
  stage.argo.Start();
  stage.RunUntil([&] { return stage.Status("/phase") == "Degraded"; });
  EXPECT_NE(stage.Status("/message").find("service \"stable\" not found"), std::string::npos);
}

}  // namespace
}  // namespace drill::sim
