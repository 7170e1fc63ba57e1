#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "stage.h"

namespace drill::sim {
namespace {

using gate::Json;
using std::chrono::seconds;

Json PausedAt20(const Json& pause) {
  return {{"steps", {{{"setWeight", 20}}, {{"pause", pause}}, {{"setWeight", 60}}}}};
}

TEST(PauseFlowTest, ATimedPauseEndsByItself) {  // argo R18
  Stage stage;
  stage.DeployFirst(5, PausedAt20({{"duration", "30s"}}));
  stage.Release("v2");
  stage.RunUntil([&] { return stage.Phase() == "Paused: CanaryPauseStep"; });
  const gate::Instant start = stage.world.Now();
  stage.RunUntil([&] { return stage.Step() == 2; });
  // The start is kept in whole seconds.
  EXPECT_GE(stage.world.Now() - start, seconds(29));
  EXPECT_LE(stage.world.Now() - start, seconds(31));
  stage.RunUntil([&] { return stage.Phase() == "Healthy"; });
  EXPECT_EQ(std::count(stage.events.begin(), stage.events.end(), "RolloutPaused"), 1);
  EXPECT_EQ(std::count(stage.events.begin(), stage.events.end(), "RolloutResumed"), 1);
}

TEST(PauseFlowTest, AnEndlessPauseWaitsForSomebody) {
  Stage stage;
  stage.DeployFirst(5, PausedAt20(Json::object()));
  stage.Release("v2");
  stage.RunUntil([&] { return stage.Phase() == "Paused: CanaryPauseStep"; });
  stage.RunFor(std::chrono::hours(2));
  EXPECT_EQ(stage.Phase(), "Paused: CanaryPauseStep");
  EXPECT_EQ(stage.Step(), 1);
  stage.Patch(Type::kRollout, "demo", {{"status", {{"pauseConditions", nullptr}}}},
              WritePart::kStatus);
  stage.RunUntil([&] { return stage.Phase() == "Healthy"; });
  EXPECT_EQ(stage.Status("/controllerPause"), "");
}

TEST(PauseFlowTest, APauseOfMoreThanTheResyncIsNoticedByTheResync) {
  Stage stage;
  stage.DeployFirst(5, PausedAt20({{"duration", "40m"}}));
  stage.Release("v2");
  stage.RunUntil([&] { return stage.Phase() == "Paused: CanaryPauseStep"; });
  const gate::Instant start = stage.world.Now();
  stage.RunUntil([&] { return stage.Step() == 2; }, std::chrono::hours(2));
  EXPECT_GE(stage.world.Now() - start, std::chrono::minutes(40) - seconds(1));
  EXPECT_LE(stage.world.Now() - start, std::chrono::minutes(55));
}

TEST(PauseFlowTest, SpecPausedHoldsTheStepsButNotTheGate) {  // argo R20
  Stage stage;
  stage.DeployFirst(5, Stage::GatedCanary());
  stage.Release("v2");
  stage.RunUntil([&] { return stage.Runs()["2-1"] == "Running"; });
  stage.Patch(Type::kRollout, "demo", {{"spec", {{"paused", true}}}});
  stage.RunUntil([&] { return stage.Runs()["2-1"] == "Successful"; });
  stage.RunFor(seconds(60));
  EXPECT_EQ(stage.Phase(), "Paused: manually paused");
  EXPECT_EQ(stage.Step(), 1);
  stage.Patch(Type::kRollout, "demo", {{"spec", {{"paused", false}}}});
  stage.RunUntil([&] { return stage.Phase() == "Healthy"; });
}

TEST(PauseFlowTest, PausedConditionsAreSaidAndTakenBack) {
  Stage stage;
  stage.DeployFirst(5, PausedAt20({{"duration", 20}}));
  stage.Release("v2");
  stage.RunUntil([&] { return stage.Phase() == "Paused: CanaryPauseStep"; });
  stage.RunFor(seconds(2));
  const auto condition = [&](const std::string& type) {
    const Json rollout = stage.Get(Type::kRollout, "demo");
    for (const Json& each : rollout.at("status").at("conditions")) {
      if (each.at("type") == type) {
        return each.at("status").get<std::string>() + " " + each.at("reason").get<std::string>();
      }
    }
    return std::string();
  };
  EXPECT_EQ(condition("Progressing"), "Unknown RolloutPaused");
  EXPECT_EQ(condition("Paused"), "True RolloutPaused");
  stage.RunUntil([&] { return stage.Phase() == "Healthy"; });
  EXPECT_EQ(condition("Paused"), "False RolloutPaused");
  EXPECT_EQ(condition("Progressing"), "True NewReplicaSetAvailable");
  EXPECT_EQ(condition("Completed"), "True RolloutCompleted");
}

}  // namespace
}  // namespace drill::sim
