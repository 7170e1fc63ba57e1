#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "stage.h"

namespace drill::sim {
namespace {

using gate::Json;
using std::chrono::seconds;

Json Pausing() {
  return {{"maxSurge", 1},
          {"maxUnavailable", 0},
          {"steps", {{{"setWeight", 40}}, {{"pause", Json::object()}}}}};
}

int CountOf(const Stage& stage, const std::string& reason) {
  return static_cast<int>(std::count(stage.events.begin(), stage.events.end(), reason));
}

TEST(RollbackFlowTest, BackToStableSkipsTheSteps) {  // argo R76
  Stage stage;
  stage.DeployFirst(5, Pausing());
  stage.Release("v2");
  stage.RunUntil([&] { return stage.Phase() == "Paused: CanaryPauseStep"; });
  stage.Release("v1");
  stage.RunUntil([&] { return stage.Phase() == "Healthy"; });
  EXPECT_EQ(CountOf(stage, "SkipSteps"), 1);
  EXPECT_EQ(stage.SetOf("v1").available, 5);
  EXPECT_EQ(stage.SetOf("v2").spec, 0);
  EXPECT_EQ(
      stage.Get(Type::kRollout, "demo")["metadata"]["annotations"]["rollout.argoproj.io/revision"],
      "3");
}

TEST(RollbackFlowTest, AThirdReleaseInTheMiddleReplacesTheSecond) {  // argo R75
  Stage stage;
  stage.job_ends = {{std::nullopt, true}, {seconds(5), true}};
  stage.DeployFirst(5, Stage::GatedCanary());
  stage.Release("v2");
  stage.RunUntil([&] { return stage.jobs_created == 1; });
  stage.RunFor(seconds(1));
  stage.Release("v3");
  stage.RunUntil([&] { return stage.Phase() == "Healthy"; });
  EXPECT_EQ(stage.SetOf("v2").spec, 0);
  EXPECT_EQ(stage.SetOf("v3").available, 5);
  EXPECT_EQ(stage.Runs()["2-1"], "Inconclusive");
  EXPECT_EQ(stage.Runs()["3-1"], "Successful");
  EXPECT_GE(stage.least_available, 4);
}

TEST(RollbackFlowTest, WithinTheWindowAnOlderSetIsPromotedWithoutSteps) {  // argo R77
  for (const int window : {1, 2}) {
    Stage stage;
    Json demo = stage.Demo(3, Pausing());
    demo["spec"]["rollbackWindow"] = {{"revisions", window}};
    stage.Create(demo);
    stage.argo.Start();
    stage.RunUntil([&] { return stage.Phase() == "Healthy"; });
    for (const std::string version : {"v2", "v3"}) {
      stage.RunFor(seconds(2));
      stage.Release(version);
      stage.RunUntil([&] { return stage.Phase() == "Paused: CanaryPauseStep"; });
      stage.Patch(Type::kRollout, "demo", {{"status", {{"promoteFull", true}}}},
                  WritePart::kStatus);
      stage.RunUntil([&] { return stage.Phase() == "Healthy"; });
    }
    stage.Release("v1");  // two revisions back, one set between
    stage.RunUntil([&] {
      return stage.SetOf("v1").spec > 0 &&
             (stage.Phase() == "Healthy" || stage.Phase() == "Paused: CanaryPauseStep");
    });
    EXPECT_EQ(stage.Phase(), window == 2 ? "Healthy" : "Paused: CanaryPauseStep") << window;
    EXPECT_EQ(stage.SetOf("v1").available, window == 2 ? 3 : 1) << window;
  }
}

TEST(RollbackFlowTest, ChangedStepsStartAgain) {  // argo R75
  Stage stage;
  stage.DeployFirst(5, Pausing());
  stage.Release("v2");
  stage.RunUntil([&] { return stage.Phase() == "Paused: CanaryPauseStep"; });
  Json canary = Pausing();
  canary["steps"] = {{{"setWeight", 20}}, {{"pause", {{"duration", 5}}}}};
  stage.Patch(Type::kRollout, "demo", {{"spec", {{"strategy", {{"canary", canary}}}}}});
  EXPECT_EQ(stage.SetOf("v2").spec, 2);
  stage.RunUntil([&] { return stage.Step() == 0; });
  stage.RunUntil([&] { return stage.SetOf("v2").spec == 1; });
  stage.RunUntil([&] { return stage.Phase() == "Healthy"; });
}

}  // namespace
}  // namespace drill::sim
