#include "harness/trace/observer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "harness/scenario/vocabulary.h"
#include "tests/unit/harness/objects.h"
#include "tests/unit/harness/observer_fixture.h"

namespace drill {
namespace {

using gate::Instant;
using gate::Json;
using gate::Nanos;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(ObserverTest, WatchesEverythingThatItReads) { EXPECT_EQ(Observer::Resources().size(), 7U); }

TEST_F(ObserverTest, KnowsTheStableReleaseOnceTheRolloutWasSeen) {
  EXPECT_FALSE(observer_.KnowsStable());
  Json young = StableRollout();
  young["status"] = Json::object();
  SeeAll(gate::kube::kRollouts, {young}, seconds(1));
  EXPECT_FALSE(observer_.KnowsStable());
  See(gate::kube::kRollouts, StableRollout(), seconds(2));
  EXPECT_TRUE(observer_.KnowsStable());
}

TEST_F(ObserverTest, ReportsTheDeploymentAtItsBeginning) {
  observer_.OnDeployed("shop-1.5.0", At(seconds(10)));
  Collect();
  EXPECT_EQ(Only("deployed").at, Instant(seconds(10)));
  EXPECT_EQ(Only("deployed").uncertainty, Nanos(0));
  EXPECT_THAT(Seen("deployed"), ElementsAre("release=shop-1.5.0"));
}

TEST_F(ObserverTest, ReportsAPhaseOnceAndOnlyWhenTheControllerHasSeenTheSpec) {
  Deploy();
  RolloutSpec spec{.observed = 1, .phase = "Healthy", .message = ""};
  See(gate::kube::kRollouts, ARollout(spec), milliseconds(10'200));  // status of the old spec
  EXPECT_THAT(Seen("rollout.phase"), IsEmpty());
  spec = {.phase = "Progressing", .message = "more replicas need to be updated"};
  See(gate::kube::kRollouts, ARollout(spec), milliseconds(10'500));
  See(gate::kube::kRollouts, ARollout(spec), milliseconds(10'600));
  EXPECT_THAT(Seen("rollout.phase"),
              ElementsAre("message=more replicas need to be updated phase=Progressing"));
  // Written by the controller no earlier than 12:00:10.
  EXPECT_EQ(Only("rollout.phase").at, Instant(milliseconds(10'500)));
  EXPECT_EQ(Only("rollout.phase").uncertainty, milliseconds(500));
}

TEST_F(ObserverTest, ReportsStepsWithTheWeightTheyAskFor) {
  Deploy();
  for (std::int64_t step = 0; step <= 4; ++step) {
    See(gate::kube::kRollouts, ARollout({.step = step}), seconds(11 + step));
  }
  RolloutSpec aborted = Aborted();
  aborted.step = 0;
  See(gate::kube::kRollouts, ARollout(aborted), seconds(20));
  EXPECT_THAT(Seen("rollout.step"),
              ElementsAre("index=0 weight=20", "index=1 weight=20", "index=2 weight=50",
                          "index=3 weight=50", "index=4 weight=100", "index=0 weight=0"));
}

TEST_F(ObserverTest, ReportsAnAbortOnceAtItsOwnTime) {
  Deploy();
  See(gate::kube::kRollouts, ARollout({}), seconds(11));
  RolloutSpec spec = Aborted();
  spec.aborted_at = "";  // a human's patch, which the controller has not taken up yet
  See(gate::kube::kRollouts, ARollout(spec), milliseconds(20'100));
  EXPECT_THAT(Seen("rollout.aborted"), IsEmpty());
  See(gate::kube::kRollouts, ARollout(Aborted()), milliseconds(20'400));
  See(gate::kube::kRollouts, ARollout(Aborted()), milliseconds(20'500));
  EXPECT_THAT(Seen("rollout.aborted"),
              ElementsAre("message=RolloutAborted: Rollout aborted update to revision 2"));
  EXPECT_EQ(Only("rollout.aborted").at, Instant(milliseconds(20'400)));
  EXPECT_EQ(Only("rollout.aborted").uncertainty, milliseconds(400));
  EXPECT_EQ(Only("rollout.aborted").wall, Wall("2026-03-01T12:00:20Z"));
}

TEST_F(ObserverTest, ReportsAnAbortLearntOfLateNoLaterThanItCanHaveHappened) {
  Deploy();
  See(gate::kube::kRollouts, ARollout(Aborted()), seconds(30));
  EXPECT_EQ(Only("rollout.aborted").at, Instant(seconds(21)));
  EXPECT_EQ(Only("rollout.aborted").uncertainty, seconds(1));
}

TEST_F(ObserverTest, ReportsAPromotionWhenTheCanaryIsStableAndHealthy) {
  Deploy();
  See(gate::kube::kRollouts, ARollout({.step = 4}), seconds(11));
  RolloutSpec spec{.stable = "canary", .phase = "Progressing", .step = 4};
  See(gate::kube::kRollouts, ARollout(spec), seconds(15));
  EXPECT_THAT(Seen("promoted"), IsEmpty());
  spec.phase = "Healthy";
  spec.message = "";
  See(gate::kube::kRollouts, ARollout(spec), seconds(16));
  See(gate::kube::kRollouts, ARollout(spec), seconds(17));
  EXPECT_THAT(Seen("promoted"), ElementsAre("release=shop-1.5.0"));
  EXPECT_EQ(Only("promoted").at, Instant(seconds(16)));
}

TEST_F(ObserverTest, AHealthyStableReleaseIsNoPromotion) {
  SeeAll(gate::kube::kRollouts, {StableRollout()}, seconds(1));
  Deploy();
  See(gate::kube::kRollouts, StableRollout(), seconds(11));  // delivered again
  EXPECT_THAT(Seen("promoted"), IsEmpty());
}

TEST_F(ObserverTest, AnAbortedCanaryIsNoPromotion) {
  Deploy();
  RolloutSpec spec = Aborted();
  spec.stable = "canary";
  spec.phase = "Healthy";
  See(gate::kube::kRollouts, ARollout(spec), seconds(20));
  EXPECT_THAT(Seen("promoted"), IsEmpty());
}

TEST_F(ObserverTest, SaysNothingAboutReplicasBeforeItKnowsOfAny) {
  SeeAll(gate::kube::kRollouts, {StableRollout()}, seconds(1));
  EXPECT_THAT(Seen("replicas"), IsEmpty());
  SeeAll(gate::kube::kReplicaSets, {AReplicaSet(StableSet(5, 5))}, seconds(1));
  EXPECT_THAT(Seen("replicas"), ElementsAre("canaryAvailable=0 canarySpec=0 olderAvailable=0 "
                                            "olderSpec=0 stableAvailable=5 stableSpec=5"));
}

TEST_F(ObserverTest, ReportsReplicasOfBothReleasesOnChange) {
  Deploy();
  See(gate::kube::kRollouts, ARollout({}), seconds(11));
  See(gate::kube::kReplicaSets, AReplicaSet(CanarySet(1, 0)), seconds(12));
  See(gate::kube::kReplicaSets, AReplicaSet(CanarySet(1, 0)), seconds(13));
  See(gate::kube::kReplicaSets, AReplicaSet(StableSet(4, 4)), seconds(14));
  ReplicaSetSpec foreign = CanarySet(9, 9);
  foreign.owner = "other";
  See(gate::kube::kReplicaSets, AReplicaSet(foreign), seconds(15));
  EXPECT_THAT(Seen("replicas"), ElementsAre("canaryAvailable=0 canarySpec=1 olderAvailable=0 "
                                            "olderSpec=0 stableAvailable=5 stableSpec=5",
                                            "canaryAvailable=0 canarySpec=1 olderAvailable=0 "
                                            "olderSpec=0 stableAvailable=4 stableSpec=4"));
}

// --- Analysis, Jobs, Events ---------------------------------------------------------------------

TEST_F(ObserverTest, ReportsPhasesOfAnalysisRunsAtTheirOwnTime) {
  Deploy();
  See(gate::kube::kAnalysisRuns, AnAnalysisRun(""), seconds(11));
  See(gate::kube::kAnalysisRuns, AnAnalysisRun("Running"), seconds(12));
  See(gate::kube::kAnalysisRuns, AnAnalysisRun("Running"), seconds(13));
  See(gate::kube::kAnalysisRuns, AnAnalysisRun("Failed", "assessed Failed"), milliseconds(14'250));
  EXPECT_THAT(
      Seen("analysisrun.phase"),
      ElementsAre("message= name=demo-canary-2-1 phase=Running step=1 type=Step",
                  "message=assessed Failed name=demo-canary-2-1 phase=Failed step=1 type=Step"));
  EXPECT_EQ(trace_.back().at, Instant(milliseconds(14'250)));
  EXPECT_EQ(trace_.back().uncertainty, milliseconds(250));  // completedAt 12:00:14
}

TEST_F(ObserverTest, ReportsHowAJobEnded) {
  Deploy();
  See(gate::kube::kJobs, AJob("", ""), seconds(11));
  EXPECT_THAT(Seen("job.finished"), IsEmpty());
  See(gate::kube::kJobs, AJob("Failed", "BackoffLimitExceeded"), seconds(20));
  See(gate::kube::kJobs, AJob("Failed", "BackoffLimitExceeded"), seconds(21));
  EXPECT_THAT(Seen("job.finished"),
              ElementsAre("name=ar-1.evidence.1 reason=BackoffLimitExceeded succeeded=false"));
  EXPECT_EQ(Only("job.finished").at, Instant(seconds(14)));  // 12:00:13 plus its resolution
}

TEST_F(ObserverTest, ACompletedJobSucceeded) {
  Deploy();
  See(gate::kube::kJobs, AJob("Complete", "CompletionsReached"), seconds(20));
  EXPECT_THAT(Seen("job.finished"),
              ElementsAre("name=ar-1.evidence.1 reason=CompletionsReached succeeded=true"));
}

TEST_F(ObserverTest, AJobThatIsBoundToFailHasNotFinished) {
  Deploy();
  Json job = AJob("Failed", "BackoffLimitExceeded");
  job["status"]["conditions"].erase(1);  // FailureTarget alone: its pods still run
  See(gate::kube::kJobs, job, seconds(20));
  EXPECT_THAT(Seen("job.finished"), IsEmpty());
}

TEST_F(ObserverTest, ReportsKubernetesEventsAgainWhenTheirCountRises) {
  Deploy();
  See(gate::kube::kEvents, AnEvent("e1", 1), seconds(20));
  See(gate::kube::kEvents, AnEvent("e1", 1), seconds(21));
  See(gate::kube::kEvents, AnEvent("e1", 3), seconds(22));
  const std::string text =
      "kind=Rollout message=Rollout aborted update name=demo reason=RolloutAborted type=Warning";
  EXPECT_THAT(Seen("event"), ElementsAre(text, text));
  EXPECT_EQ(Only("event").at, Instant(seconds(16)));  // lastTimestamp plus its resolution
}

TEST_F(ObserverTest, EventsOfOneSecondStayInTheOrderOfTheirReceipt) {
  Deploy();
  // Both clocks cannot be looked at in the same instant: here the second time with a shift of 1 us.
  observer_.OnEvent(gate::kube::kEvents, {gate::KubeEventType::kAdded, AnEvent("e1", 1)},
                    At(seconds(22)));
  Json of_the_next_second = AnEvent("e3", 1);
  of_the_next_second["lastTimestamp"] = "2026-03-01T12:00:16Z";
  observer_.OnEvent(gate::kube::kEvents, {gate::KubeEventType::kAdded, of_the_next_second},
                    At(milliseconds(22'100)));
  Sighting later = At(milliseconds(22'500));
  later.wall += std::chrono::microseconds(1);
  observer_.OnEvent(gate::kube::kEvents, {gate::KubeEventType::kAdded, AnEvent("e2", 1)}, later);
  Collect();
  ASSERT_EQ(trace_.size(), 3U);
  EXPECT_EQ(trace_[0].at, Instant(seconds(16)));  // lastTimestamp plus its resolution
  EXPECT_EQ(trace_[1].at, Instant(seconds(17)));
  EXPECT_EQ(trace_[2].at, trace_[0].at);
  EXPECT_EQ(trace_[2].uncertainty, seconds(1) + std::chrono::microseconds(1));
}

// --- Release ids --------------------------------------------------------------------------------

TEST_F(ObserverTest, FollowsTheReleaseIdFromPlaceToPlace) {
  Deploy();
  See(gate::kube::kPods, APod("p1", "canary", "shop-1.5.0"), milliseconds(10'500));
  See(gate::kube::kPods, APod("p2", "stable", "shop-1.4.0"), milliseconds(10'600));
  EXPECT_THAT(Seen("release.seen"), IsEmpty());  // nobody knows yet whose pods these are
  See(gate::kube::kRollouts, ARollout({}), seconds(11));
  Json run = AnAnalysisRun("Running");
  run["metadata"]["annotations"]["rollout-gate/release-id"] = "shop-1.5.0";
  See(gate::kube::kAnalysisRuns, run, seconds(12));
  See(gate::kube::kConfigMaps, AStatus({ARecord(nullptr)}), seconds(13));
  const Instant at(seconds(14));
  observer_.OnCollected(
      {{"mc.request", at, {}, Nanos(0), {{"release", "shop-1.5.0"}, {"stage", "20"}}},
       {"audit", at, {}, Nanos(0), {{"release", "shop-1.5.0"}}}});
  Collect();
  EXPECT_THAT(
      Seen("release.seen"),
      ElementsAre("release=shop-1.5.0 where=rollout-label", "release=shop-1.5.0 where=pod-label",
                  "release=shop-1.5.0 where=analysis-arg",
                  "release=shop-1.5.0 where=run-annotation", "release=shop-1.5.0 where=status",
                  "release=shop-1.5.0 where=mc-request", "release=shop-1.5.0 where=audit"));
}

TEST_F(ObserverTest, ReportsEveryOtherReleaseIdThatAppears) {
  Deploy();
  See(gate::kube::kRollouts, ARollout({}), seconds(11));
  See(gate::kube::kPods, APod("p1", "canary", "shop-1.5.0"), seconds(12));
  See(gate::kube::kPods, APod("p2", "canary", "shop-1.6.0"), seconds(13));
  See(gate::kube::kPods, APod("p3", "canary", ""), seconds(14));
  EXPECT_THAT(
      Seen("release.seen"),
      ElementsAre("release=shop-1.5.0 where=rollout-label", "release=shop-1.5.0 where=pod-label",
                  "release=shop-1.6.0 where=pod-label", "release= where=pod-label"));
}

TEST_F(ObserverTest, AnOldVersionOfTheRolloutSaysNothingAboutTheCanary) {
  Deploy();
  See(gate::kube::kRollouts, StableRollout(), milliseconds(10'100));
  EXPECT_THAT(Seen("release.seen"), IsEmpty());
}

TEST_F(ObserverTest, AMissingLabelArrivesAsAnEmptyArgument) {
  Deploy();
  See(gate::kube::kAnalysisRuns, AnAnalysisRun("Running", "", ""), seconds(12));
  EXPECT_THAT(Seen("release.seen"), ElementsAre("release= where=analysis-arg"));
}

// --- The gate's records -------------------------------------------------------------------------

TEST_F(ObserverTest, ReportsEachVerdictAtTheTimeThatTheGateWrote) {
  Deploy();
  const Json first = ARecord(nullptr);
  See(gate::kube::kConfigMaps, AStatus({first}), seconds(13));
  See(gate::kube::kConfigMaps,
      AStatus({first, ARecord(first, {{"stage", "50"}, {"verdict", "pass"}})}), seconds(14));
  ASSERT_EQ(Seen("verdict").size(), 2U);
  EXPECT_EQ(Seen("verdict")[0],
            "dryRun=false message=MC rejects it reason=evidence-false release=shop-1.5.0 "
            "securityAlert=false stage=20 traceId=4bf9 verdict=fail");
  EXPECT_EQ(Only("verdict").at, Instant(Nanos(12'345'679'000)));
  EXPECT_EQ(Only("verdict").uncertainty, Nanos(1000));
}

TEST_F(ObserverTest, IgnoresConfigMapsOfOthers) {
  Deploy();
  Json other = AStatus({ARecord(nullptr)});
  other["metadata"]["name"] = "rollout-gate-demo2";
  See(gate::kube::kConfigMaps, other, seconds(13));
  EXPECT_THAT(Seen("verdict"), IsEmpty());
}

TEST_F(ObserverTest, JudgesTheChainAtTheEnd) {
  Deploy();
  See(gate::kube::kConfigMaps, AStatus({ARecord(nullptr)}), seconds(13));
  observer_.Finish(At(seconds(30)));
  Collect();
  EXPECT_THAT(Seen("audit.chain"), ElementsAre("detail=1 record in order ok=true"));
}

TEST_F(ObserverTest, AChainThatWasNeverBegunIsNotInOrder) {
  Deploy();
  observer_.Finish(At(seconds(30)));
  Collect();
  EXPECT_THAT(Seen("audit.chain"), ElementsAre("detail=the gate left no record ok=false"));
}

// --- Limits and vocabulary ----------------------------------------------------------------------

TEST_F(ObserverTest, CountsWhatIsBeyondTheLimit) {
  Observer small({.rollout = "demo", .start = Instant(Nanos(0)), .most_events = 2});
  for (int i = 0; i < 5; ++i) {
    small.OnEvent(gate::kube::kEvents,
                  {gate::KubeEventType::kAdded, AnEvent("e" + std::to_string(i), 1)},
                  At(seconds(20)));
  }
  EXPECT_EQ(small.TakeNew().size(), 2U);
  EXPECT_EQ(small.dropped(), 3);
}

TEST_F(ObserverTest, CutsLongTexts) {
  Deploy();
  RolloutSpec spec;
  spec.message = std::string(10'000, 'x');
  See(gate::kube::kRollouts, ARollout(spec), seconds(11));
  EXPECT_LE(Only("rollout.phase").fields["message"].get<std::string>().size(), 2100U);
}

TEST_F(ObserverTest, SpeaksOnlyOfEventsAndFieldsThatScenariosKnow) {
  Deploy();
  See(gate::kube::kRollouts, ARollout({}), seconds(11));
  See(gate::kube::kReplicaSets, AReplicaSet(CanarySet(1, 1)), seconds(12));
  See(gate::kube::kReplicaSets, AReplicaSet(StableSet(4, 4)), seconds(12));
  See(gate::kube::kPods, APod("p1", "canary", "shop-1.5.0"), seconds(12));
  See(gate::kube::kAnalysisRuns, AnAnalysisRun("Failed"), seconds(13));
  See(gate::kube::kJobs, AJob("Failed", "x"), seconds(14));
  See(gate::kube::kEvents, AnEvent("e1", 1), seconds(14));
  See(gate::kube::kConfigMaps, AStatus({ARecord(nullptr)}), seconds(14));
  See(gate::kube::kRollouts, ARollout(Aborted()), seconds(21));
  See(gate::kube::kReplicaSets, AReplicaSet(StableSet(5, 5)), seconds(22));
  See(gate::kube::kReplicaSets, AReplicaSet(CanarySet(0, 0)), seconds(23));
  observer_.Finish(At(seconds(30)));
  Collect();
  std::set<std::string> names;
  for (const TraceEvent& event : trace_) {
    names.insert(event.name);
    const EventKind* kind = FindEventKind(event.name);
    ASSERT_NE(kind, nullptr) << event.name;
    for (const auto& [key, value] : event.fields.items()) {
      EXPECT_TRUE(
          std::any_of(kind->fields.begin(), kind->fields.end(),
                      [&, name = key](const EventField& field) { return field.name == name; }))
          << event.name << " " << key;
      EXPECT_FALSE(value.is_structured()) << event.name << " " << key;
    }
  }
  EXPECT_EQ(names.size(), 11U);  // all but deployed, promoted and what is collected
}

}  // namespace
}  // namespace drill
