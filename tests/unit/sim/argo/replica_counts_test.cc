#include "harness/sim/argo/replica_counts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace drill::sim::argo {
namespace {

struct Case {
  std::int32_t n, weight, surge, unavailable;
  std::string kind;
  SetSize canary, stable;
  std::int32_t others;
  Counts expected;
};

Counts CountsOf(const Case& c) {
  SetSizes sets;
  if (c.kind != "nocanary") sets.canary = c.canary;
  if (c.kind == "same") sets.stable = c.canary;
  if (c.kind == "other" || c.kind == "nocanary") sets.stable = c.stable;
  sets.same = c.kind == "same";
  sets.others = c.others;
  return BasicCanaryCounts(c.n, c.weight, 100, {c.surge, c.unavailable}, sets);
}

TEST(ReplicaCountsTest, AgreeWithTheRealControllerOnDrawnCases) {
  std::ifstream table(REPLICA_COUNTS_TABLE);
  ASSERT_TRUE(table.is_open());
  int approximations = 0;
  int steps = 0;
  for (std::string line; std::getline(table, line);) {
    std::istringstream in(line);
    std::string what;
    in >> what;
    Case c{};
    if (what == "A") {
      in >> c.n >> c.weight >> c.surge >> c.expected.canary >> c.expected.stable;
      ++approximations;
      EXPECT_EQ(ApproximateCounts(c.n, c.weight, 100, c.surge), c.expected) << line;
    }
    if (what == "B") {
      in >> c.n >> c.weight >> c.surge >> c.unavailable >> c.kind >> c.canary.spec >>
          c.canary.available >> c.stable.spec >> c.stable.available >> c.others >>
          c.expected.canary >> c.expected.stable;
      ++steps;
      EXPECT_EQ(CountsOf(c), c.expected) << line;
    }
    EXPECT_FALSE(in.fail()) << line;
  }
  EXPECT_EQ(approximations, 224);
  EXPECT_EQ(steps, 600);
}

TEST(ReplicaCountsTest, FencepostsRoundSurgeUpAndUnavailabilityDown) {
  const IntOrPercent quarter{IntOrPercent::Kind::kPercent, 25};
  EXPECT_EQ(ResolveFenceposts(quarter, quarter, 10).max_surge, 3);
  EXPECT_EQ(ResolveFenceposts(quarter, quarter, 10).max_unavailable, 2);
}

TEST(ReplicaCountsTest, FencepostsAreNeverBothZero) {
  const IntOrPercent none{IntOrPercent::Kind::kNumber, 0};
  const IntOrPercent quarter{IntOrPercent::Kind::kPercent, 25};
  EXPECT_EQ(ResolveFenceposts(none, none, 4).max_unavailable, 1);
  EXPECT_EQ(ResolveFenceposts(none, quarter, 3).max_unavailable, 1);  // 0.75 rounds down to 0
}

TEST(ReplicaCountsTest, NoMoreThanAllCanBeUnavailable) {
  const IntOrPercent none{IntOrPercent::Kind::kNumber, 0};
  EXPECT_EQ(ResolveFenceposts(none, {IntOrPercent::Kind::kNumber, 9}, 2).max_unavailable, 2);
  EXPECT_EQ(ResolveFenceposts(none, none, 0).max_unavailable, 0);
}

TEST(ReplicaCountsTest, ACrashingCanaryShrinksOnAbortAsIfItWereAvailable) {
  // 10 replicas, 50 % done, the five canary pods crash; 25 % / 25 %.
  SetSizes sets;
  sets.canary = SetSize{5, 5, 0};
  sets.stable = SetSize{5, 5, 5};
  EXPECT_EQ(BasicCanaryCounts(10, 0, 100, {3, 2}, sets), (Counts{3, 8}));
}

TEST(ReplicaCountsTest, OlderSetsAreScaledDownBeforeTheOthers) {
  SetSizes sets;
  sets.canary = SetSize{0, 0, 0};
  sets.stable = SetSize{8, 8, 8};
  sets.others = 2;
  EXPECT_EQ(BasicCanaryCounts(10, 20, 100, {1, 1}, sets), (Counts{1, 8}));
}

RolloutSpec SpecWithWeights(std::initializer_list<std::int32_t> weights) {
  RolloutSpec spec;
  spec.replicas = 10;
  for (const std::int32_t weight : weights) {
    CanaryStep step{};
    step.kind = CanaryStep::Kind::kSetWeight;
    step.weight = weight;
    spec.steps.push_back(step);
    step.kind = CanaryStep::Kind::kPause;
    spec.steps.push_back(step);
  }
  return spec;
}

RolloutStatus InProgress(std::int32_t step) {
  RolloutStatus status;
  status.stable_hash = "old";
  status.current_pod_hash = "new";
  status.step_index = step;
  return status;
}

TEST(SetWeightTest, IsThatOfTheLastSetWeightUpToTheStep) {
  const RolloutSpec spec = SpecWithWeights({20, 50});
  EXPECT_EQ(CurrentSetWeight(spec, InProgress(0)), 20);
  EXPECT_EQ(CurrentSetWeight(spec, InProgress(1)), 20);
  EXPECT_EQ(CurrentSetWeight(spec, InProgress(3)), 50);
  EXPECT_EQ(CurrentSetWeight(spec, InProgress(4)), 100);
}

TEST(SetWeightTest, IsZeroAfterAnAbortAndBeforeTheFirstSetWeight) {
  RolloutSpec spec = SpecWithWeights({20});
  RolloutStatus aborted = InProgress(1);
  aborted.abort = true;
  EXPECT_EQ(CurrentSetWeight(spec, aborted), 0);
  spec.steps.erase(spec.steps.begin());
  EXPECT_EQ(CurrentSetWeight(spec, InProgress(0)), 0);
}

TEST(RoutedCountsTest, TheStableSetStaysWholeUnlessItFollowsTheTraffic) {
  RolloutSpec spec = SpecWithWeights({25});
  spec.routed = true;
  SetSizes sets;
  sets.canary = SetSize{0, 0, 0};
  sets.stable = SetSize{10, 10, 10};
  EXPECT_EQ(DesiredCounts(spec, InProgress(0), sets, std::nullopt, true), (Counts{3, 10}));
  spec.dynamic_stable_scale = true;
  EXPECT_EQ(DesiredCounts(spec, InProgress(0), sets, std::nullopt, true), (Counts{3, 8}));
}

TEST(RoutedCountsTest, TheStableSetIsAsLargeAsItsPresentTraffic) {
  RolloutSpec spec = SpecWithWeights({50});
  spec.routed = true;
  spec.dynamic_stable_scale = true;
  Weights weights;
  weights.canary.weight = 10;
  weights.stable.weight = 90;
  EXPECT_EQ(DesiredCounts(spec, InProgress(0), {}, weights, true), (Counts{5, 9}));
}

TEST(RoutedCountsTest, TheLeastPodsPerSetAreCappedIn1_10Only) {
  RolloutSpec spec = SpecWithWeights({10});
  spec.replicas = 2;
  spec.routed = true;
  spec.min_pods_per_replica_set = 4;
  EXPECT_EQ(DesiredCounts(spec, InProgress(0), {}, std::nullopt, true).canary, 2);
  EXPECT_EQ(DesiredCounts(spec, InProgress(0), {}, std::nullopt, false).canary, 4);
}

TEST(RoutedCountsTest, SetCanaryScaleReplacesTheWeightUntilItIsToMatchItAgain) {
  RolloutSpec spec = SpecWithWeights({10});
  spec.routed = true;
  CanaryStep scale{};
  scale.kind = CanaryStep::Kind::kSetCanaryScale;
  scale.scale.replicas = 7;
  spec.steps.insert(spec.steps.begin(), scale);
  EXPECT_EQ(DesiredCounts(spec, InProgress(1), {}, std::nullopt, true).canary, 7);
  scale.scale = {};
  scale.scale.match_traffic_weight = true;
  spec.steps.insert(spec.steps.begin() + 1, scale);
  EXPECT_EQ(DesiredCounts(spec, InProgress(2), {}, std::nullopt, true).canary, 1);
}

TEST(ProgressThresholdTest, IsMetFromTheGivenShareOn) {
  RolloutSpec spec;
  spec.progress_threshold = IntOrPercent{IntOrPercent::Kind::kPercent, 70};
  EXPECT_TRUE(ProgressThresholdMet(spec, SetSize{10, 10, 7}, 10));
  EXPECT_FALSE(ProgressThresholdMet(spec, SetSize{10, 10, 6}, 10));
  EXPECT_FALSE(ProgressThresholdMet(RolloutSpec{}, SetSize{10, 10, 9}, 10));
}

TEST(AbortDelayTest, ZeroMeansForEverAndOnlyARouterDelays) {
  RolloutSpec spec;
  EXPECT_EQ(AbortScaleDownDelay(spec).seconds, 0);
  spec.routed = true;
  EXPECT_EQ(AbortScaleDownDelay(spec).seconds, 30);
  spec.abort_scale_down_delay_seconds = 0;
  EXPECT_FALSE(AbortScaleDownDelay(spec).seconds.has_value());
}

}  // namespace
}  // namespace drill::sim::argo
