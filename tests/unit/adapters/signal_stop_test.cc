#include "gate/adapters/signal_stop.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>

namespace gate {
namespace {

// False if no stop was requested for half a minute.
bool AwaitStop(const std::stop_token& token) {
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  stopped.wait_for(lock, token, std::chrono::seconds(30), [] { return false; });
  return token.stop_requested();
}

TEST(SignalStopTest, SigtermRequestsAStop) {
  const SignalStop stop;
  EXPECT_FALSE(stop.token().stop_requested());
  EXPECT_EQ(stop.signal(), 0);
  kill(getpid(), SIGTERM);
  EXPECT_TRUE(AwaitStop(stop.token()));
  EXPECT_EQ(stop.signal(), SIGTERM);
}

TEST(SignalStopTest, SigintRequestsAStop) {
  const SignalStop stop;
  kill(getpid(), SIGINT);
  EXPECT_TRUE(AwaitStop(stop.token()));
  EXPECT_EQ(stop.signal(), SIGINT);
}

TEST(SignalStopTest, ASecondSigtermChangesNothing) {
  const SignalStop stop;
  raise(SIGTERM);
  EXPECT_TRUE(AwaitStop(stop.token()));
  raise(SIGTERM);
  EXPECT_EQ(stop.signal(), SIGTERM);
}

TEST(SignalStopDeathTest, ASecondSigintEndsTheProcessAtOnce) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        const SignalStop stop;
        raise(SIGINT);
        raise(SIGINT);
        std::_Exit(0);
      },
      testing::KilledBySignal(SIGINT), "");
}

TEST(SignalStopDeathTest, ASigintAfterASigtermEndsTheProcessAtOnce) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        const SignalStop stop;
        raise(SIGTERM);
        raise(SIGINT);
        std::_Exit(0);
      },
      testing::KilledBySignal(SIGINT), "");
}

TEST(SignalStopDeathTest, DefaultHandlingIsBackAfterItsDestruction) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        { const SignalStop stop; }
        raise(SIGTERM);
        std::_Exit(0);
      },
      testing::KilledBySignal(SIGTERM), "");
}

TEST(SignalStopDeathTest, RefusesASecondInstance) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  const SignalStop stop;
  EXPECT_DEATH({ const SignalStop second; }, "check failed");
}

}  // namespace
}  // namespace gate
