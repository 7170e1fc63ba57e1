#include "harness/sim/world/world.h"

#include <gtest/gtest.h>

#include <string>

namespace drill::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kMany = 1'000'000;
constexpr gate::Instant kWorldEnd = gate::Instant(24h);

class WorldTest : public testing::Test {
 protected:
  World world_{{.seed = 1}};
  std::string order_;

  World::Handler Note(char name) {
    return [this, name] { order_ += name; };
  }
};

TEST_F(WorldTest, TheClockJumpsFromEventToEvent) {
  gate::Instant seen;
  world_.After(3h, Rank::kProcess, [&] { seen = world_.Now(); });
  EXPECT_EQ(world_.Run(kWorldEnd, nullptr, kMany), World::Ended::kIdle);
  EXPECT_EQ(seen, gate::Instant(3h));
  EXPECT_EQ(world_.Now(), seen);
}

TEST_F(WorldTest, EventsComeInOrderOfTimeThenRankThenScheduling) {
  world_.After(2s, Rank::kFault, Note('e'));
  world_.After(1s, Rank::kProcess, Note('c'));
  world_.After(1s, Rank::kProcess, Note('d'));
  world_.After(1s, Rank::kFault, Note('a'));
  world_.After(1s, Rank::kController, Note('b'));
  world_.Run(kWorldEnd, nullptr, kMany);
  EXPECT_EQ(order_, "abcde");
}

TEST_F(WorldTest, ATimeThatIsPastMeansNow) {
  world_.After(5s, Rank::kProcess,
               [this] { world_.At(gate::Instant(1s), Rank::kFault, Note('x')); });
  world_.Run(kWorldEnd, nullptr, kMany);
  EXPECT_EQ(order_, "x");
  EXPECT_EQ(world_.Now(), gate::Instant(5s));
}

TEST_F(WorldTest, ACancelledTimerDoesNotRunAndItsSlotIsUsedAgain) {
  const World::Timer cancelled = world_.After(1s, Rank::kProcess, Note('x'));
  world_.Cancel(cancelled);
  world_.After(1s, Rank::kProcess, Note('y'));
  world_.Cancel(cancelled);  // it names nothing any more
  world_.Run(kWorldEnd, nullptr, kMany);
  EXPECT_EQ(order_, "y");
}

TEST_F(WorldTest, ARunEndsAtItsTimeAndCanGoOn) {
  world_.After(10s, Rank::kProcess, Note('x'));
  EXPECT_EQ(world_.Run(gate::Instant(9s), nullptr, kMany), World::Ended::kTime);
  EXPECT_EQ(world_.Now(), gate::Instant(9s));
  EXPECT_EQ(order_, "");
  EXPECT_EQ(world_.Run(gate::Instant(10s), nullptr, kMany), World::Ended::kIdle);
  EXPECT_EQ(order_, "x");
}

TEST_F(WorldTest, WhatGoesRoundInCirclesIsEnded) {
  std::function<void()> again = [&] { world_.After(0s, Rank::kProcess, again); };
  again();
  EXPECT_EQ(world_.Run(kWorldEnd, nullptr, 100), World::Ended::kTooMany);
  EXPECT_EQ(world_.events(), 100U);
}

TEST_F(WorldTest, ARunEndsWhenItIsDone) {
  world_.After(1s, Rank::kProcess, Note('a'));
  world_.After(2s, Rank::kProcess, Note('b'));
  EXPECT_EQ(world_.Run(
                kWorldEnd, [this] { return order_ == "a"; }, kMany),
            World::Ended::kDone);
  EXPECT_EQ(order_, "a");
}

std::string OrderOf(std::uint64_t seed, World::Options::Ties ties) {
  World world({.seed = seed, .ties = ties});
  std::string order;
  for (const char name : std::string("abcdefgh")) {
    world.After(1s, Rank::kProcess, [&order, name] { order += name; });
  }
  world.Run(kWorldEnd, nullptr, kMany);
  return order;
}

TEST(WorldTiesTest, AreInOrderOrDrawnFromTheSeed) {
  using Ties = World::Options::Ties;
  EXPECT_EQ(OrderOf(1, Ties::kInOrder), "abcdefgh");
  EXPECT_NE(OrderOf(1, Ties::kDrawn), "abcdefgh");
  EXPECT_EQ(OrderOf(1, Ties::kDrawn), OrderOf(1, Ties::kDrawn));
  EXPECT_NE(OrderOf(1, Ties::kDrawn), OrderOf(2, Ties::kDrawn));
}

TEST(TraceHashTest, DependsOnEveryValueAndTheirOrder) {
  const auto hash = [](std::initializer_list<std::string_view> texts) {
    TraceHash trace;
    for (const std::string_view text : texts) trace.Add(text);
    return trace.Hex();
  };
  EXPECT_EQ(hash({"a", "b"}), hash({"a", "b"}));
  EXPECT_NE(hash({"a", "b"}), hash({"b", "a"}));
  EXPECT_NE(hash({"ab", ""}), hash({"a", "b"}));
  EXPECT_NE(hash({"12345678"}), hash({"12345679"}));
  EXPECT_EQ(hash({}).size(), 16U);
}

TEST(TraceHashTest, IsTheSameOnEveryMachine) {
  TraceHash trace;
  trace.Add(42);
  trace.Add("rollouts/demo");
  EXPECT_EQ(trace.Hex(), "7f56ee444e601271");
}

}  // namespace
}  // namespace drill::sim
