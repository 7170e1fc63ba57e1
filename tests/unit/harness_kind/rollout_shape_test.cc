#include "harness/kind/rollout_shape.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drill {
namespace {

using gate::Json;
using std::chrono::seconds;
using testing::HasSubstr;

Json ARollout() {
  return Json::parse(R"({"spec": {"replicas": 5, "strategy": {"canary": {"maxSurge": 1, "steps": [
    {"setWeight": 20},
    {"analysis": {"templates": [{"templateName": "evidence-gate"}],
                  "args": [{"name": "release-id", "valueFrom": {"fieldRef": {"fieldPath": "x"}}},
                           {"name": "stage", "value": "20"}]}},
    {"setWeight": 50}]}}}})");
}

Json AGate(const std::string& stage) {
  Json gate = ARollout()["spec"]["strategy"]["canary"]["steps"][1];
  gate["analysis"]["args"][1]["value"] = stage;
  return gate;
}

Json Shaped(const RolloutShape& shape) {
  Json rollout = ARollout();
  const auto shaped = ShapeRollout(shape, rollout);
  EXPECT_TRUE(shaped) << shaped.error().message;
  return rollout;
}

TEST(ShapeRolloutTest, LeavesEverythingThatIsNotAskedFor) { EXPECT_EQ(Shaped({}), ARollout()); }

TEST(ShapeRolloutTest, ReplacesTheSteps) {
  using Kind = CanaryStep::Kind;
  RolloutShape shape;
  shape.steps = {{Kind::kSetWeight, 10, {}, ""},
                 {Kind::kPause, 0, seconds(90), ""},
                 {Kind::kGate, 0, {}, "10"},
                 {Kind::kPause, 0, {}, ""}};
  const Json canary = Shaped(shape)["spec"]["strategy"]["canary"];
  EXPECT_EQ(canary["steps"], Json::array({{{"setWeight", 10}},
                                          {{"pause", {{"duration", 90}}}},
                                          AGate("10"),
                                          {{"pause", Json::object()}}}));
  EXPECT_EQ(canary["maxSurge"], 1);
}

TEST(ShapeRolloutTest, AnEmptyListLeavesNoSteps) {
  RolloutShape shape;
  shape.steps.emplace();
  EXPECT_EQ(Shaped(shape)["spec"]["strategy"]["canary"]["steps"], Json::array());
}

TEST(ShapeRolloutTest, TheBackgroundGateIsLikeTheInlineOnes) {
  RolloutShape shape;
  shape.background = {"bg", 2};
  shape.steps = {{CanaryStep::Kind::kSetWeight, 10, {}, ""}};  // none of them is a gate any more
  Json wanted = AGate("bg")["analysis"];
  wanted["startingStep"] = 2;
  EXPECT_EQ(Shaped(shape)["spec"]["strategy"]["canary"]["analysis"], wanted);
}

TEST(ShapeRolloutTest, SetsDeadlinesAndWindows) {
  RolloutShape shape;
  shape.min_ready = seconds(5);
  shape.progress_deadline = seconds(30);
  shape.progress_deadline_abort = false;
  shape.rollback_window = 2;
  const Json spec = Shaped(shape)["spec"];
  EXPECT_EQ(spec["minReadySeconds"], 5);
  EXPECT_EQ(spec["progressDeadlineSeconds"], 30);
  EXPECT_EQ(spec["progressDeadlineAbort"], false);
  EXPECT_EQ(spec["rollbackWindow"], Json({{"revisions", 2}}));
}

TEST(ShapeRolloutTest, WithoutAGateToMakeOneAfterItSaysSo) {
  Json rollout = ARollout();
  rollout["spec"]["strategy"]["canary"]["steps"].erase(1);
  RolloutShape shape;
  shape.background = {"bg", 0};
  const auto shaped = ShapeRollout(shape, rollout);
  ASSERT_FALSE(shaped);
  EXPECT_THAT(shaped.error().message, HasSubstr("no analysis step"));
}

}  // namespace
}  // namespace drill
