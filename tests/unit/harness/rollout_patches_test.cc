#include "harness/runner/rollout_patches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drill {
namespace {

using gate::Json;
using testing::HasSubstr;

// A Rollout at step 1 of 4, an inline analysis, as the API server serves it.
Json ARolloutAtAGate() {
  return Json::parse(R"({
    "metadata": {"name": "demo", "labels": {"release-id": "shop-1.5.0"},
                 "annotations": {"gate-drill/image": "mock-mc:1"}},
    "spec": {
      "strategy": {"canary": {"steps": [{"setWeight": 20}, {"analysis": {}}, {"setWeight": 50},
                                        {"analysis": {}}]}},
      "template": {"metadata": {"labels": {"app": "demo", "release-id": "shop-1.5.0"},
                                "annotations": {"gate-drill/release": "shop-1.5.0"}},
                   "spec": {"containers": [{"name": "demo", "image": "mock-mc:1", "args": ["x"]},
                                           {"name": "side", "image": "side:1"}]}}},
    "status": {"currentPodHash": "canary", "stableRS": "stable", "currentStepIndex": 1}
  })");
}

Json Paused(Json rollout, const std::string& reason) {
  rollout["status"]["pauseConditions"] = {{{"reason", reason}, {"startTime", "x"}}};
  rollout["status"]["controllerPause"] = true;
  return rollout;
}

// --- Deploying ----------------------------------------------------------------------------------

TEST(DeployPatchTest, BothLabelsAndTheTemplateCarryTheRelease) {
  EXPECT_EQ(DeployPatch(ARolloutAtAGate(), {"shop-1.6.0"}), Json::parse(R"({
    "metadata": {"labels": {"release-id": "shop-1.6.0"}},
    "spec": {"template": {"metadata": {"labels": {"release-id": "shop-1.6.0"},
                                       "annotations": {"gate-drill/release": "shop-1.6.0"}}}}})"));
}

TEST(DeployPatchTest, WithoutALabelBothAreRemovedAndTheTemplateStillChanges) {
  const Json patch = DeployPatch(
      ARolloutAtAGate(), {.release = "shop-1.6.0", .release_label = Deploy::Label::kAbsent});
  EXPECT_EQ(patch, Json::parse(R"({
    "metadata": {"labels": {"release-id": null}},
    "spec": {"template": {"metadata": {"labels": {"release-id": null},
                                       "annotations": {"gate-drill/release": "shop-1.6.0"}}}}})"));
}

TEST(DeployPatchTest, AMissingImageReplacesThatOfTheFirstContainerOnly) {
  const Json patch = DeployPatch(ARolloutAtAGate(), {"shop-1.6.0", Deploy::Image::kMissing});
  EXPECT_EQ(patch["spec"]["template"]["spec"]["containers"], Json::parse(R"([
    {"name": "demo", "image": "localhost:1/gate-drill/missing:none", "args": ["x"]},
    {"name": "side", "image": "side:1"}])"));
}

TEST(DeployPatchTest, AGoodReleaseAfterOneWithoutAnImageHasTheGoodImageAgain) {
  Json rollout = ARolloutAtAGate();
  rollout["spec"]["template"]["spec"]["containers"][0]["image"] = kMissingImage;
  const Json patch = DeployPatch(rollout, {"shop-1.6.0"});
  EXPECT_EQ(patch["spec"]["template"]["spec"]["containers"][0]["image"], "mock-mc:1");
}

TEST(DeployPatchTest, DeployingTheStableReleaseGivesItsTemplateAgain) {
  const Json stable = ARolloutAtAGate();
  Json rollout = stable;
  rollout.merge_patch(
      DeployPatch(rollout, {"shop-1.6.0", Deploy::Image::kMissing, Deploy::Label::kAbsent}));
  ASSERT_NE(rollout["spec"]["template"], stable["spec"]["template"]);
  rollout.merge_patch(DeployPatch(rollout, {"shop-1.5.0"}));
  EXPECT_EQ(rollout, stable);
}

// --- Promoting (argo R72) -----------------------------------------------------------------------

TEST(PromotePatchesTest, ARolloutThatIsNotPausedSkipsItsCurrentStep) {
  const auto patches = PromotePatches(ARolloutAtAGate());
  EXPECT_EQ(patches.status,
            Json::parse(R"({"status": {"pauseConditions": null, "currentStepIndex": 2}})"));
  EXPECT_TRUE(patches.spec.is_null());
}

TEST(PromotePatchesTest, ARolloutThatIsPausedAtAStepIsResumed) {
  const auto patches = PromotePatches(Paused(ARolloutAtAGate(), "CanaryPauseStep"));
  EXPECT_EQ(patches.status, Json::parse(R"({"status": {"pauseConditions": null}})"));
}

TEST(PromotePatchesTest, AnInconclusiveGateIsSkipped) {
  Json rollout = Paused(ARolloutAtAGate(), "InconclusiveAnalysisRun");
  rollout["status"]["canary"] = {{"currentStepAnalysisRunStatus", {{"status", "Inconclusive"}}}};
  EXPECT_EQ(PromotePatches(rollout).status, Json::parse(R"({"status": {
    "pauseConditions": null, "controllerPause": false, "currentStepIndex": 2}})"));
}

TEST(PromotePatchesTest, WithoutThePauseOfTheControllerAnInconclusiveGateIsOnlyResumed) {
  Json rollout = Paused(ARolloutAtAGate(), "InconclusiveAnalysisRun");
  rollout["status"]["canary"] = {{"currentStepAnalysisRunStatus", {{"status", "Inconclusive"}}}};
  rollout["status"].erase("controllerPause");
  EXPECT_EQ(PromotePatches(rollout).status,
            Json::parse(R"({"status": {"pauseConditions": null}})"));
}

TEST(PromotePatchesTest, APauseOfTheSpecIsTakenBackToo) {
  Json rollout = ARolloutAtAGate();
  rollout["spec"]["paused"] = true;
  EXPECT_EQ(PromotePatches(rollout).spec, Json::parse(R"({"spec": {"paused": false}})"));
}

TEST(PromotePatchesTest, TheIndexNeverPassesTheEndOfTheSteps) {
  Json rollout = ARolloutAtAGate();
  rollout["status"]["currentStepIndex"] = 3;
  EXPECT_EQ(PromotePatches(rollout).status["status"]["currentStepIndex"], 4);
  rollout["status"]["currentStepIndex"] = 4;
  EXPECT_EQ(PromotePatches(rollout).status["status"]["currentStepIndex"], 4);
}

TEST(PromotePatchesTest, WithoutStepsThereIsNothingToSkip) {
  Json rollout = ARolloutAtAGate();
  rollout["spec"]["strategy"]["canary"].erase("steps");
  EXPECT_TRUE(PromotePatches(rollout).status.is_null());
}

TEST(PromoteFullPatchesTest, SkipsEverythingUnlessThereIsNothingToPromote) {
  Json rollout = ARolloutAtAGate();
  EXPECT_EQ(PromoteFullPatches(rollout).status, Json::parse(R"({"status":{"promoteFull":true}})"));
  EXPECT_TRUE(PromoteFullPatches(rollout).spec.is_null());
  rollout["status"]["stableRS"] = "canary";
  EXPECT_TRUE(PromoteFullPatches(rollout).status.is_null());
  rollout["spec"]["paused"] = true;
  EXPECT_EQ(PromoteFullPatches(rollout).spec, Json::parse(R"({"spec": {"paused": false}})"));
}

// --- Undoing (argo R76) -------------------------------------------------------------------------

Json AReplicaSetOf(const std::string& release, const std::string& revision,
                   const std::string& owner = "demo") {
  Json set = {{"metadata",
               {{"name", release},
                {"annotations", {{"rollout.argoproj.io/revision", revision}}},
                {"ownerReferences", {{{"kind", "Rollout"}, {"name", owner}}}}}}};
  set["spec"]["template"] = ARolloutAtAGate()["spec"]["template"];
  set["spec"]["template"]["metadata"]["labels"]["release-id"] = release;
  set["spec"]["template"]["metadata"]["labels"]["rollouts-pod-template-hash"] = "hash-" + release;
  set["spec"]["template"]["metadata"]["annotations"]["gate-drill/release"] = release;
  set["spec"]["template"]["spec"]["dnsPolicy"] = "ClusterFirst";
  return set;
}

TEST(UndoPatchTest, GoesBackToTheTemplateOfTheRevisionBefore) {
  const Json rollout = ARolloutAtAGate();
  const auto undo =
      UndoPatch(rollout, {AReplicaSetOf("shop-1.3.0", "9"), AReplicaSetOf("shop-1.5.0", "11"),
                          AReplicaSetOf("shop-1.4.0", "10"), AReplicaSetOf("other", "99", "web")});
  ASSERT_TRUE(undo) << undo.error().message;
  EXPECT_EQ(undo->revision, "10");
  EXPECT_EQ(undo->release, "shop-1.4.0");
  Json after = rollout;
  after.merge_patch(undo->patch);
  Json wanted = AReplicaSetOf("shop-1.4.0", "10")["spec"]["template"];
  wanted["metadata"]["labels"].erase("rollouts-pod-template-hash");
  EXPECT_EQ(after["spec"]["template"], wanted);
  after["spec"]["template"] = rollout["spec"]["template"];
  EXPECT_EQ(after, rollout);  // nothing else was touched
}

TEST(UndoPatchTest, RemovesWhatOnlyTheCurrentTemplateHas) {
  Json rollout = ARolloutAtAGate();
  rollout["spec"]["template"]["metadata"]["labels"]["extra"] = "1";
  const auto undo =
      UndoPatch(rollout, {AReplicaSetOf("shop-1.5.0", "2"), AReplicaSetOf("shop-1.4.0", "1")});
  ASSERT_TRUE(undo);
  rollout.merge_patch(undo->patch);
  EXPECT_FALSE(rollout["spec"]["template"]["metadata"]["labels"].contains("extra"));
}

TEST(UndoPatchTest, HasNothingToSendWhenTheTemplateIsThatOne) {
  Json rollout = ARolloutAtAGate();
  rollout["spec"]["template"]["spec"]["dnsPolicy"] = "ClusterFirst";
  const auto undo =
      UndoPatch(rollout, {AReplicaSetOf("shop-1.6.0", "3"), AReplicaSetOf("shop-1.5.0", "2")});
  ASSERT_TRUE(undo);
  EXPECT_TRUE(undo->patch.is_null());
}

TEST(UndoPatchTest, NeedsARevisionToGoBackTo) {
  const auto undo = UndoPatch(ARolloutAtAGate(), {AReplicaSetOf("shop-1.5.0", "1")});
  ASSERT_FALSE(undo);
  EXPECT_EQ(undo.error().code, gate::ErrorCode::kNotFound);
  EXPECT_THAT(undo.error().message, HasSubstr("no revision before"));
}

}  // namespace
}  // namespace drill
