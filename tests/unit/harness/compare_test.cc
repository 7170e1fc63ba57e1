#include "harness/fidelity/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/fidelity/tracks.h"

namespace drill {
namespace {

using gate::Json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Milestone Phase(const std::string& phase, const std::string& message = "") {
  return {seconds(1), "rollout.phase", {{"phase", phase}, {"message", message}}};
}
Milestone Step(int index, int weight) {
  return {seconds(1), "rollout.step", {{"index", index}, {"weight", weight}}};
}
Milestone ActionTaken(const std::string& name) {
  return {seconds(1), "action", {{"do", name}, {"ok", true}}};
}
Milestone Replicas(int stable, int stable_available, int canary, int canary_available) {
  return {seconds(1),
          "replicas",
          {{"stableSpec", stable},
           {"stableAvailable", stable_available},
           {"canarySpec", canary},
           {"canaryAvailable", canary_available},
           {"olderSpec", 0},
           {"olderAvailable", 0}}};
}
Milestone RunIs(const std::string& name, const std::string& phase) {
  return {seconds(1),
          "analysisrun.phase",
          {{"name", name}, {"type", "Step"}, {"step", "1"}, {"phase", phase}, {"message", ""}}};
}
Milestone RolloutEvent(const std::string& reason) {
  return {seconds(1),
          "event",
          {{"kind", "Rollout"}, {"name", "demo"}, {"reason", reason}, {"message", "m"}}};
}

MilestoneTrace ATrace(std::vector<Milestone> milestones, const std::string& id = "FID-101") {
  return {id, "abc", "kind", "argo:1", false, std::move(milestones)};
}

std::vector<std::string> TrackOf(const std::string& name, std::vector<Milestone> milestones) {
  for (const Track& track : Tracks(ATrace(std::move(milestones)))) {
    if (track.name == name) return track.entries;
  }
  return {"no such track"};
}

// --- Tracks -------------------------------------------------------------------------------------

TEST(TracksTest, WhatProgressingWaitsForIsLeftOut) {
  EXPECT_THAT(TrackOf("rollout", {Phase("Progressing", "more replicas need to be updated"),
                                  Phase("Progressing", "updated replicas are still becoming ..."),
                                  Phase("Paused", "CanaryPauseStep"), Phase("Progressing"),
                                  Phase("Paused", "CanaryPauseStep"), Phase("Healthy")}),
              ElementsAre("phase Progressing", "phase Paused: CanaryPauseStep", "phase Progressing",
                          "phase Paused: CanaryPauseStep", "phase Healthy: "));
}

TEST(TracksTest, TheRolloutTrackHoldsStepsPausesAndPromotions) {
  EXPECT_THAT(
      TrackOf("rollout",
              {Step(1, 20),
               {seconds(1), "rollout.pause", {{"reason", "CanaryPauseStep"}, {"active", true}}},
               {seconds(1), "rollout.pause", {{"reason", "CanaryPauseStep"}, {"active", false}}},
               {seconds(1), "promoted", {{"release", "a"}}}}),
      ElementsAre("step 1 at 20 %", "pause CanaryPauseStep begins", "pause CanaryPauseStep ends",
                  "promoted release=a"));
}

Milestone At(gate::Nanos at, Milestone milestone) {
  milestone.at = at;
  return milestone;
}

Milestone Pause(bool active) {
  return {seconds(1), "rollout.pause", {{"reason", "CanaryPauseStep"}, {"active", active}}};
}

TEST(TracksTest, ReplicasCountAsTheyWereBeforeAPauseEnded) {
  EXPECT_THAT(
      TrackOf("replicas", {At(seconds(1), Replicas(5, 5, 0, 0)), At(seconds(2), Pause(true)),
                           At(seconds(3), Replicas(4, 4, 1, 0)),
                           // Seen before the end of the pause, though it came after it.
                           At(milliseconds(9'800), Replicas(2, 4, 3, 1)),
                           At(seconds(10), Pause(false)), At(seconds(12), Replicas(0, 0, 5, 5))}),
      ElementsAre("end of CanaryPauseStep: 4 1 0", "at the end: 0 (0) 5 (5) 0 (0)"));
}

TEST(TracksTest, ReplicasCountAsTheyWereWhenTheTimelineDidSomething) {
  EXPECT_THAT(TrackOf("replicas",
                      {At(seconds(1), Replicas(4, 4, 1, 0)), At(seconds(5), ActionTaken("abort")),
                       At(milliseconds(5'100), Replicas(5, 4, 0, 0))}),
              ElementsAre("abort: 4 1 0", "at the end: 5 (4) 0 (0) 0 (0)"));
}

TEST(TracksTest, APauseThatSomebodyEndedCountsWhenHeDidSo) {
  EXPECT_THAT(TrackOf("replicas",
                      {At(seconds(1), Replicas(4, 4, 1, 1)), At(seconds(5), ActionTaken("abort")),
                       At(seconds(6), Replicas(5, 4, 0, 0)), At(milliseconds(6'400), Pause(false)),
                       At(seconds(8), Pause(false))}),
              ElementsAre("abort: 4 1 0", "end of CanaryPauseStep: 5 0 0",
                          "at the end: 5 (4) 0 (0) 0 (0)"));
}

TEST(TracksTest, ReplicasDoNotCountWhenAnInlineAnalysisIsTerminated) {
  Milestone terminated = RunIs("a", "Inconclusive");
  terminated.fields["message"] = "\"Error Message: Metric Terminated\"";
  EXPECT_THAT(
      TrackOf("analysis", {At(seconds(1), Replicas(4, 4, 1, 1)), At(seconds(20), terminated)}),
      ElementsAre("a: Step Inconclusive \"Error Message: Metric Terminated\""));
}

TEST(TracksTest, AnEventOfAnAnalysisRunCountsOnce) {
  const auto event = [](const std::string& run, const std::string& reason) {
    return Milestone{
        seconds(1),
        "event",
        {{"kind", "AnalysisRun"}, {"name", run}, {"reason", reason}, {"message", "m"}}};
  };
  EXPECT_THAT(TrackOf("run events", {event("a", "MetricFailed"), event("a", "AnalysisRunFailed"),
                                     event("b", "MetricFailed"), event("a", "MetricFailed"),
                                     event("a", "AnalysisRunFailed")}),
              ElementsAre("a: MetricFailed: m", "a: AnalysisRunFailed: m", "b: MetricFailed: m"));
}

TEST(TracksTest, ReplicasCountAlsoSoonAfterTheTimelineDidSomethingToMc) {
  for (const char* action :
       {"evidence", "delete-token", "rotate-token", "rotate-key", "override"}) {
    EXPECT_THAT(
        TrackOf("analysis",
                {At(seconds(1), Replicas(4, 4, 1, 1)), At(seconds(2), RunIs("a", "Running")),
                 At(seconds(5), ActionTaken(action)), At(seconds(6), RunIs("a", "Failed"))}),
        ElementsAre("a: Step Running ", "a: Step Failed  at 4 1 0"))
        << action;
  }
  EXPECT_THAT(TrackOf("analysis",
                      {At(seconds(1), Replicas(4, 4, 1, 1)), At(seconds(5), ActionTaken("promote")),
                       At(seconds(6), RunIs("a", "Failed"))}),
              ElementsAre("a: Step Failed "));
}

TEST(TracksTest, ReplicasCountAsTheyWereBeforeAnInlineAnalysisEnded) {
  EXPECT_THAT(TrackOf("analysis",
                      {At(seconds(1), Replicas(4, 4, 1, 1)), At(seconds(2), RunIs("a", "Running")),
                       At(milliseconds(4'900), Replicas(2, 2, 3, 3)),
                       At(seconds(5), RunIs("a", "Successful"))}),
              ElementsAre("a: Step Running ", "a: Step Successful  at 4 1 0"));
}

TEST(TracksTest, ReplicasDoNotCountAtAnAnalysisThatEndsAtOnce) {
  const auto track = [](milliseconds lasted) {
    return TrackOf("analysis",
                   {At(seconds(1), Replicas(4, 4, 1, 1)), At(seconds(2), RunIs("a", "Running")),
                    At(seconds(2) + lasted, RunIs("a", "Failed"))});
  };
  EXPECT_THAT(track(milliseconds(299)), ElementsAre("a: Step Running ", "a: Step Failed "));
  EXPECT_THAT(track(milliseconds(300)),
              ElementsAre("a: Step Running ", "a: Step Failed  at 4 1 0"));
}

TEST(TracksTest, AnalysisRunsBesideEachOtherHaveNoCommonOrder) {
  const auto one = TrackOf("analysis", {RunIs("a", "Running"), RunIs("b", "Running"),
                                        RunIs("a", "Failed"), RunIs("b", "Successful")});
  EXPECT_THAT(one, ElementsAre("a: Step Running ", "a: Step Failed ", "b: Step Running ",
                               "b: Step Successful "));
  EXPECT_EQ(one, TrackOf("analysis", {RunIs("b", "Running"), RunIs("b", "Successful"),
                                      RunIs("a", "Running"), RunIs("a", "Failed")}));
}

TEST(TracksTest, EventsOfScalingAreLeftOut) {
  EXPECT_THAT(TrackOf("events", {RolloutEvent("RolloutPaused"), RolloutEvent("ScalingReplicaSet"),
                                 RolloutEvent("RolloutAborted")}),
              ElementsAre("RolloutPaused: m", "RolloutAborted: m"));
}

TEST(TracksTest, AGateThatWasStoppedHasNoVerdictToCompare) {
  const auto verdict = [](const char* text) {
    return Milestone{seconds(1), "verdict", {{"stage", "20"}, {"verdict", text}}};
  };
  EXPECT_THAT(TrackOf("verdicts", {verdict("inconclusive"), verdict("pass"), verdict("fail")}),
              ElementsAre("verdict stage=20 verdict=pass", "verdict stage=20 verdict=fail"));
}

// --- Comparing ----------------------------------------------------------------------------------

TEST(CompareTest, TheSameTraceAgreesWithItself) {
  const auto trace = ATrace({Step(0, 20), Step(1, 20), RolloutEvent("RolloutPaused")});
  const auto agreements = CompareTraces({trace}, {trace});
  ASSERT_THAT(agreements, SizeIs(1));
  EXPECT_EQ(agreements[0].status, Agreement::Status::kAgree);
  EXPECT_EQ(agreements[0].compared, 4U);  // two steps, an event, and no replicas at the end
  EXPECT_TRUE(AllAgree(agreements));
}

TEST(CompareTest, TimesAreNotCompared) {
  auto late = ATrace({Step(0, 20)});
  late.milestones[0].at = seconds(100);
  const auto agreements = CompareTraces({ATrace({Step(0, 20)})}, {late});
  EXPECT_TRUE(AllAgree(agreements));
  EXPECT_EQ(agreements[0].lasted_b, seconds(100));
}

TEST(CompareTest, SaysWhereEachTrackFirstDiffers) {
  const auto agreements =
      CompareTraces({ATrace({Step(0, 20), Step(1, 20), Step(2, 50), RolloutEvent("A")})},
                    {ATrace({Step(0, 20), Step(1, 30), Step(2, 60)})});
  ASSERT_THAT(agreements[0].differences, SizeIs(2));
  const Difference& steps = agreements[0].differences[0];
  EXPECT_EQ(steps.track, "rollout");
  EXPECT_EQ(steps.index, 1U);
  EXPECT_EQ(steps.a, "step 1 at 20 %");
  EXPECT_EQ(steps.b, "step 1 at 30 %");
  const Difference& events = agreements[0].differences[1];
  EXPECT_EQ(events.track, "events");
  EXPECT_EQ(events.a, "A: m");
  EXPECT_FALSE(events.b);
  EXPECT_FALSE(AllAgree(agreements));
}

TEST(CompareTest, EventsThatWereCutAreNotMissing) {
  const auto whole = ATrace({RolloutEvent("A"), RolloutEvent("B")});
  auto cut = ATrace({RolloutEvent("A")});
  EXPECT_FALSE(AllAgree(CompareTraces({whole}, {cut})));
  cut.events_cut = true;
  EXPECT_TRUE(AllAgree(CompareTraces({whole}, {cut})));
  EXPECT_TRUE(AllAgree(CompareTraces({cut}, {whole})));
  cut.milestones = {RolloutEvent("C")};
  EXPECT_FALSE(AllAgree(CompareTraces({whole}, {cut})));
}

TEST(CompareTest, AScenarioThatOneSideLacksIsNoAgreement) {
  const auto agreements =
      CompareTraces({ATrace({}, "A-1"), ATrace({}, "A-2")}, {ATrace({}, "A-2"), ATrace({}, "A-3")});
  ASSERT_THAT(agreements, SizeIs(3));
  EXPECT_EQ(agreements[0].status, Agreement::Status::kOnlyInA);
  EXPECT_EQ(agreements[1].status, Agreement::Status::kAgree);
  EXPECT_EQ(agreements[2].status, Agreement::Status::kOnlyInB);
  EXPECT_FALSE(AllAgree(agreements));
}

TEST(CompareTest, TracesOfDifferentFilesAreNotCompared) {
  auto other = ATrace({Step(0, 20)});
  other.sha256 = "def";
  const auto agreements = CompareTraces({ATrace({Step(0, 20)})}, {other});
  EXPECT_EQ(agreements[0].status, Agreement::Status::kOtherFile);
  EXPECT_THAT(agreements[0].differences, IsEmpty());
}

TEST(CompareTest, TheTableSaysWhatAgreesAndWhatNot) {
  const auto agreements =
      CompareTraces({ATrace({Step(0, 20)}, "A-1"), ATrace({Step(0, 20)}, "A-2")},
                    {ATrace({Step(0, 20)}, "A-1"), ATrace({}, "A-2")});
  EXPECT_THAT(RenderAgreements(agreements),
              AllOf(HasSubstr("A-1       agree"), HasSubstr("A-2       differ"),
                    HasSubstr("    rollout #1\n      A: step 0 at 20 %\n      B: (nothing more)\n"),
                    HasSubstr("\n1 of 2 agree\n")));
}

}  // namespace
}  // namespace drill
