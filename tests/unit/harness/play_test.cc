#include "harness/runner/play.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "reports/records.h"
#include "reports/render.h"
#include "tests/support/baton_runtime.h"
#include "tests/unit/harness/fake_backend.h"
#include "tests/unit/harness/objects.h"

namespace drill {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Nanos;
using reports::Outcome;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kYaml = R"(apiVersion: drill/v1
kind: Scenario
id: GATE-001
title: A title
world:
  releases: {stable: shop-1.4.0, canary: shop-1.5.0}
  mc: {}
horizon: 60s
until: [{event: promoted}, {event: restored}]
)";

class PlayTest : public testing::Test {
 protected:
  Scenario Parse(const std::string& expect) {
    auto scenario = ParseScenario(kYaml + expect, "s.yaml");
    GATE_CHECK(scenario.has_value());
    return *std::move(scenario);
  }
  // Requires a promotion, or forbids one.
  Scenario WantsPromotion() { return Parse("expect: [{id: e, eventually: {event: promoted}}]\n"); }
  Scenario ForbidsPromotion() { return Parse("expect: [{id: e, never: {event: promoted}}]\n"); }

  reports::ScenarioResult PlayIt(const Scenario& scenario, StageScript script) {
    backend_.scripts[scenario.id] = std::move(script);
    began_ = runtime_.Now();
    auto result = Play(scenario, backend_, recorder_, limits_, stop_.get_token());
    took_ = runtime_.Now() - began_;
    return result;
  }
  const StageLog& log() { return backend_.logs["GATE-001"]; }

  // However it went: the stage was removed, once, with its watches closed and time to do it.
  void ExpectRemoved() {
    EXPECT_EQ(log().removed, 1);
    EXPECT_EQ(log().watches_at_removal, 0);
    EXPECT_FALSE(log().removal_was_stopped);
    EXPECT_EQ(backend_.stages, 0);
  }

  void StopAfter(Nanos time) {
    stopper_ = runtime_.Spawn("stopper", [this, time] {
      runtime_.Sleep({runtime_.Now() + time});
      stop_.request_stop();
    });
  }

  test_support::BatonRuntime runtime_;
  FakeBackend backend_{runtime_};
  MemoryJournal journal_;
  MemoryView view_;
  std::stop_source stop_;
  Recorder recorder_{journal_, view_, runtime_, stop_};
  PlayLimits limits_;
  gate::Instant began_;
  Nanos took_{0};
  std::unique_ptr<gate::Task> stopper_;
};

std::vector<std::string> Names(const reports::ScenarioResult& result) {
  std::vector<std::string> names;
  for (const auto& entry : result.timeline) names.push_back(entry.name);
  return names;
}

TEST_F(PlayTest, APromotionIsSeenAndEndsTheScenario) {
  const auto result = PlayIt(WantsPromotion(), Promotes());
  EXPECT_EQ(result.outcome, Outcome::kPass) << result.reason;
  EXPECT_EQ(result.reason, "");
  ExpectRemoved();
  // 5 s to prepare, 20 s until promoted, 2 s to settle; not the whole horizon.
  EXPECT_EQ(took_, seconds(27));
  EXPECT_EQ(result.duration, took_);
  EXPECT_EQ(result.started, test_support::BatonRuntime::StartOfTime());
  EXPECT_THAT(Names(result), Contains("verdict"));
  EXPECT_TRUE(std::is_sorted(result.timeline.begin(), result.timeline.end(),
                             [](const auto& a, const auto& b) { return a.at < b.at; }));
}

TEST_F(PlayTest, ARollbackIsMeasured) {
  const auto result = PlayIt(
      Parse("expect: [{id: order, sequence: [{event: verdict, verdict: fail},\n"
            "  {event: rollout.aborted}, {event: restored}]}]\n"
            "measure: [{id: m, from: {event: rollout.aborted}, to: {event: restored}, max: 9s}]\n"),
      RollsBack());
  EXPECT_EQ(result.outcome, Outcome::kPass) << result.reason;
  ASSERT_TRUE(result.measures[0].measured);
  // Aborted at 12:00:17, as the object says, and seen in that very moment; restored 8 s later.
  EXPECT_EQ(result.measures[0].measured->upper, seconds(8));
  ExpectRemoved();
}

TEST_F(PlayTest, WithoutAnUntilEventItLooksUntilTheHorizon) {
  StageScript script = Promotes();
  script.after_deploy.pop_back();
  const auto result = PlayIt(WantsPromotion(), script);
  EXPECT_EQ(result.outcome, Outcome::kFail);
  EXPECT_THAT(result.reason, HasSubstr("no event \"promoted\" was seen"));
  EXPECT_EQ(took_, seconds(65));
  EXPECT_EQ(log().collected, 1);
  ExpectRemoved();
}

TEST_F(PlayTest, AtTheHorizonNeverIsShown) {
  StageScript script = Promotes();
  script.after_deploy.pop_back();
  EXPECT_EQ(PlayIt(ForbidsPromotion(), script).outcome, Outcome::kPass);
}

TEST_F(PlayTest, WhatHappensWhileSettlingCounts) {
  StageScript script = RollsBack();
  script.after_deploy.emplace_back(milliseconds(21'900), [](FakeCluster& cluster) {
    cluster.Put(gate::kube::kRollouts,
                ARollout({.stable = "canary", .phase = "Healthy", .message = "", .step = 4}));
  });
  const auto result = PlayIt(ForbidsPromotion(), script);
  EXPECT_EQ(result.outcome, Outcome::kFail);
  EXPECT_THAT(result.reason, HasSubstr("expected never promoted"));
}

TEST_F(PlayTest, TheHealthyStableReleaseDoesNotEndTheScenario) {
  Scenario scenario = WantsPromotion();
  scenario.until = {
      {"rollout.phase", {{"phase", EventPattern::FieldTest::Kind::kEquals, "Healthy"}}}};
  const auto result = PlayIt(scenario, Promotes());
  EXPECT_EQ(result.outcome, Outcome::kPass) << result.reason;
  EXPECT_EQ(took_, seconds(27));
}

TEST_F(PlayTest, CollectedEventsAreJudgedAtTheirTime) {
  StageScript script = RollsBack();
  const gate::Instant at(seconds(14));  // 9 s after the deployment
  script.collected = {{"mc.request", at, {}, Nanos(0), {{"release", "shop-1.5.0"}}}};
  const auto result = PlayIt(Parse("expect: [{id: e, sequence: [{event: mc.request}, "
                                   "{event: verdict}]}]\n"),
                             script);
  // The record's own time is 12:00:12.3 by the fake's clock, before the request.
  EXPECT_EQ(result.outcome, Outcome::kFail);
  EXPECT_THAT(Names(result), Contains("release.seen"));
}

TEST_F(PlayTest, TheAuditChainIsJudgedAfterTheDeployment) {
  const auto result =
      PlayIt(Parse("expect: [{id: e, eventually: {event: audit.chain, ok: true}}]\n"), RollsBack());
  EXPECT_EQ(result.outcome, Outcome::kPass) << result.reason;
}

// --- Failures at each step ----------------------------------------------------------------------

TEST_F(PlayTest, AStageThatCannotBePreparedIsInconclusive) {
  StageScript script = Promotes();
  script.prepare = Error{ErrorCode::kDeadlineExceeded, "the stable release is not Healthy"};
  const auto result = PlayIt(ForbidsPromotion(), script);
  EXPECT_EQ(result.outcome, Outcome::kInconclusive);
  EXPECT_EQ(result.reason, "preparing: the stable release is not Healthy");
  EXPECT_EQ(log().deployed, 0);
  ExpectRemoved();
}

TEST_F(PlayTest, AStageWithoutAStableReleaseIsInconclusive) {
  StageScript script = Promotes();
  script.has_rollout = false;
  const auto result = PlayIt(ForbidsPromotion(), script);
  EXPECT_EQ(result.outcome, Outcome::kInconclusive);
  EXPECT_THAT(result.reason, HasSubstr("Rollout demo has no stable ReplicaSet"));
  EXPECT_EQ(log().deployed, 0);
  ExpectRemoved();
}

TEST_F(PlayTest, ACanaryThatCannotBeDeployedIsInconclusive) {
  StageScript script = Promotes();
  script.deploy = Error{ErrorCode::kConflict, "somebody else changed it"};
  const auto result = PlayIt(ForbidsPromotion(), script);
  EXPECT_EQ(result.outcome, Outcome::kInconclusive);
  EXPECT_EQ(result.reason, "deploying the canary: deploy shop-1.5.0: somebody else changed it");
  EXPECT_EQ(log().collected, 0);
  ExpectRemoved();
}

TEST_F(PlayTest, AWatchThatIsLostForGoodIsInconclusive) {
  StageScript script = Promotes();
  script.after_deploy.insert(
      script.after_deploy.begin() + 1,
      {seconds(5), [](FakeCluster& cluster) {
         cluster.Break(gate::kube::kPods, {ErrorCode::kPermissionDenied, "no longer allowed"});
       }});
  const auto result = PlayIt(ForbidsPromotion(), script);
  EXPECT_EQ(result.outcome, Outcome::kInconclusive);
  EXPECT_EQ(result.reason, "watching pods: no longer allowed");
  EXPECT_EQ(took_, seconds(10));  // at once
  EXPECT_EQ(log().collected, 1);  // what can still be learnt
  ExpectRemoved();
}

TEST_F(PlayTest, AWatchThatComesBackIsOnlyNoted) {
  StageScript script = Promotes();
  script.after_deploy.insert(
      script.after_deploy.begin() + 1,
      {seconds(5), [](FakeCluster& cluster) {
         cluster.Break(gate::kube::kPods, {ErrorCode::kUnavailable, "connection refused"});
       }});
  const auto result = PlayIt(WantsPromotion(), script);
  EXPECT_EQ(result.outcome, Outcome::kPass) << result.reason;
  const auto noted =
      std::count_if(journal_.records.begin(), journal_.records.end(), [](const auto& record) {
        return record["kind"] == "scenario.note" &&
               record["text"] == "watching pods: connection refused";
      });
  EXPECT_GT(noted, 1);
}

TEST_F(PlayTest, WatchesThatDoNotBeginAreInconclusive) {
  class SilentBackend : public FakeBackend {
   public:
    using FakeBackend::FakeBackend;
    std::unique_ptr<Stage> NewStage(const Scenario& scenario) override {
      auto stage = FakeBackend::NewStage(scenario);
      static_cast<FakeCluster&>(stage->kube())
          .Break(gate::kube::kJobs, {ErrorCode::kUnavailable, "connection refused"});
      return stage;
    }
  };
  SilentBackend backend(runtime_);
  backend.scripts["GATE-001"] = Promotes();
  const auto result = Play(ForbidsPromotion(), backend, recorder_, limits_, stop_.get_token());
  EXPECT_EQ(result.outcome, Outcome::kInconclusive);
  EXPECT_EQ(result.reason, "starting watches: not all answered within 30s");
  EXPECT_EQ(backend.logs["GATE-001"].deployed, 0);
  EXPECT_EQ(backend.logs["GATE-001"].removed, 1);
}

TEST_F(PlayTest, WhatCannotBeCollectedIsInconclusive) {
  StageScript script = RollsBack();
  script.collect = Error{ErrorCode::kUnavailable, "mock-mc does not answer"};
  const auto result = PlayIt(ForbidsPromotion(), script);
  EXPECT_EQ(result.outcome, Outcome::kInconclusive);
  EXPECT_EQ(result.reason, "collecting: mock-mc does not answer");
  ExpectRemoved();
}

TEST_F(PlayTest, AFailureIsStillAFailureIfCollectingFailsToo) {
  StageScript script = Promotes();
  script.collect = Error{ErrorCode::kUnavailable, "mock-mc does not answer"};
  const auto result = PlayIt(ForbidsPromotion(), script);
  EXPECT_EQ(result.outcome, Outcome::kFail);
  EXPECT_THAT(result.reason, HasSubstr("expected never promoted"));
}

TEST_F(PlayTest, AStageThatIsLeftBehindIsInconclusive) {
  StageScript script = RollsBack();
  script.remove = Error{ErrorCode::kDeadlineExceeded, "the namespace is still there"};
  const auto result = PlayIt(ForbidsPromotion(), script);
  EXPECT_EQ(result.outcome, Outcome::kInconclusive);
  EXPECT_EQ(result.reason, "removing the stage: the namespace is still there");
}

// --- Stopping -----------------------------------------------------------------------------------

TEST_F(PlayTest, StoppedWhilePreparingItRemovesAndIsInconclusive) {
  StopAfter(seconds(2));
  const auto result = PlayIt(WantsPromotion(), Promotes());
  EXPECT_EQ(result.outcome, Outcome::kInconclusive);
  EXPECT_EQ(result.reason, "the run was stopped");
  EXPECT_EQ(took_, seconds(2));
  EXPECT_EQ(log().deployed, 0);
  ExpectRemoved();
}

TEST_F(PlayTest, StoppedWhileObservingItRemovesAndIsInconclusive) {
  StopAfter(seconds(17));
  const auto result = PlayIt(ForbidsPromotion(), Promotes());
  EXPECT_EQ(result.outcome, Outcome::kInconclusive);
  EXPECT_EQ(took_, seconds(17));
  EXPECT_THAT(Names(result), Contains("verdict"));  // what was seen is kept
  EXPECT_EQ(log().collected, 0);
  ExpectRemoved();
}

TEST_F(PlayTest, StoppedWhileSettlingItIsInconclusive) {
  StopAfter(seconds(26));
  const auto result = PlayIt(WantsPromotion(), Promotes());
  EXPECT_EQ(result.expectations[0].outcome, Outcome::kPass);
  EXPECT_EQ(result.outcome, Outcome::kInconclusive);
  ExpectRemoved();
}

// --- Recording ----------------------------------------------------------------------------------

TEST_F(PlayTest, TheJournalHoldsTheWholeResult) {
  const Scenario scenario = ForbidsPromotion();
  reports::RunResult head;
  head.scenarios = {ResultHead(scenario)};
  recorder_.RunStart(head);
  StageScript script = RollsBack();
  script.remove = Error{ErrorCode::kUnavailable, "not gone"};
  const auto result = PlayIt(scenario, script);
  const auto run = reports::BuildRunResult(journal_.Content());
  ASSERT_TRUE(run) << run.error().message;
  reports::RunResult expected = *run;
  expected.scenarios = {result};
  EXPECT_EQ(reports::RenderJson(*run), reports::RenderJson(expected));
  EXPECT_FALSE(result.timeline.empty());
}

TEST_F(PlayTest, ShowsEachPhaseAndEachMilestone) {
  PlayIt(WantsPromotion(), Promotes());
  EXPECT_THAT(
      view_.lines,
      testing::IsSupersetOf(
          {"GATE-001: preparing: waiting for the stable release", "GATE-001: deploying the canary",
           "GATE-001: observing", "GATE-001: verdict 20 pass shop-1.5.0",
           "GATE-001: promoted shop-1.5.0", "GATE-001: removing", "GATE-001 passed"}));
  EXPECT_THAT(view_.lines, Not(Contains(HasSubstr("replicas"))));
  EXPECT_EQ(view_.lines.back(), "GATE-001 passed");
}

TEST_F(PlayTest, AJournalThatCannotBeWrittenStopsTheRun) {
  journal_.fails_from = 5;
  const auto result = PlayIt(WantsPromotion(), Promotes());
  EXPECT_TRUE(stop_.stop_requested());
  ASSERT_TRUE(recorder_.failure());
  EXPECT_EQ(recorder_.failure()->message, "writing the journal: no space left");
  EXPECT_EQ(result.outcome, Outcome::kInconclusive);
  ExpectRemoved();
}

constexpr const char* kReplay = R"(apiVersion: drill/v1
kind: Scenario
id: GATE-001
title: A title
backends: [sim]
replay: {seed: "1", campaignSeed: "1"}
world:
  releases: {stable: shop-1.4.0, canary: shop-1.5.0}
  mc: {}
expect: [{id: e, never: {event: broken, invariant: settles}}]
)";

// What a simulator tells of a run of a campaign in which this invariant broke; "": none.
Replayed AReplay(const std::string& broken) {
  Replayed replayed{{}, {Ending::Kind::kHorizon, "", gate::Instant()}, {}, seconds(20), "abc"};
  replayed.trace.push_back({"deployed", gate::Instant(seconds(5)), {}, Nanos(0), {}});
  if (!broken.empty()) {
    replayed.trace.push_back(
        {"broken", gate::Instant(seconds(9)), {}, Nanos(0), {{"invariant", broken}}});
  }
  return replayed;
}

TEST_F(PlayTest, AReplayIsJudgedByWhatTheBackendSaw) {
  const Scenario scenario = *ParseScenario(kReplay, "s.yaml");
  for (const auto& [broken, outcome] :
       {std::pair("", Outcome::kPass), std::pair("settles", Outcome::kFail),
        std::pair("one-chain", Outcome::kPass)}) {
    backend_.replayed = AReplay(broken);
    const auto result = Play(scenario, backend_, recorder_, limits_, stop_.get_token());
    EXPECT_EQ(result.outcome, outcome) << broken;
    EXPECT_EQ(result.trace_hash, "abc");
    EXPECT_EQ(result.duration, seconds(20));
    EXPECT_EQ(result.timeline.size(), backend_.replayed->trace.size());
  }
  EXPECT_EQ(backend_.stages, 0);
}

TEST_F(PlayTest, AReplayThatABackendCannotPlayIsInconclusive) {
  const auto result =
      Play(*ParseScenario(kReplay, "s.yaml"), backend_, recorder_, limits_, stop_.get_token());
  EXPECT_EQ(result.outcome, Outcome::kInconclusive);
  EXPECT_THAT(result.reason, HasSubstr("can be replayed only in the simulator"));
}

TEST_F(PlayTest, NotesAreLimited) {
  for (int i = 0; i < 60; ++i) recorder_.ScenarioNote("GATE-001", "note");
  EXPECT_EQ(journal_.records.size(), 50U);
}

}  // namespace
}  // namespace drill
