#include "gate/adapters/system_runtime.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <thread>

#include "gate/adapters/os_seed.h"

namespace gate {
namespace {

using namespace std::chrono_literals;

// Far enough away to never be reached, near enough to end a hung test.
constexpr Nanos kLong = 30s;

TEST(SystemRuntimeTest, SleepsUntilTheDeadlineAndNotShorter) {
  SystemRuntime runtime;
  const Instant end = runtime.Now() + 20ms;
  EXPECT_EQ(runtime.Sleep({end}), WaitResult::kElapsed);
  EXPECT_GE(runtime.Now(), end);
}

TEST(SystemRuntimeTest, DoesNotSleepUntilADeadlineThatHasPassed) {
  SystemRuntime runtime;
  const Instant begin = runtime.Now();
  EXPECT_EQ(runtime.Sleep({begin - 1s}), WaitResult::kElapsed);
  EXPECT_LT(runtime.Now() - begin, kLong);
}

TEST(SystemRuntimeTest, AStopRequestEndsASleep) {
  SystemRuntime runtime;
  std::stop_source stop;
  const Instant begin = runtime.Now();
  const auto task = runtime.Spawn("stopper", [&] { stop.request_stop(); });
  EXPECT_EQ(runtime.Sleep({Instant::max(), stop.get_token()}), WaitResult::kStopped);
  EXPECT_LT(runtime.Now() - begin, kLong);
}

TEST(SystemRuntimeTest, AnEarlierStopRequestEndsASleepAtOnce) {
  SystemRuntime runtime;
  std::stop_source stop;
  stop.request_stop();
  const Instant begin = runtime.Now();
  EXPECT_EQ(runtime.Sleep({begin + kLong, stop.get_token()}), WaitResult::kStopped);
  EXPECT_LT(runtime.Now() - begin, kLong);
}

TEST(SystemRuntimeTest, WallTimeIsTheSystemsClock) {
  const auto before = std::chrono::system_clock::now();
  const WallTime now = SystemRuntime().WallNow();
  EXPECT_LE(before, now);
  EXPECT_LE(now, std::chrono::system_clock::now());
}

TEST(SystemRuntimeTest, ASignalEndsAWait) {
  SystemRuntime runtime;
  const auto event = runtime.NewEvent();
  const auto task = runtime.Spawn("setter", [&] { event->Set(); });
  EXPECT_EQ(event->Wait({runtime.Now() + kLong}), WaitResult::kSignalled);
}

TEST(SystemRuntimeTest, ASignalIsRememberedForExactlyOneWait) {
  SystemRuntime runtime;
  const auto event = runtime.NewEvent();
  event->Set();
  event->Set();
  EXPECT_EQ(event->Wait({runtime.Now()}), WaitResult::kSignalled);
  EXPECT_EQ(event->Wait({runtime.Now()}), WaitResult::kElapsed);
}

TEST(SystemRuntimeTest, ASignalIsReportedBeforeAStop) {
  SystemRuntime runtime;
  std::stop_source stop;
  stop.request_stop();
  const auto event = runtime.NewEvent();
  event->Set();
  EXPECT_EQ(event->Wait({Instant::max(), stop.get_token()}), WaitResult::kSignalled);
  EXPECT_EQ(event->Wait({Instant::max(), stop.get_token()}), WaitResult::kStopped);
}

TEST(SystemRuntimeTest, JoinWaitsForTheTask) {
  SystemRuntime runtime;
  std::atomic<bool> done = false;
  const auto task = runtime.Spawn("worker", [&] {
    runtime.Sleep({runtime.Now() + 20ms});
    done = true;
  });
  task->Join();
  EXPECT_TRUE(done);
  task->Join();  // once more does no harm
}

TEST(SystemRuntimeTest, DestroyingATaskWaitsForIt) {
  SystemRuntime runtime;
  std::atomic<bool> done = false;
  runtime.Spawn("worker", [&] {
    runtime.Sleep({runtime.Now() + 20ms});
    done = true;
  });
  EXPECT_TRUE(done);
}

TEST(SystemRuntimeTest, AThreadBearsTheFirstFifteenCharactersOfItsTasksName) {
  SystemRuntime runtime;
  char name[16] = "";
  runtime.Spawn("a-rather-long-task-name",
                [&] { pthread_getname_np(pthread_self(), name, sizeof name); });
  EXPECT_STREQ(name, "a-rather-long-t");
}

TEST(OsSeedTest, DiffersFromCallToCall) { EXPECT_NE(SeedFromOs(), SeedFromOs()); }

}  // namespace
}  // namespace gate
