#include "harness/sim/kube/work_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <vector>

namespace drill::sim {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using Outcome = WorkQueue::Outcome;
using Kind = Outcome::Kind;

const ObjectKey kDemo{"shop", "demo"};

class WorkQueueTest : public testing::Test {
 protected:
  void Settle() { world_.Run(gate::Instant(1h), nullptr, 10'000); }

  World world_{{.seed = 1}};
  std::deque<Outcome> outcomes_;  // of the next reconciles; then done
  std::vector<gate::Nanos> times_;
  WorkQueue queue_{world_, [this](const ObjectKey&) {
                     times_.push_back(world_.Now().time_since_epoch());
                     if (outcomes_.empty()) return Outcome{};
                     const Outcome outcome = outcomes_.front();
                     outcomes_.pop_front();
                     return outcome;
                   }};
};

TEST_F(WorkQueueTest, AKeyThatWaitsIsNotAddedTwice) {
  queue_.Add(kDemo);
  queue_.Add(kDemo);
  Settle();
  EXPECT_THAT(times_, ElementsAre(0s));
}

TEST_F(WorkQueueTest, TheEarlierTimeCounts) {
  queue_.AddAfter(kDemo, 5s);
  queue_.AddAfter(kDemo, 2s);
  queue_.AddAfter(kDemo, 9s);
  Settle();
  EXPECT_THAT(times_, ElementsAre(2s));
}

TEST_F(WorkQueueTest, FailuresBackOffUpToALimitAndASuccessForgetsThem) {
  queue_.base_backoff = 1s;
  queue_.longest_backoff = 3s;
  outcomes_ = {{Kind::kRetry}, {Kind::kRetry}, {Kind::kRetry}, {}, {Kind::kRetry}, {}};
  queue_.Add(kDemo);
  Settle();
  EXPECT_THAT(times_, ElementsAre(0s, 1s, 3s, 6s));
  queue_.Add(kDemo);
  Settle();
  EXPECT_THAT(times_, ElementsAre(0s, 1s, 3s, 6s, 6s, 7s));
}

TEST_F(WorkQueueTest, AKeyAddedWhileItIsBusyComesAfterwards) {
  outcomes_ = {{.busy = 4s}};
  queue_.Add(kDemo);
  world_.After(1s, Rank::kDelivery, [this] { queue_.Add(kDemo); });
  Settle();
  EXPECT_THAT(times_, ElementsAre(0s, 4s));
}

TEST_F(WorkQueueTest, AStoppedQueueForgetsWhatWaits) {
  queue_.AddAfter(kDemo, 1s);
  queue_.Stop();
  queue_.Add(kDemo);
  Settle();
  EXPECT_TRUE(times_.empty());
  queue_.Start();
  queue_.Add(kDemo);
  Settle();
  EXPECT_THAT(times_, ElementsAre(0s));
}

}  // namespace
}  // namespace drill::sim
