#include "gate/decide/backoff.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

namespace gate::decide {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

// The longest of many delays, all of which must be within [0, `bound`].
Nanos LongestOf(int draws, int attempt, const BackoffPolicy& policy, Nanos bound) {
  Rng rng(7);
  Nanos longest(0);
  for (int i = 0; i < draws; ++i) {
    const Nanos delay = BackoffDelay(attempt, policy, std::nullopt, rng);
    EXPECT_GE(delay, Nanos(0));
    EXPECT_LE(delay, bound);
    longest = std::max(longest, delay);
  }
  return longest;
}

TEST(BackoffTest, DoublesItsBoundUpToTheCap) {
  const BackoffPolicy policy{milliseconds(100), seconds(1)};
  const Nanos bounds[] = {milliseconds(100), milliseconds(200), milliseconds(400),
                          milliseconds(800), seconds(1),        seconds(1)};
  for (int attempt = 0; attempt < 6; ++attempt) {
    const Nanos bound = bounds[attempt];
    EXPECT_GT(LongestOf(1000, attempt, policy, bound), bound * 95 / 100) << attempt;
  }
}

TEST(BackoffTest, IsUniformFromZeroToTheBound) {
  const BackoffPolicy policy{Nanos(9), Nanos(9)};
  Rng rng(11);
  std::vector<int> seen(10, 0);
  for (int i = 0; i < 10000; ++i) {
    ++seen.at(static_cast<std::size_t>(BackoffDelay(0, policy, std::nullopt, rng).count()));
  }
  for (const int count : seen) {
    EXPECT_GT(count, 850);
    EXPECT_LT(count, 1150);
  }
}

TEST(BackoffTest, IsTheSameForTheSameSeed) {
  const BackoffPolicy policy{seconds(1), seconds(60)};
  Rng a(5);
  Rng b(5);
  for (int attempt = 0; attempt < 20; ++attempt) {
    EXPECT_EQ(BackoffDelay(attempt, policy, std::nullopt, a),
              BackoffDelay(attempt, policy, std::nullopt, b));
  }
}

TEST(BackoffTest, WaitsAtLeastAsLongAsMcAsks) {
  const BackoffPolicy policy{milliseconds(100), seconds(1)};
  Rng rng(1);
  EXPECT_EQ(BackoffDelay(0, policy, seconds(30), rng), seconds(30));  // beyond the cap
  for (int i = 0; i < 1000; ++i) {
    const Nanos delay = BackoffDelay(0, policy, milliseconds(50), rng);
    EXPECT_GE(delay, milliseconds(50));
    EXPECT_LE(delay, milliseconds(100));
  }
}

TEST(BackoffTest, DoesNotOverflow) {
  const Nanos longest = hours(24 * 365 * 100);
  const int last = std::numeric_limits<int>::max();
  EXPECT_GT(LongestOf(100, last, {seconds(1), seconds(60)}, seconds(60)), seconds(50));
  EXPECT_GT(LongestOf(100, last, {Nanos(1), longest}, longest), longest / 2);
  EXPECT_GT(LongestOf(100, 62, {Nanos(1), Nanos::max()}, Nanos::max()), Nanos::max() / 4);
  EXPECT_GT(LongestOf(100, 1, {Nanos::max(), Nanos::max()}, Nanos::max()), Nanos::max() / 2);
  for (const int attempt : {32, 33, 34, 61, 62, 63, 64, 65}) {
    EXPECT_GT(LongestOf(100, attempt, {seconds(1), seconds(60)}, seconds(60)), seconds(50));
  }
}

TEST(BackoffTest, TheCapMayBeBelowTheBase) {
  EXPECT_GT(LongestOf(100, 0, {seconds(60), seconds(1)}, seconds(1)), milliseconds(500));
}

TEST(BackoffTest, NothingToWaitForIsNoWait) {
  EXPECT_EQ(LongestOf(10, 0, {Nanos(0), seconds(1)}, Nanos(0)), Nanos(0));
  EXPECT_EQ(LongestOf(10, 1000, {Nanos(0), seconds(1)}, Nanos(0)), Nanos(0));
  EXPECT_EQ(LongestOf(10, 5, {seconds(1), Nanos(0)}, Nanos(0)), Nanos(0));
}

TEST(BackoffDeathTest, NegativeNumbersAreMistakesOfTheProgram) {
  Rng rng(1);
  EXPECT_DEATH((void)BackoffDelay(-1, {seconds(1), seconds(1)}, std::nullopt, rng), "check failed");
  EXPECT_DEATH((void)BackoffDelay(0, {-seconds(1), seconds(1)}, std::nullopt, rng), "check failed");
  EXPECT_DEATH((void)BackoffDelay(0, {seconds(1), -seconds(1)}, std::nullopt, rng), "check failed");
}

}  // namespace
}  // namespace gate::decide
