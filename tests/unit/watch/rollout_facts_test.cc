#include "gate/watch/rollout_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gate::watch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A canary at its first gate, as the API server serves it.
Json Rollout() {
  return Json::parse(R"({
    "metadata": {"namespace": "shop", "name": "demo", "uid": "u1", "generation": 7,
                 "labels": {"release-id": "shop-1.5.0"}},
    "spec": {"replicas": 5, "strategy": {"canary": {"steps": [
      {"setWeight": 20}, {"analysis": {"templates": [{"templateName": "gate"}]}},
      {"setWeight": 50}, {"pause": {"duration": "10s"}},
      {"analysis": {"templates": [{"templateName": "gate"}]}},
      {"setWeight": 75}, {"analysis": {"templates": [{"templateName": "smoke"}]}}]}}},
    "status": {"observedGeneration": "7", "currentPodHash": "new", "stableRS": "old",
               "currentStepIndex": 1, "phase": "Progressing", "replicas": 5,
               "updatedReplicas": 1, "availableReplicas": 5}})");
}

RolloutFacts Read(const Json& rollout) { return ReadRollout(rollout, {"20", "50"}); }

Json StageArgument(const Json& value) { return {{{"name", "stage"}, {"value", value}}}; }

TEST(ReadRolloutTest, ReadsWhatTheStatusSays) {
  const RolloutFacts facts = Read(Rollout());
  EXPECT_EQ(facts.ns, "shop");
  EXPECT_EQ(facts.name, "demo");
  EXPECT_EQ(facts.uid, "u1");
  EXPECT_EQ(facts.release, "shop-1.5.0");
  EXPECT_EQ(facts.replicas, 5);
  EXPECT_TRUE(facts.observed);
  EXPECT_EQ(facts.current_hash, "new");
  EXPECT_EQ(facts.stable_hash, "old");
  EXPECT_EQ(facts.step, 1);
  EXPECT_TRUE(facts.InProgress());
  EXPECT_FALSE(facts.aborted);
  EXPECT_FALSE(facts.LooksRestored());
}

TEST(ReadRolloutTest, GatesAreTheAnalysisStepsBehindTheGatedWeights) {
  EXPECT_THAT(Read(Rollout()).gates, ElementsAre(GateStep{"20", 1}, GateStep{"50", 4}));
}

TEST(ReadRolloutTest, WithoutAListGatesAreTheAnalysisStepsThatNameTheirStage) {
  Json rollout = Rollout();
  Json& steps = rollout["spec"]["strategy"]["canary"]["steps"];
  steps[1]["analysis"]["args"] = StageArgument("10");
  steps[6]["analysis"]["args"] = StageArgument("before-all");
  EXPECT_THAT(ReadRollout(rollout, {}).gates,
              ElementsAre(GateStep{"10", 1}, GateStep{"before-all", 6}));
}

TEST(ReadRolloutTest, WhereNoStepNamesItsStageGatesStandBehind20And50) {
  EXPECT_THAT(ReadRollout(Rollout(), {}).gates, ElementsAre(GateStep{"20", 1}, GateStep{"50", 4}));
}

TEST(ReadRolloutTest, AStageFromElsewhereOrEmptyIsNotNamed) {
  Json rollout = Rollout();
  Json& steps = rollout["spec"]["strategy"]["canary"]["steps"];
  steps[1]["analysis"]["args"] = {
      {{"name", "stage"}, {"valueFrom", {{"podTemplateHashValue", "Latest"}}}}};
  steps[4]["analysis"]["args"] = StageArgument("");
  steps[6]["analysis"]["args"] = {{{"name", "staging"}, {"value", "75"}}};
  EXPECT_THAT(ReadRollout(rollout, {}).gates, ElementsAre(GateStep{"20", 1}, GateStep{"50", 4}));
}

TEST(ReadRolloutTest, AListHasTheLastWordAboutGates) {
  Json rollout = Rollout();
  Json& steps = rollout["spec"]["strategy"]["canary"]["steps"];
  steps[1]["analysis"]["args"] = StageArgument("first");
  steps[6]["analysis"]["args"] = StageArgument("75");
  EXPECT_THAT(Read(rollout).gates, ElementsAre(GateStep{"20", 1}, GateStep{"50", 4}));
}

TEST(ReadRolloutTest, AnObjectWithoutAnythingHasNoGatesAndIsNotInProgress) {
  const RolloutFacts facts = Read(Json::object());
  EXPECT_THAT(facts.gates, IsEmpty());
  EXPECT_FALSE(facts.InProgress());
  EXPECT_FALSE(facts.LooksRestored());
  EXPECT_EQ(facts.replicas, 1);
}

TEST(ReadRolloutTest, AStatusOfAnOlderSpecIsNotObserved) {
  Json rollout = Rollout();
  rollout["metadata"]["generation"] = 8;
  EXPECT_FALSE(Read(rollout).observed);
  EXPECT_FALSE(Read(rollout).InProgress());
}

TEST(ReadRolloutTest, TheFirstDeploymentIsNoRelease) {
  Json rollout = Rollout();
  rollout["status"]["stableRS"] = "";
  EXPECT_FALSE(Read(rollout).InProgress());
}

TEST(ReadRolloutTest, TellsAnInconclusivePauseFromOthers) {
  Json rollout = Rollout();
  rollout["status"]["pauseConditions"] = {{{"reason", "CanaryPauseStep"}}};
  EXPECT_FALSE(Read(rollout).awaits_people);
  rollout["status"]["pauseConditions"].push_back({{"reason", "InconclusiveAnalysisRun"}});
  EXPECT_TRUE(Read(rollout).awaits_people);
}

TEST(ReadRolloutTest, LooksRestoredWithAllPodsAvailableAndNoneOfTheCanary) {
  Json rollout = Rollout();
  rollout["status"]["updatedReplicas"] = 0;
  EXPECT_TRUE(Read(rollout).LooksRestored());
  rollout["status"]["availableReplicas"] = 4;
  EXPECT_FALSE(Read(rollout).LooksRestored());
  rollout["status"]["availableReplicas"] = 5;
  rollout["status"]["replicas"] = 6;
  EXPECT_FALSE(Read(rollout).LooksRestored()) << "a pod too many";
  rollout["status"]["replicas"] = 5;
  rollout["status"]["canary"] = {{"weights", {{"canary", {{"weight", 20}}}}}};
  EXPECT_FALSE(Read(rollout).LooksRestored()) << "the router still sends traffic to the canary";
}

TEST(ReadRolloutTest, LooksRestoredAfterAnUndoThatMadeTheStableVersionTheLatest) {
  Json rollout = Rollout();
  rollout["status"]["updatedReplicas"] = 5;
  EXPECT_FALSE(Read(rollout).LooksRestored());
  rollout["status"]["currentPodHash"] = rollout["status"]["stableRS"];
  EXPECT_TRUE(Read(rollout).LooksRestored());
  rollout["status"]["replicas"] = 6;
  EXPECT_FALSE(Read(rollout).LooksRestored()) << "the canary's pod is still there";
}

Json ReplicaSet(const std::string& hash, int spec, int pods, int available) {
  return {{"metadata", {{"labels", {{"rollouts-pod-template-hash", hash}}}}},
          {"spec", {{"replicas", spec}}},
          {"status", {{"replicas", pods}, {"availableReplicas", available}}}};
}

TEST(IsRestoredTest, WantsTheCanaryGoneAndTheStableSetWhole) {
  const RolloutFacts facts = Read(Rollout());
  const auto restored = [&](const Json& canary, const Json& stable) {
    return IsRestored(facts, "new", {canary, stable});
  };
  EXPECT_TRUE(restored(ReplicaSet("new", 0, 0, 0), ReplicaSet("old", 5, 5, 5)));
  EXPECT_FALSE(restored(ReplicaSet("new", 1, 0, 0), ReplicaSet("old", 5, 5, 5)));
  EXPECT_FALSE(restored(ReplicaSet("new", 0, 1, 0), ReplicaSet("old", 5, 5, 5)));
  EXPECT_FALSE(restored(ReplicaSet("new", 0, 0, 0), ReplicaSet("old", 5, 5, 4)));
  EXPECT_TRUE(IsRestored(facts, "new", {ReplicaSet("old", 5, 5, 5)})) << "the canary's is deleted";
  EXPECT_FALSE(IsRestored(facts, "new", {ReplicaSet("new", 0, 0, 0)})) << "no stable one";
  EXPECT_FALSE(IsRestored(facts, "new", {}));
}

TEST(IsRestoredTest, PodsOfAThirdReplicaSetDoNotCountAsStable) {
  EXPECT_FALSE(IsRestored(
      Read(Rollout()), "new",
      {ReplicaSet("new", 0, 0, 0), ReplicaSet("third", 5, 5, 5), ReplicaSet("old", 0, 0, 0)}));
}

}  // namespace
}  // namespace gate::watch
