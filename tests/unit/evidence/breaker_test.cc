#include "gate/decide/breaker.h"

#include <gtest/gtest.h>

namespace gate::decide {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using State = CircuitBreaker::State;

class BreakerTest : public ::testing::Test {
 protected:
  void Fail(int times) {
    for (int i = 0; i < times; ++i) breaker_.Failed(breaker_.Acquire(now_).value(), now_);
  }

  Instant now_{std::chrono::hours(1)};
  CircuitBreaker breaker_{{.failures = 3, .open_for = seconds(10)}};
};

TEST_F(BreakerTest, LetsEverythingThroughAtFirst) {
  EXPECT_EQ(breaker_.state(now_), State::kClosed);
  EXPECT_TRUE(breaker_.Acquire(now_));
  EXPECT_TRUE(breaker_.Acquire(now_));
  EXPECT_FALSE(breaker_.opens_until(now_));
}

TEST_F(BreakerTest, OpensAfterThatManyFailuresInARowAndNotBefore) {
  Fail(2);
  EXPECT_EQ(breaker_.state(now_), State::kClosed);
  Fail(1);
  EXPECT_EQ(breaker_.state(now_), State::kOpen);
  EXPECT_FALSE(breaker_.Acquire(now_));
  EXPECT_EQ(breaker_.opens_until(now_), now_ + seconds(10));
}

TEST_F(BreakerTest, ASuccessBeginsTheRowAnew) {
  Fail(2);
  breaker_.Succeeded(breaker_.Acquire(now_).value());
  Fail(2);
  EXPECT_EQ(breaker_.state(now_), State::kClosed);
}

TEST_F(BreakerTest, AfterItsTimeItLetsOneProbeThrough) {
  Fail(3);
  now_ += seconds(10) - milliseconds(1);
  EXPECT_FALSE(breaker_.Acquire(now_));
  now_ += milliseconds(1);
  EXPECT_EQ(breaker_.state(now_), State::kHalfOpen);
  EXPECT_TRUE(breaker_.Acquire(now_));
  EXPECT_FALSE(breaker_.Acquire(now_)) << "a second probe beside the first";
}

TEST_F(BreakerTest, AProbeThatSucceedsClosesIt) {
  Fail(3);
  now_ += seconds(10);
  breaker_.Succeeded(breaker_.Acquire(now_).value());
  EXPECT_EQ(breaker_.state(now_), State::kClosed);
  Fail(2);
  EXPECT_EQ(breaker_.state(now_), State::kClosed) << "earlier failures are forgotten";
}

TEST_F(BreakerTest, AProbeThatFailsOpensItForAnotherPeriod) {
  Fail(3);
  now_ += seconds(10);
  Fail(1);
  EXPECT_EQ(breaker_.state(now_), State::kOpen);
  EXPECT_EQ(breaker_.opens_until(now_), now_ + seconds(10));
}

TEST_F(BreakerTest, AProbeThatWasGivenUpMakesRoomForTheNext) {
  Fail(3);
  now_ += seconds(10);
  breaker_.Abandoned(breaker_.Acquire(now_).value());
  EXPECT_EQ(breaker_.state(now_), State::kHalfOpen);
  EXPECT_TRUE(breaker_.Acquire(now_));
}

TEST_F(BreakerTest, ResultsOfRequestsFromBeforeItOpenedChangeNothing) {
  const auto slow = breaker_.Acquire(now_).value();
  const auto slower = breaker_.Acquire(now_).value();
  Fail(3);
  breaker_.Succeeded(slow);
  EXPECT_EQ(breaker_.state(now_), State::kOpen);
  now_ += seconds(10);
  const auto probe = breaker_.Acquire(now_).value();
  breaker_.Failed(slower, now_);
  EXPECT_EQ(breaker_.state(now_), State::kHalfOpen);
  breaker_.Succeeded(probe);
  EXPECT_EQ(breaker_.state(now_), State::kClosed);
}

}  // namespace
}  // namespace gate::decide
