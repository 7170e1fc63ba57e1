#include "harness/sim/campaign/shrink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/sim/campaign/worlds.h"

namespace drill::sim {
namespace {

using namespace std::chrono_literals;

// The pods of this canary never start, so that its rollout comes to no end, whatever else happens.
Case EndlessCase() {
  Case one = PlainCase(McAnswer::kThrottled, McAnswer::kGood);
  one.scenario.canary_image = Deploy::Image::kMissing;
  one.ties = World::Options::Ties::kDrawn;
  one.faults = {{FaultKind::kArgoRestart, 1234ms, 0s, 0, 0},
                {FaultKind::kApiLost, 5s, 10s, 300'000, 0}};
  return one;
}

TEST(ShrinkTest, LeavesOutWhatDoesNotMatter) {
  const Case one = EndlessCase();
  const CaseResult result = Play(one);
  ASSERT_TRUE(result.violation);
  ASSERT_EQ(result.violation->invariant, Invariant::kSettles);
  const Shrunk shrunk = Shrink(one, result, GeneratedWorlds().TemplateFor(0), 200);
  EXPECT_TRUE(shrunk.smallest.faults.empty());
  EXPECT_EQ(shrunk.smallest.ties, World::Options::Ties::kInOrder);
  EXPECT_EQ(shrunk.smallest.scenario.replicas, 1);
  EXPECT_EQ(shrunk.smallest.mc.front().turns, std::vector<McTurn>{McTurn{}});
  EXPECT_EQ(shrunk.smallest.scenario.canary_image, Deploy::Image::kMissing);
  ASSERT_TRUE(shrunk.result.violation);
  EXPECT_EQ(shrunk.result.violation->invariant, Invariant::kSettles);
  EXPECT_EQ(Play(shrunk.smallest).trace, shrunk.result.trace);
}

TEST(ShrinkTest, KeepsToItsNumberOfReplays) {
  const Case one = EndlessCase();
  const CaseResult result = Play(one);
  EXPECT_EQ(Shrink(one, result, GeneratedWorlds().TemplateFor(0), 2).replays, 2U);
}

}  // namespace
}  // namespace drill::sim
