#include "harness/runner/inbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "gate/adapters/system_runtime.h"
#include "tests/support/baton_runtime.h"

namespace drill {
namespace {

using gate::Instant;
using gate::Json;
using gate::KubeEvent;
using gate::KubeEventType;
using gate::KubeList;
using gate::WaitResult;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;
using testing::SizeIs;

KubeEvent AChange(const std::string& name) {
  return {KubeEventType::kAdded, Json{{"metadata", {{"name", name}}}}};
}

std::string NameOf(const Delivery& delivery) {
  const auto* change = std::get_if<KubeEvent>(&delivery.what);
  return change == nullptr ? "a list" : gate::JsonString(change->object, "/metadata/name");
}

std::vector<std::string> Names(const std::vector<Delivery>& deliveries) {
  std::vector<std::string> names;
  for (const Delivery& delivery : deliveries) names.push_back(NameOf(delivery));
  return names;
}

class InboxTest : public testing::Test {
 protected:
  void Put(const std::string& name) { inbox_.Put(gate::kube::kPods, AChange(name)); }
  void PutMany(std::size_t count) {
    const KubeEvent event{KubeEventType::kAdded, {}};
    for (std::size_t i = 0; i < count; ++i) inbox_.Put(gate::kube::kPods, event);
  }
  // Waits for at most a second of the runtime's time.
  WaitResult Wait(const std::stop_token& stop = {}) {
    return inbox_.Wait({runtime_.Now() + seconds(1), stop});
  }

  test_support::BatonRuntime runtime_;
  Inbox inbox_{runtime_};
};

// --- Order --------------------------------------------------------------------------------------

TEST_F(InboxTest, HandsOutWhatWasPutInWithItsKindAndTheTimeOfItsReceipt) {
  inbox_.Put(gate::kube::kRollouts, KubeList{{}, "7"});
  runtime_.Sleep({runtime_.Now() + seconds(5)});
  Put("pod");
  const auto taken = inbox_.Take();
  ASSERT_THAT(Names(taken), ElementsAre("a list", "pod"));
  EXPECT_EQ(taken[0].resource, gate::kube::kRollouts);
  EXPECT_EQ(std::get<KubeList>(taken[0].what).resource_version, "7");
  EXPECT_EQ(taken[1].resource, gate::kube::kPods);
  EXPECT_EQ(taken[1].seen.at - taken[0].seen.at, seconds(5));
  EXPECT_EQ(taken[1].seen.wall, test_support::BatonRuntime::StartOfTime() + seconds(5));
}

TEST_F(InboxTest, WhatCameAtTheSameTimeKeepsItsOrder) {
  for (const char* name : {"c", "a", "d", "b"}) Put(name);
  EXPECT_THAT(Names(inbox_.Take()), ElementsAre("c", "a", "d", "b"));
}

TEST_F(InboxTest, HandsOutEverythingOnce) {
  Put("first");
  EXPECT_THAT(Names(inbox_.Take()), ElementsAre("first"));
  EXPECT_THAT(inbox_.Take(), IsEmpty());
  Put("second");
  EXPECT_THAT(Names(inbox_.Take()), ElementsAre("second"));
}

// Lets somebody else act between a look at the clock and what is done with the time.
class InterruptedRuntime : public test_support::BatonRuntime {
 public:
  Instant Now() override {
    const Instant now = BatonRuntime::Now();
    if (const auto other = std::exchange(interruption, nullptr)) other();
    return now;
  }

  std::function<void()> interruption;
};

TEST(InboxOrderTest, AWriterThatIsOvertakenAfterItsLookAtTheClockStillComesFirst) {
  InterruptedRuntime runtime;
  Inbox inbox(runtime);
  runtime.interruption = [&] {
    runtime.Sleep({runtime.Now() + seconds(1)});
    inbox.Put(gate::kube::kPods, AChange("later"));
  };
  inbox.Put(gate::kube::kPods, AChange("earlier"));
  const auto taken = inbox.Take();
  ASSERT_THAT(Names(taken), ElementsAre("earlier", "later"));
  EXPECT_LT(taken[0].seen.at, taken[1].seen.at);
}

// --- Waiting ------------------------------------------------------------------------------------

TEST_F(InboxTest, AWaitEndsWithADelivery) {
  const auto watch = runtime_.Spawn("watch", [this] { Put("pod"); });
  const Instant began = runtime_.Now();
  EXPECT_EQ(Wait(), WaitResult::kSignalled);
  EXPECT_EQ(runtime_.Now(), began);
  EXPECT_THAT(inbox_.Take(), SizeIs(1));
}

TEST_F(InboxTest, AWaitEndsWithAFailure) {
  const auto watch = runtime_.Spawn("watch", [this] { inbox_.Fail("lost"); });
  EXPECT_EQ(Wait(), WaitResult::kSignalled);
  EXPECT_THAT(inbox_.failure(), Optional(std::string("lost")));
}

TEST_F(InboxTest, WhatCameBeforeTheWaitIsNotMissed) {
  Put("pod");
  EXPECT_EQ(Wait(), WaitResult::kSignalled);
}

TEST_F(InboxTest, ManyDeliveriesBetweenTwoWaitsAreOneWakeUp) {
  for (int i = 0; i < 3; ++i) Put("pod");
  EXPECT_EQ(Wait(), WaitResult::kSignalled);
  EXPECT_EQ(Wait(), WaitResult::kElapsed);
  EXPECT_THAT(inbox_.Take(), SizeIs(3));
}

TEST_F(InboxTest, AWaitWithoutNewsEndsWithItsDeadlineOrAStop) {
  const Instant began = runtime_.Now();
  EXPECT_EQ(Wait(), WaitResult::kElapsed);
  EXPECT_EQ(runtime_.Now() - began, seconds(1));
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(Wait(stop.get_token()), WaitResult::kStopped);
}

// --- Limits -------------------------------------------------------------------------------------

TEST_F(InboxTest, HoldsAsMuchAsItsCapacityAndOneMoreIsAFailure) {
  PutMany(Inbox::kCapacity);
  EXPECT_EQ(inbox_.failure(), std::nullopt);
  EXPECT_EQ(Wait(), WaitResult::kSignalled);

  Put("one too many");
  EXPECT_THAT(inbox_.failure(),
              Optional(std::string("the cluster sends changes faster than they can be looked at")));
  EXPECT_EQ(Wait(), WaitResult::kSignalled);
  const auto taken = inbox_.Take();
  ASSERT_THAT(taken, SizeIs(Inbox::kCapacity));
  EXPECT_NE(NameOf(taken.back()), "one too many");
}

TEST_F(InboxTest, TakingMakesRoomButDoesNotUndoAFailure) {
  PutMany(Inbox::kCapacity + 1);
  inbox_.Take();
  Put("pod");
  EXPECT_THAT(Names(inbox_.Take()), ElementsAre("pod"));
  EXPECT_NE(inbox_.failure(), std::nullopt);
}

TEST_F(InboxTest, KeepsTheFirstFailure) {
  EXPECT_EQ(inbox_.failure(), std::nullopt);
  inbox_.Fail("the first");
  inbox_.Fail("the second");
  PutMany(Inbox::kCapacity + 1);
  EXPECT_THAT(inbox_.failure(), Optional(std::string("the first")));
}

TEST_F(InboxTest, DeliversWhatCameDespiteAFailure) {
  Put("before");
  inbox_.Fail("lost");
  Put("after");
  EXPECT_THAT(Names(inbox_.Take()), ElementsAre("before", "after"));
}

// --- Threads ------------------------------------------------------------------------------------

TEST(InboxThreadsTest, NothingOfManyWritersIsLostOrTornFromItsOrder) {
  constexpr int kWriters = 4;
  constexpr int kEach = 500;
  gate::SystemRuntime runtime;
  Inbox inbox(runtime);
  std::vector<std::unique_ptr<gate::Task>> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.push_back(runtime.Spawn("writer", [&inbox, writer] {
      for (int i = 0; i < kEach; ++i) {
        inbox.Put(gate::kube::kPods, KubeEvent{KubeEventType::kAdded, Json{writer, i}});
      }
    }));
  }
  std::vector<int> next(kWriters, 0);
  for (int taken = 0; taken < kWriters * kEach;) {
    ASSERT_EQ(inbox.Wait({runtime.Now() + seconds(30)}), WaitResult::kSignalled);
    for (const Delivery& delivery : inbox.Take()) {
      const Json& object = std::get<KubeEvent>(delivery.what).object;
      EXPECT_EQ(object[1].get<int>(), next[object[0].get<std::size_t>()]++);
      ++taken;
    }
  }
  EXPECT_THAT(next, testing::Each(kEach));
  EXPECT_EQ(inbox.failure(), std::nullopt);
}

}  // namespace
}  // namespace drill
