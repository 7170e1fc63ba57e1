#include "harness/sim/argo/rollout_spec.h"

#include <gtest/gtest.h>

namespace drill::sim::argo {
namespace {

using gate::Json;

Json Valid(const Json& canary) {
  return {{"selector", {{"matchLabels", {{"app", "x"}}}}},
          {"template", {{"metadata", {{"labels", {{"app", "x"}}}}}}},
          {"strategy", {{"canary", canary}}}};
}

RolloutSpec Read(const Json& json) {
  auto spec = ReadRolloutSpec(Share(json));
  EXPECT_TRUE(spec) << (spec ? "" : spec.error().message);
  return spec ? std::move(*spec) : RolloutSpec{};
}

std::string RolloutErrorOf(const Json& json) {
  const auto spec = ReadRolloutSpec(Share(json));
  return spec ? "" : spec.error().message;
}

TEST(RolloutSpecTest, StepsKnowHowEventsNameThem) {
  const RolloutSpec spec = Read(Valid({{"steps",
                                        {{{"setWeight", 20}},
                                         {{"pause", Json::object()}},
                                         {{"pause", {{"duration", "1m"}}}},
                                         {{"pause", {{"duration", 30}}}},
                                         {{"analysis", {{"templates", Json::array()}}}}}}}));
  ASSERT_EQ(spec.StepCount(), 5);
  EXPECT_EQ(spec.steps[0].text, "setWeight: 20");
  EXPECT_EQ(spec.steps[1].text, "pause");
  EXPECT_FALSE(spec.steps[1].pause.seconds.has_value());
  EXPECT_EQ(spec.steps[2].text, "pause: 1m");
  EXPECT_EQ(spec.steps[2].pause.seconds, 60);
  EXPECT_EQ(spec.steps[3].pause.seconds, 30);
  EXPECT_EQ(spec.steps[4].text, "analysis");
}

TEST(RolloutSpecTest, AnyTextIsAShare) {
  const RolloutSpec spec = Read(Valid({{"maxSurge", "30%"}, {"maxUnavailable", 2}}));
  EXPECT_EQ(spec.max_surge, (IntOrPercent{IntOrPercent::Kind::kPercent, 30}));
  EXPECT_EQ(spec.max_unavailable, (IntOrPercent{IntOrPercent::Kind::kNumber, 2}));
  EXPECT_EQ(Read(Valid(Json::object())).max_surge,
            (IntOrPercent{IntOrPercent::Kind::kPercent, 25}));
}

TEST(RolloutSpecTest, WhatTheControllerRefusesIsRefused) {
  EXPECT_EQ(RolloutErrorOf(Valid({{"steps", {{{"setWeight", 101}}}}})),
            "spec.strategy.steps[0].setWeight: Invalid value: 101: SetWeight needs to be between 0 "
            "and 100");
  EXPECT_NE(RolloutErrorOf(Valid({{"steps", {{{"pause", {{"duration", "soon"}}}}}}})), "");
  EXPECT_NE(RolloutErrorOf(Valid({{"maxSurge", 0}, {"maxUnavailable", "0%"}})), "");
  EXPECT_NE(RolloutErrorOf(Valid({{"dynamicStableScale", true}})), "");
  Json other = Valid(Json::object());
  other["template"]["metadata"]["labels"]["app"] = "y";
  EXPECT_NE(RolloutErrorOf(other), "");
}

TEST(RolloutSpecTest, WhatTheModelDoesNotPlayIsRefusedByName) {
  EXPECT_EQ(RolloutErrorOf(Valid({{"steps", {{{"experiment", Json::object()}}}}})),
            "spec.strategy.steps[0].experiment: the simulator does not play this");
  EXPECT_EQ(RolloutErrorOf({{"strategy", {{"blueGreen", Json::object()}}}}),
            "spec.strategy.blueGreen: the simulator does not play this");
}

}  // namespace
}  // namespace drill::sim::argo
