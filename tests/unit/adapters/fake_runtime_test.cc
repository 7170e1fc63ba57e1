#include "tests/support/fake_runtime.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gate {
namespace {

using namespace std::chrono_literals;

TEST(FakeRuntimeTest, TimePassesOnlyWhileSomebodyWaits) {
  FakeRuntime runtime;
  const Instant begin = runtime.Now();
  const WallTime wall = runtime.WallNow();
  EXPECT_EQ(runtime.Sleep(runtime.In(5s)), WaitResult::kElapsed);
  EXPECT_EQ(runtime.Now() - begin, 5s);
  EXPECT_EQ(runtime.WallNow() - wall, 5s);
  EXPECT_EQ(runtime.Sleep({begin}), WaitResult::kElapsed);  // past: no time passes
  EXPECT_EQ(runtime.Now() - begin, 5s);
  EXPECT_THAT(runtime.sleeps(), testing::ElementsAre(5s, 0s));
}

TEST(FakeRuntimeTest, ActionsRunInTheOrderOfTheirTimes) {
  FakeRuntime runtime;
  std::vector<int> order;
  runtime.After(3s, [&] { order.push_back(3); });
  runtime.After(1s, [&] { order.push_back(1); });
  runtime.After(9s, [&] { order.push_back(9); });
  runtime.Advance(3s);
  EXPECT_THAT(order, testing::ElementsAre(1, 3));
}

TEST(FakeRuntimeTest, ASetEndsAWaitAtItsTime) {
  FakeRuntime runtime;
  const auto event = runtime.NewEvent();
  const Instant begin = runtime.Now();
  runtime.After(2s, [&] { event->Set(); });
  EXPECT_EQ(event->Wait({Instant::max()}), WaitResult::kSignalled);
  EXPECT_EQ(runtime.Now() - begin, 2s);
  EXPECT_EQ(event->Wait(runtime.In(1s)), WaitResult::kElapsed);
}

TEST(FakeRuntimeTest, AStopEndsAWaitAtItsTime) {
  FakeRuntime runtime;
  std::stop_source stop;
  const Instant begin = runtime.Now();
  runtime.After(2s, [&] { stop.request_stop(); });
  EXPECT_EQ(runtime.Sleep({Instant::max(), stop.get_token()}), WaitResult::kStopped);
  EXPECT_EQ(runtime.Now() - begin, 2s);
}

TEST(FakeRuntimeTest, ATaskRunsOnceWhenSomebodyWaits) {
  FakeRuntime runtime;
  int runs = 0;
  const auto event = runtime.NewEvent();
  {
    const auto task = runtime.Spawn("task", [&] {
      ++runs;
      event->Set();
    });
    EXPECT_EQ(runs, 0);
    EXPECT_EQ(event->Wait(runtime.In(1s)), WaitResult::kSignalled);
    task->Join();
  }
  EXPECT_EQ(runs, 1);
}

TEST(FakeRuntimeDeathTest, AWaitThatNothingWouldEndIsAMistake) {
  EXPECT_DEATH({ FakeRuntime().Sleep({Instant::max()}); }, "check failed");
}

}  // namespace
}  // namespace gate
