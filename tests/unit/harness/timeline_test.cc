#include "harness/scenario/timeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/scenario/scenario.h"
#include "tests/unit/harness/scenario_mistakes.h"

namespace drill {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::string TextWithRollout(const std::string& rollout, const std::string& more) {
  return "apiVersion: drill/v1\nkind: Scenario\nid: a\ntitle: a\nworld:\n"
         "  releases: {stable: shop-1.4.0, canary: shop-1.5.0}\n"
         "  rollout: " +
         rollout + "\n  mc: {}\nexpect: [{id: a, never: {event: promoted}}]\n" + more;
}

Scenario ParseWithRollout(const std::string& rollout, const std::string& more = "") {
  auto scenario = ParseScenario(TextWithRollout(rollout, more), "s.yaml");
  EXPECT_TRUE(scenario) << scenario.error().message;
  return scenario ? *std::move(scenario) : Scenario();
}

// What was wrong, one mistake per element.
std::vector<std::string> MistakesWithRollout(const std::string& rollout,
                                             const std::string& more = "") {
  return MistakesOf(ParseScenario(TextWithRollout(rollout, more), "s.yaml"));
}

std::vector<std::string> Descriptions(const Scenario& scenario) {
  std::vector<std::string> texts;
  for (const TimelineEntry& entry : scenario.timeline) texts.push_back(Describe(entry));
  return texts;
}

// --- The Rollout's shape ------------------------------------------------------------------------

TEST(RolloutShapeTest, IsThatOfTheManifestUnlessTheScenarioSaysOtherwise) {
  const Scenario scenario = ParseWithRollout("{}");
  EXPECT_FALSE(scenario.shape.steps);
  EXPECT_FALSE(scenario.shape.min_ready);
  EXPECT_FALSE(scenario.shape.progress_deadline);
  EXPECT_FALSE(scenario.shape.progress_deadline_abort);
  EXPECT_FALSE(scenario.shape.rollback_window);
  EXPECT_FALSE(scenario.shape.background);
  EXPECT_EQ(scenario.canary_image, Deploy::Image::kPresent);
  EXPECT_FALSE(scenario.job_deadline);
  EXPECT_TRUE(scenario.gate_image);
}

TEST(RolloutShapeTest, ReadsEveryPart) {
  const Scenario scenario = ParseWithRollout(
      R"({minReady: 5s, progressDeadline: 30s, progressDeadlineAbort: true, rollbackWindow: 2,
    canaryImage: missing, background: {stage: bg, startingStep: 1},
    steps: [{setWeight: 20}, {pause: 1m30s}, {pause: forever}, {gate: 20}, {gate: "all-of-it"}]}
  gate: {jobDeadline: 20s, image: missing})");
  using Kind = CanaryStep::Kind;
  ASSERT_TRUE(scenario.shape.steps);
  EXPECT_THAT(*scenario.shape.steps,
              ElementsAre(CanaryStep{Kind::kSetWeight, 20, {}, ""},
                          CanaryStep{Kind::kPause, 0, seconds(90), ""},
                          CanaryStep{Kind::kPause, 0, {}, ""}, CanaryStep{Kind::kGate, 0, {}, "20"},
                          CanaryStep{Kind::kGate, 0, {}, "all-of-it"}));
  EXPECT_EQ(scenario.shape.min_ready, seconds(5));
  EXPECT_EQ(scenario.shape.progress_deadline, seconds(30));
  EXPECT_EQ(scenario.shape.progress_deadline_abort, true);
  EXPECT_EQ(scenario.shape.rollback_window, 2);
  ASSERT_TRUE(scenario.shape.background);
  EXPECT_EQ(scenario.shape.background->stage, "bg");
  EXPECT_EQ(scenario.shape.background->starting_step, 1);
  EXPECT_EQ(scenario.canary_image, Deploy::Image::kMissing);
  EXPECT_EQ(scenario.job_deadline, seconds(20));
  EXPECT_FALSE(scenario.gate_image);
}

TEST(RolloutShapeTest, AnEmptyListOfStepsIsACanaryWithoutSteps) {
  const Scenario scenario = ParseWithRollout("{steps: []}");
  ASSERT_TRUE(scenario.shape.steps);
  EXPECT_THAT(*scenario.shape.steps, IsEmpty());
}

TEST(RolloutShapeTest, AStepIsExactlyOneThing) {
  EXPECT_THAT(
      MistakesWithRollout("{steps: [{setWeight: 20, pause: 5s}, {}, {weight: 5}, text]}"),
      ElementsAre("s.yaml:7:21: expected exactly one of \"setWeight\", \"pause\" and \"gate\"",
                  "s.yaml:7:49: expected exactly one of \"setWeight\", \"pause\" and \"gate\"",
                  "s.yaml:7:54: unknown step \"weight\"; known here: setWeight, pause, gate",
                  "s.yaml:7:66: expected a map, found a scalar"));
}

TEST(RolloutShapeTest, ChecksTheParametersOfSteps) {
  EXPECT_THAT(
      MistakesWithRollout(
          "{steps: [{setWeight: 101}, {setWeight: -1}, {pause: 0s}, {pause: 1500ms},"
          " {gate: \"a b\"}, {gate: [x]}]}"),
      ElementsAre("s.yaml:7:33: must be between 0 and 100",
                  "s.yaml:7:51: must be between 0 and 100", "s.yaml:7:64: must be longer than 0s",
                  "s.yaml:7:77: must be whole seconds", HasSubstr("s.yaml:7:93: expected a stage"),
                  HasSubstr("s.yaml:7:108: expected a stage")));
  EXPECT_THAT(MistakesWithRollout("{steps: [{setWeight: 100}, {setWeight: 0}]}"), IsEmpty());
}

TEST(RolloutShapeTest, ChecksDeadlinesAndWindows) {
  EXPECT_THAT(
      MistakesWithRollout("{minReady: 5s, progressDeadline: 5s, rollbackWindow: 0,\n"
                          "    canaryImage: gone, background: {}}\n  gate: {jobDeadline: 100ms}"),
      ElementsAre("s.yaml:8:18: expected present or missing, found \"gone\"",
                  "s.yaml:7:45: must be longer than \"minReady\"",
                  "s.yaml:7:65: must be between 1 and 100", "s.yaml:8:36: \"stage\" is missing",
                  "s.yaml:9:23: must be whole seconds"));
}

// --- The timeline -------------------------------------------------------------------------------

TEST(TimelineTest, ReadsEveryAction) {
  const Scenario scenario = ParseWithRollout("{}", R"(timeline:
  - {at: 0s, do: abort}
  - {at: 1500ms, do: retry}
  - {on: {event: restored}, do: promote}
  - {on: {event: verdict, stage: "20"}, after: 2s, do: promote-full}
  - {at: 1s, do: pause}
  - {at: 1s, do: unpause}
  - {at: 1s, do: resume}
  - {at: 1s, do: undo}
  - {at: 1s, do: terminate-analysis}
  - {at: 1s, do: restart-controller}
  - {at: 1s, do: delete-token}
  - {at: 1s, do: rotate-token}
  - {at: 1s, do: announce-key}
  - {at: 1s, do: rotate-key}
  - {at: 1s, do: retire-key}
  - {at: 1s, do: {pod-quota: 0}}
  - {at: 1s, do: lift-pod-quota}
  - {at: 1s, do: {deploy: shop-1.6.0}}
  - {at: 1s, do: {deploy: {release: shop-1.6.0, image: missing, releaseLabel: absent}}}
  - {at: 1s, do: {scale: 7}}
  - {at: 1s, do: {evidence: {release: shop-1.5.0, stage: "50", ok: false}}}
  - {at: 1s, do: {evidence: {release: shop-1.5.0, ok: true}}}
  - {at: 1s, do: {override: {decision: approve, stage: "20", reason: MC is down, overRefusal: true}}}
  - {at: 1s, do: {override: {decision: reject, stage: "50", reason: too slow for us, release: shop-1.6.0,
                             by: ann, expires: 1m}}}
)");
  EXPECT_THAT(
      Descriptions(scenario),
      ElementsAre("abort 0s after deployed", "retry 1s500ms after deployed",
                  "promote 0s after restored", "promote-full 2s after verdict (stage = \"20\")",
                  "pause 1s after deployed", "unpause 1s after deployed",
                  "resume 1s after deployed", "undo 1s after deployed",
                  "terminate-analysis 1s after deployed", "restart-controller 1s after deployed",
                  "delete-token 1s after deployed", "rotate-token 1s after deployed",
                  "announce-key 1s after deployed", "rotate-key 1s after deployed",
                  "retire-key 1s after deployed", "a quota of 0 pods 1s after deployed",
                  "lift-pod-quota 1s after deployed", "deploy shop-1.6.0 1s after deployed",
                  "deploy shop-1.6.0, its image missing, without its label 1s after deployed",
                  "scale to 7 1s after deployed",
                  "evidence for shop-1.5.0 at 50 becomes false 1s after deployed",
                  "evidence for shop-1.5.0 becomes true 1s after deployed",
                  "approve the release at 20 over a refusal for 30m 1s after deployed",
                  "reject shop-1.6.0 at 50 for 1m as ann 1s after deployed"));
  EXPECT_EQ(scenario.timeline[3].after, seconds(2));
  EXPECT_EQ(scenario.timeline[0].line, 11);
}

TEST(TimelineTest, EveryActionHasANameOfItsOwn) {
  std::vector<std::string_view> names = ActionNames();
  EXPECT_THAT(names, SizeIs(23));
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
}

TEST(TimelineTest, OnlyAGateThatIsAServiceCanBeRestarted) {
  const std::string restart = "timeline: [{at: 1s, do: restart-gate}]\n";
  const Scenario scenario = ParseWithRollout("{}\n  gate: {mode: service}", restart);
  EXPECT_THAT(Descriptions(scenario), ElementsAre("restart-gate 1s after deployed"));
  EXPECT_FALSE(PlaysAlone(scenario));
  EXPECT_THAT(
      MistakesWithRollout("{}", restart),
      ElementsAre("s.yaml:10:25: a gate as a Job cannot be restarted: it needs `mode: service`"));
}

TEST(TimelineTest, SuggestsTheNearestAction) {
  EXPECT_THAT(
      MistakesWithRollout(
          "{}", "timeline: [{at: 1s, do: abbort}, {at: 1s, do: {skale: 3}}, {at: 1s, do: }]\n"),
      ElementsAre("s.yaml:10:25: unknown action \"abbort\"; did you mean \"abort\"?",
                  "s.yaml:10:48: unknown action \"skale\"; did you mean \"scale\"?",
                  HasSubstr("s.yaml:10:73: unknown action \"\"; known here: abort, ")));
}

TEST(TimelineTest, AnEntryIsAnchoredToExactlyOneThing) {
  EXPECT_THAT(
      MistakesWithRollout("{}",
                          "timeline:\n- {do: abort}\n- {at: 1s, on: {event: restored}, do: abort}\n"
                          "- {at: 1s, after: 1s, do: abort}\n- {at: -1s, do: abort}\n- {at: 1s}\n"),
      ElementsAre("s.yaml:11:3: expected exactly one of \"at\" and \"on\"",
                  "s.yaml:12:3: expected exactly one of \"at\" and \"on\"",
                  "s.yaml:13:19: \"after\" goes with \"on\" only",
                  "s.yaml:14:8: must not be negative", "s.yaml:15:3: \"do\" is missing"));
}

TEST(TimelineTest, ChecksTheParametersOfActions) {
  EXPECT_THAT(
      MistakesWithRollout(
          "{}",
          "timeline:\n- {at: 1s, do: {scale: 101}}\n- {at: 1s, do: {deploy: \"a b\"}}\n"
          "- {at: 1s, do: {deploy: {image: missing}}}\n"
          "- {at: 1s, do: {evidence: {release: a, ok: maybe, stages: x}}}\n"
          "- {at: 1s, do: {abort: now}}\n- {at: 1s, do: {deploy: a, scale: 1}}\n"),
      ElementsAre("s.yaml:11:24: must be between 0 and 100",
                  HasSubstr("s.yaml:12:25: \"a b\" cannot be a label value"),
                  "s.yaml:13:25: \"release\" is missing", HasSubstr("s.yaml:14:44: expected"),
                  "s.yaml:14:51: unknown key \"stages\"; did you mean \"stage\"?",
                  "s.yaml:15:17: \"abort\" has no parameters: write `do: abort`",
                  "s.yaml:16:16: expected exactly one action"));
}

TEST(TimelineTest, ChecksTheWordsOfAnOverride) {
  EXPECT_THAT(
      MistakesWithRollout(
          "{}",
          "timeline:\n- {at: 1s, do: {override: {decision: perhaps, stage: \"20\", reason: "
          "long enough}}}\n"
          "- {at: 1s, do: {override: {decision: reject, stage: \"20\", reason: too short}}}\n"
          "- {at: 1s, do: {override: {decision: reject, stage: \"20\", reason: long enough, "
          "expires: 59s}}}\n"
          "- {at: 1s, do: {override: {decision: reject, stage: \"20\", reason: long enough, "
          "overRefusal: true}}}\n"
          "- {at: 1s, do: {override: {decision: approve}}}\n"),
      ElementsAre(HasSubstr("s.yaml:11:38: expected approve or reject"),
                  HasSubstr("s.yaml:12:67: must have 10 to 500 characters"),
                  HasSubstr("must be from 1m to 24h"),
                  HasSubstr("overRefusal goes with approve only"),
                  HasSubstr("\"stage\" is missing"), HasSubstr("\"reason\" is missing")));
}

TEST(TimelineTest, WhatIsKnownOnlyAtTheEndBringsAboutNothing) {
  EXPECT_THAT(MistakesWithRollout("{}", "timeline: [{on: {event: mc.request}, do: abort}]\n"),
              ElementsAre("s.yaml:10:17: event \"mc.request\" is known only when all is over and "
                          "cannot bring about an action"));
}

TEST(TimelineTest, NothingIsDoneAtTheHorizon) {
  EXPECT_THAT(MistakesWithRollout("{}", "horizon: 20s\ntimeline: [{at: 19999ms, do: abort}]\n"),
              IsEmpty());
  EXPECT_THAT(MistakesWithRollout("{}", "horizon: 20s\ntimeline: [{at: 20s, do: abort}]\n"),
              ElementsAre("s.yaml:11:17: is not before the horizon"));
}

TEST(TimelineTest, HasALimit) {
  const auto with = [](int entries) {
    std::string text = "timeline:\n";
    for (int i = 0; i < entries; ++i) text += "- {at: 1s, do: abort}\n";
    return MistakesWithRollout("{}", text);
  };
  EXPECT_THAT(with(50), IsEmpty());
  EXPECT_THAT(with(51), ElementsAre("s.yaml:11:1: has more than 50 entries"));
}

TEST(TimelineTest, OnlyARestartOfTheControllerDisturbsOthers) {
  EXPECT_TRUE(PlaysAlone(ParseWithRollout("{}", "timeline: [{at: 1s, do: restart-controller}]\n")));
  EXPECT_FALSE(PlaysAlone(
      ParseWithRollout("{}", "timeline: [{at: 1s, do: abort}, {at: 1s, do: {scale: 1}}]\n")));
}

TEST(TimelineTest, ExpectationsCanBeAnchoredToActions) {
  EXPECT_THAT(MistakesWithRollout("{}", "until: [{event: action, do: abort, ok: true}]\n"),
              IsEmpty());
  EXPECT_THAT(MistakesWithRollout("{}", "until: [{event: action, do: abrt}]\n"),
              ElementsAre("s.yaml:10:29: \"do\" can never be \"abrt\"; did you mean \"abort\"?"));
}

}  // namespace
}  // namespace drill
