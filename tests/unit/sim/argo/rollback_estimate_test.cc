#include "gate/argo/rollback_estimate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stage.h"

namespace drill::sim {
namespace {

using gate::Json;
using gate::argo::EstimateRollback;
using gate::argo::FindFasterRollback;
using gate::argo::IntOrPercent;
using gate::argo::RollbackShape;
using std::chrono::seconds;

IntOrPercent Number(int value) { return {IntOrPercent::Kind::kNumber, value}; }
IntOrPercent Percent(int value) { return {IntOrPercent::Kind::kPercent, value}; }

// The time from an abort at `weight` until only stable pods are wanted, and all are available.
gate::Nanos Simulated(const RollbackShape& shape) {
  const auto json = [](const IntOrPercent& value) {
    return value.kind == IntOrPercent::Kind::kNumber ? Json(value.value)
                                                     : Json(std::to_string(value.value) + "%");
  };
  Stage stage;
  stage.pod_time = shape.pod_time;
  stage.DeployFirst(shape.replicas,
                    {{"maxSurge", json(shape.max_surge)},
                     {"maxUnavailable", json(shape.max_unavailable)},
                     {"steps", {{{"setWeight", shape.weight}}, {{"pause", Json::object()}}}}});
  stage.Release("v2");
  stage.RunUntil([&] { return stage.Phase() == "Paused: CanaryPauseStep"; });
  stage.RunFor(seconds(60));
  const auto begin = stage.world.Now();
  stage.Patch(Type::kRollout, "demo", {{"status", {{"abort", true}}}}, WritePart::kStatus);
  stage.RunUntil(
      [&] { return stage.SetOf("v2").spec == 0 && stage.SetOf("v1").available == shape.replicas; });
  return stage.world.Now() - begin;
}

TEST(RollbackEstimateTest, AgreesWithTheSimulatedController) {
  for (const int replicas : {1, 2, 5, 10, 37}) {
    for (const auto& [surge, unavailable] :
         {std::pair(Number(1), Number(0)), std::pair(Number(0), Number(1)),
          std::pair(Percent(25), Percent(25)), std::pair(Number(2), Number(3)),
          std::pair(Percent(100), Number(0)), std::pair(Number(0), Percent(100))}) {
      const RollbackShape shape{replicas, 50, surge, unavailable, seconds(7)};
      const auto estimate = EstimateRollback(shape);
      const gate::Nanos simulated = Simulated(shape);
      SCOPED_TRACE(testing::Message()
                   << replicas << " replicas, surge " << surge.value << ", unavailable "
                   << unavailable.value << ", waves " << estimate.waves);
      EXPECT_GE(simulated, estimate.time);
      // The controller itself takes its milliseconds each time.
      EXPECT_LT(simulated, estimate.time + (estimate.waves + 1) * seconds(1));
    }
  }
}

TEST(RollbackEstimateTest, OnePodAtATimeTakesAsManyWavesAsTheCanaryHasPods) {  // argo R7
  const RollbackShape shape{100, 50, Number(1), Number(0), seconds(5)};
  const auto estimate = EstimateRollback(shape);
  EXPECT_EQ(estimate.before.canary, 50);
  EXPECT_EQ(estimate.waves, 50);
  EXPECT_EQ(estimate.time, seconds(250));
}

TEST(RollbackEstimateTest, AQuarterEachTakesOneWave) {
  EXPECT_EQ(EstimateRollback({100, 50, {}, {}, seconds(5)}).waves, 1);
}

TEST(RollbackEstimateTest, NothingToRollBackTakesNoTime) {
  EXPECT_EQ(EstimateRollback({0, 50, {}, {}, seconds(5)}).waves, 0);
  EXPECT_EQ(EstimateRollback({10, 0, {}, {}, seconds(5)}).waves, 0);
}

TEST(RollbackEstimateTest, TheLargestRolloutEnds) {
  const RollbackShape shape{gate::argo::kMaxReplicas, 99, Number(1), Number(0), seconds(1)};
  EXPECT_EQ(EstimateRollback(shape).waves, 990'000);
}

TEST(RollbackEstimateTest, NoTimeIsTooLongToBeSaid) {
  const RollbackShape shape{gate::argo::kMaxReplicas, 50, Number(1), Number(0),
                            std::chrono::hours(24)};
  EXPECT_EQ(EstimateRollback(shape).time, gate::argo::kLongestRollback);
}

TEST(RollbackEstimateTest, FindsTheSmallestPercentagesThatPass) {
  RollbackShape shape{100, 50, Number(1), Number(0), seconds(30)};
  const auto faster = FindFasterRollback(shape, seconds(300));
  ASSERT_TRUE(faster.max_surge_percent);
  ASSERT_TRUE(faster.max_unavailable_percent);
  shape.max_surge = Percent(*faster.max_surge_percent);
  EXPECT_LE(EstimateRollback(shape).time, seconds(300));
  shape.max_surge = Percent(*faster.max_surge_percent - 1);
  EXPECT_GT(EstimateRollback(shape).time, seconds(300));
  shape.max_surge = Number(1);
  shape.max_unavailable = Percent(*faster.max_unavailable_percent);
  EXPECT_LE(EstimateRollback(shape).time, seconds(300));
}

TEST(RollbackEstimateTest, FindsNoneIfOneWaveIsTooSlow) {
  const auto faster =
      FindFasterRollback({100, 50, Number(1), Number(0), seconds(301)}, seconds(300));
  EXPECT_FALSE(faster.max_surge_percent);
}

}  // namespace
}  // namespace drill::sim
