#include "harness/sim/argo/pause.h"

#include <gtest/gtest.h>

#include "tests/unit/sim/argo/samples.h"

namespace drill::sim::argo {
namespace {

TEST(PauseContextTest, APauseIsAddedOnceWithItsStart) {
  PauseContext pause;
  pause.AddPause(kCanaryPauseStep);
  RolloutStatus next;
  pause.Apply(RolloutStatus{}, kNow, next);
  EXPECT_TRUE(next.controller_pause);
  ASSERT_EQ(next.pause_conditions.size(), 1U);
  EXPECT_EQ(next.pause_conditions[0].start, kNow);

  RolloutStatus again;
  pause.Apply(next, kNow + std::chrono::seconds(9), again);
  ASSERT_EQ(again.pause_conditions.size(), 1U);
  EXPECT_EQ(again.pause_conditions[0].start, kNow);
}

TEST(PauseContextTest, RemovingTheLastPauseEndsTheControllersPause) {
  RolloutStatus before;
  before.controller_pause = true;
  before.pause_conditions.push_back({std::string(kCanaryPauseStep), kNow});
  PauseContext pause;
  pause.RemovePause(kCanaryPauseStep);
  RolloutStatus next;
  pause.Apply(before, kNow, next);
  EXPECT_FALSE(next.controller_pause);
  EXPECT_TRUE(next.pause_conditions.empty());
}

TEST(PauseContextTest, AnAbortDropsPausesAndKeepsItsFirstTime) {
  RolloutStatus before;
  before.pause_conditions.push_back({std::string(kCanaryPauseStep), kNow});
  before.aborted_at = kNow;
  PauseContext pause;
  pause.AddAbort("why");
  RolloutStatus next;
  pause.Apply(before, kNow + std::chrono::seconds(5), next);
  EXPECT_TRUE(next.abort);
  EXPECT_EQ(next.aborted_at, kNow);
  EXPECT_TRUE(next.pause_conditions.empty());
}

TEST(PauseContextTest, RemovingAnAbortClearsItsTime) {
  RolloutStatus before;
  before.abort = true;
  before.aborted_at = kNow;
  PauseContext pause;
  EXPECT_TRUE(pause.IsAborted(before));
  pause.RemoveAbort();
  EXPECT_FALSE(pause.IsAborted(before));
  RolloutStatus next;
  pause.Apply(before, kNow, next);
  EXPECT_FALSE(next.abort);
  EXPECT_FALSE(next.aborted_at.has_value());
}

RolloutStatus PausedSince(WallSeconds start) {
  RolloutStatus status;
  status.controller_pause = true;
  status.pause_conditions.push_back({std::string(kCanaryPauseStep), start});
  return status;
}

TEST(PauseStepTest, IsOverStrictlyAfterItsDuration) {
  const PauseSpec pause{30, "30s"};
  const gate::WallTime end = kNow + std::chrono::seconds(30);
  EXPECT_FALSE(PauseStepIsOver(pause, PausedSince(kNow), end));
  EXPECT_TRUE(PauseStepIsOver(pause, PausedSince(kNow), end + gate::Nanos(1)));
}

TEST(PauseStepTest, WithoutDurationItEndsWhenSomebodyClearsIt) {
  RolloutStatus status = PausedSince(kNow);
  EXPECT_FALSE(PauseStepIsOver({}, status, kNow + std::chrono::hours(100)));
  status.pause_conditions.clear();
  EXPECT_TRUE(PauseStepIsOver({}, status, kNow));
  status.controller_pause = false;  // it has not begun
  EXPECT_FALSE(PauseStepIsOver({}, status, kNow));
}

}  // namespace
}  // namespace drill::sim::argo
