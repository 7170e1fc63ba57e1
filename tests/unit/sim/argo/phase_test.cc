#include "harness/sim/argo/phase.h"

#include <gtest/gtest.h>

#include "tests/unit/sim/argo/samples.h"

namespace drill::sim::argo {
namespace {

RolloutSpec Spec() {
  RolloutSpec spec;
  spec.replicas = 5;
  return spec;
}

RolloutStatus Done() {
  RolloutStatus status;
  status.stable_hash = "h";
  status.current_pod_hash = "h";
  status.replicas = status.updated_replicas = status.available_replicas = 5;
  return status;
}

Condition Made(std::string_view type, std::string_view reason, std::string message = "m") {
  return NewCondition(type, "False", reason, std::move(message), kNow);
}

TEST(PhaseTest, IsHealthyWhenAllPodsAreUpdatedAndStable) {
  EXPECT_EQ(CalculatePhase(Spec(), Done()), (PhaseAndMessage{"Healthy", ""}));
}

TEST(PhaseTest, ReasonsComeInTheOrderOfTheController) {
  RolloutSpec spec = Spec();
  RolloutStatus status = Done();
  status.stable_hash = "old";
  EXPECT_EQ(CalculatePhase(spec, status).message, "waiting for all steps to complete");
  status.replicas = 6;
  EXPECT_EQ(CalculatePhase(spec, status).message, "old replicas are pending termination");
  status.available_replicas = 4;
  EXPECT_EQ(CalculatePhase(spec, status).message, "updated replicas are still becoming available");
  status.updated_replicas = 4;
  EXPECT_EQ(CalculatePhase(spec, status).message, "more replicas need to be updated");
  status.pause_conditions = {{"InconclusiveAnalysisRun", kNow}, {"CanaryPauseStep", kNow}};
  EXPECT_EQ(CalculatePhase(spec, status), (PhaseAndMessage{"Paused", "InconclusiveAnalysisRun"}));
  spec.paused = true;
  EXPECT_EQ(CalculatePhase(spec, status), (PhaseAndMessage{"Paused", "manually paused"}));
  status.conditions.push_back(Made(condition::kProgressing, reason::kAborted, "aborted"));
  EXPECT_EQ(CalculatePhase(spec, status), (PhaseAndMessage{"Degraded", "RolloutAborted: aborted"}));
  status.conditions.insert(status.conditions.begin(),
                           Made(condition::kInvalidSpec, condition::kInvalidSpec, "bad"));
  EXPECT_EQ(CalculatePhase(spec, status), (PhaseAndMessage{"Degraded", "InvalidSpec: bad"}));
}

TEST(PhaseTest, WithARouterOldPodsMayStay) {
  RolloutSpec spec = Spec();
  spec.routed = true;
  RolloutStatus status = Done();
  status.replicas = 9;
  EXPECT_EQ(CalculatePhase(spec, status).phase, "Healthy");
}

TEST(ConditionTest, TheSameStatusAndReasonKeepTheFirstMessage) {
  RolloutStatus status;
  EXPECT_TRUE(SetCondition(status, Made("Progressing", "RolloutAborted", "first")));
  EXPECT_FALSE(SetCondition(status, Made("Progressing", "RolloutAborted", "second")));
  EXPECT_EQ(status.conditions.at(0).message, "first");
}

TEST(ConditionTest, AnotherReasonKeepsTheTimeOfTheTransition) {
  RolloutStatus status;
  SetCondition(status, Made("Progressing", "A"));
  Condition later = Made("Progressing", "B");
  later.updated = later.transitioned = kNow + std::chrono::seconds(7);
  EXPECT_TRUE(SetCondition(status, later));
  EXPECT_EQ(status.conditions.at(0).transitioned, kNow);
  EXPECT_EQ(status.conditions.at(0).updated, kNow + std::chrono::seconds(7));
}

TEST(ProgressTest, FewerOldPodsAreProgressAndMoreAreNot) {
  RolloutStatus before = Done();
  RolloutStatus next = before;
  EXPECT_FALSE(IsProgressing(before, next));
  before.replicas = 7;
  next.replicas = 6;
  EXPECT_TRUE(IsProgressing(before, next));
  EXPECT_FALSE(IsProgressing(next, before));
}

TEST(ProgressTest, TheDeadlineCountsFromTheLastProgressAndIsStrict) {
  RolloutSpec spec = Spec();
  spec.progress_deadline_seconds = 60;
  RolloutStatus status;
  EXPECT_FALSE(IsTimedOut(spec, status, kNow + std::chrono::hours(1)));
  status.conditions.push_back(Made(condition::kProgressing, reason::kSetUpdated));
  EXPECT_FALSE(IsTimedOut(spec, status, kNow + std::chrono::seconds(60)));
  EXPECT_TRUE(IsTimedOut(spec, status, kNow + std::chrono::seconds(60) + gate::Nanos(1)));
  status.conditions[0].reason = reason::kPaused;
  EXPECT_FALSE(IsTimedOut(spec, status, kNow + std::chrono::hours(1)));
}

}  // namespace
}  // namespace drill::sim::argo
