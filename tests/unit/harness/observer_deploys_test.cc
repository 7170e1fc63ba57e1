#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/trace/observer.h"
#include "tests/unit/harness/objects.h"
#include "tests/unit/harness/observer_fixture.h"

// What the observer makes of pauses, of actions, and of more than one deployment.
namespace drill {
namespace {

using gate::Instant;
using gate::Json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

Json Paused(const std::vector<std::pair<std::string, std::string>>& conditions) {
  Json rollout = ARollout({.step = 1});
  for (const auto& [reason, since] : conditions) {
    rollout["status"]["pauseConditions"].push_back({{"reason", reason}, {"startTime", since}});
  }
  return rollout;
}

TEST_F(ObserverTest, ReportsWhenAPauseBeginsAndEnds) {
  Deploy();
  const auto paused = Paused({{"CanaryPauseStep", "2026-03-01T12:00:11Z"}});
  See(gate::kube::kRollouts, paused, seconds(11));
  See(gate::kube::kRollouts, paused, seconds(12));
  See(gate::kube::kRollouts, ARollout({.step = 1}), seconds(13));
  EXPECT_THAT(Seen("rollout.pause"), ElementsAre("active=true reason=CanaryPauseStep",
                                                 "active=false reason=CanaryPauseStep"));
}

TEST_F(ObserverTest, APauseThatBeganLaterIsAnotherOne) {
  Deploy();
  See(gate::kube::kRollouts, Paused({{"CanaryPauseStep", "2026-03-01T12:00:11Z"}}), seconds(11));
  See(gate::kube::kRollouts, Paused({{"CanaryPauseStep", "2026-03-01T12:00:13Z"}}), seconds(13));
  EXPECT_THAT(Seen("rollout.pause"), ElementsAre("active=true reason=CanaryPauseStep",
                                                 "active=false reason=CanaryPauseStep",
                                                 "active=true reason=CanaryPauseStep"));
}

TEST_F(ObserverTest, TellsAPauseOfTheSpecFromOnesOfTheController) {
  Deploy();
  Json rollout = Paused({{"InconclusiveAnalysisRun", "2026-03-01T12:00:11Z"}});
  rollout["spec"]["paused"] = true;
  See(gate::kube::kRollouts, rollout, seconds(11));
  EXPECT_THAT(Seen("rollout.pause"), ElementsAre("active=true reason=InconclusiveAnalysisRun",
                                                 "active=true reason=spec.paused"));
}

TEST_F(ObserverTest, AnActionHappenedWhileItWasBeingDone) {
  observer_.OnAction("abort", true, "done", At(seconds(10)), At(milliseconds(10'250)));
  Collect();
  EXPECT_THAT(Seen("action"), ElementsAre("detail=done do=abort ok=true"));
  EXPECT_EQ(Only("action").at, Instant(milliseconds(10'250)));
  EXPECT_EQ(Only("action").uncertainty, milliseconds(250));
}

// The canary was seen up; now another release is deployed instead of it.
class ObserverRedeployTest : public ObserverTest {
 protected:
  void SetUp() override {
    Deploy();
    See(gate::kube::kRollouts, ARollout({}), seconds(11));
    See(gate::kube::kReplicaSets, AReplicaSet(CanarySet(2, 2)), seconds(12));
    observer_.OnDeployed("shop-1.6.0", At(seconds(20)));
    Collect();
    trace_.clear();
  }
  static RolloutSpec Next() {
    return {.release = "shop-1.6.0", .generation = 3, .observed = 3, .current = "next"};
  }
  static ReplicaSetSpec NextSet(std::int64_t spec, std::int64_t available) {
    return {.hash = "next", .spec = spec, .replicas = spec, .available = available};
  }
};

TEST_F(ObserverRedeployTest, TheFormerCanaryBecomesOlder) {
  See(gate::kube::kRollouts, ARollout(Next()), seconds(21));
  See(gate::kube::kReplicaSets, AReplicaSet(NextSet(1, 0)), seconds(22));
  EXPECT_THAT(Seen("replicas"),
              ElementsAre("canaryAvailable=0 canarySpec=0 olderAvailable=2 olderSpec=2 "
                          "stableAvailable=5 stableSpec=5",
                          "canaryAvailable=0 canarySpec=1 olderAvailable=2 olderSpec=2 "
                          "stableAvailable=5 stableSpec=5"));
}

TEST_F(ObserverRedeployTest, UntilTheControllerHasSeenTheTemplateNobodyIsTakenForTheCanary) {
  RolloutSpec unseen = Next();
  unseen.observed = 2;
  unseen.current = "canary";
  See(gate::kube::kRollouts, ARollout(unseen), seconds(21));
  See(gate::kube::kReplicaSets, AReplicaSet(NextSet(1, 0)), seconds(22));
  EXPECT_THAT(Seen("replicas"), IsEmpty());
  See(gate::kube::kPods, APod("p1", "canary", "shop-1.5.0"), seconds(22));
  EXPECT_THAT(Seen("release.seen"), ElementsAre("release=shop-1.6.0 where=rollout-label"));
}

TEST_F(ObserverRedeployTest, ConditionsCanBeWrittenBeforeTheNewHash) {
  RolloutSpec conditions_only = Next();
  conditions_only.current = "canary";
  See(gate::kube::kRollouts, ARollout(conditions_only), seconds(21));
  See(gate::kube::kRollouts, ARollout(Next()), seconds(22));
  See(gate::kube::kReplicaSets, AReplicaSet(NextSet(1, 0)), seconds(23));
  EXPECT_THAT(Seen("replicas").back(),
              testing::StartsWith("canaryAvailable=0 canarySpec=1 olderAvailable=2"));
}

TEST_F(ObserverRedeployTest, ThePromotionIsThatOfTheNewRelease) {
  RolloutSpec spec = Next();
  See(gate::kube::kRollouts, ARollout(spec), seconds(21));
  spec.stable = "next";
  spec.phase = "Healthy";
  See(gate::kube::kRollouts, ARollout(spec), seconds(22));
  EXPECT_THAT(Seen("promoted"), ElementsAre("release=shop-1.6.0"));
}

TEST_F(ObserverRedeployTest, GoingBackToTheStableReleaseIsNoPromotion) {
  const RolloutSpec back{.release = "shop-1.4.0",
                         .generation = 3,
                         .observed = 3,
                         .current = "stable",
                         .phase = "Healthy",
                         .message = "",
                         .step = 4};
  See(gate::kube::kRollouts, ARollout(back), seconds(21));
  See(gate::kube::kReplicaSets, AReplicaSet(CanarySet(0, 0)), seconds(22));
  EXPECT_THAT(Seen("promoted"), IsEmpty());
  EXPECT_THAT(Seen("restored"), IsEmpty());
  EXPECT_THAT(Seen("replicas"),
              ElementsAre("canaryAvailable=0 canarySpec=0 olderAvailable=2 olderSpec=2 "
                          "stableAvailable=5 stableSpec=5",
                          "canaryAvailable=0 canarySpec=0 olderAvailable=0 olderSpec=0 "
                          "stableAvailable=5 stableSpec=5"));
}

TEST_F(ObserverTest, AReleaseThatWasPromotedIsTheStableOneOfTheNextDeployment) {
  Deploy();
  See(gate::kube::kRollouts, ARollout({.stable = "canary", .phase = "Healthy", .message = ""}),
      seconds(15));
  See(gate::kube::kReplicaSets, AReplicaSet(StableSet(0, 0)), seconds(16));
  See(gate::kube::kReplicaSets, AReplicaSet(CanarySet(5, 5)), seconds(16));
  observer_.OnDeployed("shop-1.6.0", At(seconds(20)));
  Collect();
  trace_.clear();
  See(gate::kube::kRollouts,
      ARollout({.generation = 3, .observed = 3, .stable = "canary", .current = "next"}),
      seconds(21));
  EXPECT_THAT(Seen("replicas"),
              ElementsAre("canaryAvailable=0 canarySpec=0 olderAvailable=0 olderSpec=0 "
                          "stableAvailable=5 stableSpec=5"));
}

TEST_F(ObserverTest, AnAbortThatWasTakenBackIsNotRestored) {
  Deploy();
  See(gate::kube::kRollouts, ARollout({}), seconds(11));
  See(gate::kube::kReplicaSets, AReplicaSet(CanarySet(1, 1)), seconds(12));
  See(gate::kube::kRollouts, ARollout(Aborted()), seconds(20));
  See(gate::kube::kRollouts, ARollout({.aborted_at = "2026-03-01T12:00:20Z"}), seconds(21));
  See(gate::kube::kReplicaSets, AReplicaSet(CanarySet(0, 0)), seconds(22));
  EXPECT_THAT(Seen("restored"), IsEmpty());
}

}  // namespace
}  // namespace drill
