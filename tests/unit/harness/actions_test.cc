#include "harness/runner/actions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "gate/base/digest.h"
#include "gate/base/encoding.h"
#include "tests/support/baton_runtime.h"
#include "tests/unit/harness/fake_backend.h"
#include "tests/unit/harness/objects.h"

namespace drill {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

// A stage of which only the API server and mock-mc are there; both write down what changes them.
class RecordingStage : public Stage {
 public:
  explicit RecordingStage(gate::Runtime& runtime) : cluster(runtime), runtime_(runtime) {
    cluster.on_change = [this](const std::string& request) { return Note(request); };
  }

  gate::Runtime& runtime() override { return runtime_; }
  gate::KubeApi& kube() override { return cluster; }
  const std::string& ns() const override { return ns_; }
  const std::string& rollout() const override { return rollout_; }
  gate::Result<void> Prepare(const Progress&, const gate::Deadline&) override { return {}; }
  gate::Result<void> CallMcAdmin(const std::string& method, const std::string& path,
                                 const Json& body, const gate::Deadline&) override {
    return Note(method + " mock-mc" + path + " " + body.dump());
  }
  gate::Result<gate::KubeApi*> KubeOf(const std::string& person,
                                      const gate::Deadline& deadline) override {
    if (!people.contains(person)) return Stage::KubeOf(person, deadline);
    return &cluster;
  }
  gate::Result<bool> DeployByInstaller(const Json& patch, const gate::Deadline& deadline) override {
    if (!has_installer) return Stage::DeployByInstaller(patch, deadline);
    auto noted = Note("install " + patch.dump());
    if (!noted) return std::move(noted).error();
    return true;
  }
  gate::Result<void> Inject(const Fault& fault, const gate::Deadline& deadline) override {
    if (!faults_are_possible) return Stage::Inject(fault, deadline);
    return Note("fault " + DescribeUntimed(fault));
  }
  gate::Result<Trace> Collect(const gate::Deadline&) override { return Trace(); }
  gate::Result<void> Remove(const gate::Deadline&) override { return {}; }

  FakeCluster cluster;
  std::vector<std::string> requests;
  bool faults_are_possible = true;
  bool has_installer = false;
  std::set<std::string> people;
  std::string fails_at;  // requests that hold this text are refused

 private:
  gate::Result<void> Note(const std::string& request) {
    requests.push_back(request);
    if (!fails_at.empty() && request.find(fails_at) != std::string::npos) {
      return Error{ErrorCode::kConflict, "somebody else changed it"};
    }
    return {};
  }

  gate::Runtime& runtime_;
  const std::string ns_ = "drill-1";
  const std::string rollout_ = "demo";
};

class ActionsTest : public testing::Test {
 protected:
  ActionsTest() { stage_.cluster.Put(gate::kube::kRollouts, ARollout({.step = 1})); }

  gate::Result<Actions::Done> Do(const Action& action) {
    return actions_.Do(action, {runtime_.Now() + std::chrono::seconds(1)});
  }
  Actions::Done MustDo(const Action& action) {
    auto done = Do(action);
    EXPECT_TRUE(done) << done.error().message;
    return done ? *std::move(done) : Actions::Done();
  }
  void PutSecret(const std::string& name, const std::string& key, const std::string& text) {
    stage_.cluster.Put(gate::kube::kSecrets, {{"metadata", {{"name", name}}},
                                              {"data", {{key, gate::Base64Encode(text)}}}});
  }

  test_support::BatonRuntime runtime_;
  RecordingStage stage_{runtime_};
  Actions actions_{stage_};
};

struct CommandCase {
  Command command;
  const char* request;
};

class CommandTest : public ActionsTest, public testing::WithParamInterface<CommandCase> {};

TEST_P(CommandTest, SendsWhatThePluginSends) {
  const auto done = MustDo(GetParam().command);
  EXPECT_THAT(stage_.requests, ElementsAre(GetParam().request));
  EXPECT_FALSE(done.deployed);
}

INSTANTIATE_TEST_SUITE_P(
    Commands, CommandTest,
    testing::Values(
        CommandCase{Command::kAbort, R"(patch rollouts/demo/status {"status":{"abort":true}})"},
        CommandCase{Command::kRetry, R"(patch rollouts/demo/status {"status":{"abort":false}})"},
        CommandCase{Command::kPause, R"(patch rollouts/demo {"spec":{"paused":true}})"},
        CommandCase{Command::kUnpause, R"(patch rollouts/demo {"spec":{"paused":false}})"},
        CommandCase{Command::kResume,
                    R"(patch rollouts/demo/status {"status":{"pauseConditions":null}})"},
        CommandCase{Command::kPromote, R"(patch rollouts/demo/status {"status":)"
                                       R"({"currentStepIndex":2,"pauseConditions":null}})"},
        CommandCase{Command::kPromoteFull,
                    R"(patch rollouts/demo/status {"status":{"promoteFull":true}})"}));

TEST_F(ActionsTest, PromotingAPausedSpecChangesStatusAndSpecInThisOrder) {
  Json rollout = ARollout({.step = 1});
  rollout["spec"]["paused"] = true;
  stage_.cluster.Put(gate::kube::kRollouts, rollout);
  MustDo(Command::kPromoteFull);
  EXPECT_THAT(stage_.requests,
              ElementsAre(R"(patch rollouts/demo/status {"status":{"promoteFull":true}})",
                          R"(patch rollouts/demo {"spec":{"paused":false}})"));
}

TEST_F(ActionsTest, APromotionWithNothingToPromoteIsDoneAndSaysSo) {
  stage_.cluster.Put(gate::kube::kRollouts, ARollout({.stable = "canary"}));
  EXPECT_EQ(MustDo(Command::kPromoteFull).detail, "nothing to do");
  EXPECT_THAT(stage_.requests, IsEmpty());
}

TEST_F(ActionsTest, ScalesTheRollout) {
  MustDo(Scale{7});
  EXPECT_THAT(stage_.requests, ElementsAre(R"(patch rollouts/demo {"spec":{"replicas":7}})"));
}

TEST_F(ActionsTest, ADeploymentSaysWhichReleaseItBegan) {
  const auto done = MustDo(Deploy{"shop-1.6.0"});
  EXPECT_EQ(done.deployed, "shop-1.6.0");
  ASSERT_THAT(stage_.requests, SizeIs(1));
  EXPECT_THAT(stage_.requests[0], HasSubstr("patch rollouts/demo {\"metadata\""));
}

TEST_F(ActionsTest, DeployingWhatIsThereAlreadyBeginsNothing) {
  Json rollout = ARollout({.release = "shop-1.6.0"});
  rollout["spec"]["template"]["metadata"] = {{"labels", {{"release-id", "shop-1.6.0"}}},
                                             {"annotations", {{kReleaseAnnotation, "shop-1.6.0"}}}};
  stage_.cluster.Put(gate::kube::kRollouts, rollout);
  EXPECT_FALSE(MustDo(Deploy{"shop-1.6.0"}).deployed);
}

TEST_F(ActionsTest, AnUndoSaysWhichReleaseItBegan) {
  for (const auto& [hash, revision] : {std::pair{"stable", "1"}, {"canary", "2"}}) {
    Json set = AReplicaSet({.hash = hash});
    set["metadata"]["annotations"]["rollout.argoproj.io/revision"] = revision;
    set["spec"]["template"]["metadata"]["labels"] = {{"release-id", hash},
                                                     {"rollouts-pod-template-hash", hash}};
    stage_.cluster.Put(gate::kube::kReplicaSets, set);
  }
  const auto done = MustDo(Command::kUndo);
  EXPECT_EQ(done.deployed, "stable");
  EXPECT_EQ(done.detail, "back to the template of revision 1");
  EXPECT_THAT(stage_.requests, ElementsAre(R"(patch rollouts/demo {"spec":{"template":)"
                                           R"({"metadata":{"labels":{"release-id":"stable"}}}}})"));
}

TEST_F(ActionsTest, EndsOnlyTheAnalysisThatIsGoingOn) {
  Json finished = AnAnalysisRun("Successful");
  finished["metadata"]["name"] = "demo-canary-2-3";
  Json foreign = AnAnalysisRun("Running");
  foreign["metadata"]["name"] = "other";
  foreign["metadata"]["ownerReferences"][0]["name"] = "web";
  for (const Json& run : {AnAnalysisRun("Running"), finished, foreign}) {
    stage_.cluster.Put(gate::kube::kAnalysisRuns, run);
  }
  EXPECT_EQ(MustDo(Command::kTerminateAnalysis).detail, "demo-canary-2-1");
  EXPECT_THAT(stage_.requests, ElementsAre(R"(patch analysisruns/demo-canary-2-1 )"
                                           R"({"spec":{"terminate":true}})"));
}

TEST_F(ActionsTest, WithoutAnAnalysisThereIsNoneToEnd) {
  const auto done = Do(Command::kTerminateAnalysis);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, "terminate-analysis: no AnalysisRun is going on");
}

TEST_F(ActionsTest, RestartsTheControllerByDeletingItsPods) {
  stage_.cluster.Put(gate::kube::kPods, {{"metadata", {{"name", "argo-rollouts-1"}}}});
  MustDo(Command::kRestartController);
  EXPECT_THAT(stage_.requests, ElementsAre("delete pods/argo-rollouts-1"));
}

TEST_F(ActionsTest, AControllerWithoutPodsCannotBeRestarted) {
  const auto done = Do(Command::kRestartController);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kNotFound);
}

TEST_F(ActionsTest, RestartsTheGateByDeletingItsPods) {
  stage_.cluster.Put(gate::kube::kPods, {{"metadata", {{"name", "rollout-gate-1"}}}});
  MustDo(Command::kRestartGate);
  EXPECT_THAT(stage_.requests, ElementsAre("delete pods/rollout-gate-1"));
}

TEST_F(ActionsTest, OverridesTheEvidenceOfAStageOrOfAll) {
  MustDo(OverrideEvidence{"shop-1.5.0", "50", false});
  MustDo(OverrideEvidence{"shop-1.5.0", "", true});
  EXPECT_THAT(stage_.requests,
              ElementsAre(R"(POST mock-mc/flip {"ok":false,"release":"shop-1.5.0","stage":"50"})",
                          R"(POST mock-mc/flip {"ok":true,"release":"shop-1.5.0"})"));
}

TEST_F(ActionsTest, OverridesTheGateInItsOwnNameForWhatIsDeployed) {
  stage_.cluster.Put(gate::kube::kRollouts, ARollout({.stable = "s1", .current = "c1", .step = 1}));
  OverrideGate word{.decision = OverrideGate::Decision::kApprove,
                    .stage = "20",
                    .reason = "MC is down, INC-4711"};
  const auto done = MustDo(word);
  EXPECT_THAT(done.detail, HasSubstr("by drill"));
  ASSERT_THAT(stage_.requests, SizeIs(1));
  EXPECT_THAT(stage_.requests[0],
              AllOf(HasSubstr("create gateoverrides"), HasSubstr(R"("actor":"drill")"),
                    HasSubstr(R"("decision":"approve")"), HasSubstr(R"("podHash":"c1")"),
                    HasSubstr(R"("releaseId":"shop-1.5.0")"), HasSubstr(R"("stage":"20")")));
  word.release = "shop-1.6.0";  // not deployed: must not count, and can be made all the same
  MustDo(word);
  ASSERT_THAT(stage_.requests, SizeIs(2));
  EXPECT_THAT(stage_.requests[1], HasSubstr(R"("releaseId":"shop-1.6.0")"));
  word.release.clear();
  word.stage = "70";
  const auto no_gate = Do(word);
  ASSERT_FALSE(no_gate);
  EXPECT_THAT(no_gate.error().message, HasSubstr("no gate at stage 70"));
}

TEST_F(ActionsTest, DeletesTheToken) {
  MustDo(Command::kDeleteToken);
  EXPECT_THAT(stage_.requests, ElementsAre("delete secrets/mc-token"));
}

TEST_F(ActionsTest, RotatesTheTokenOnBothSidesAndKeepsMcsRules) {
  PutSecret("mc-token", "token", "old");
  PutSecret("mock-mc", "script.yaml", R"({"rules":[{"id":"good"}],"token":{"value":"old"}})");
  const auto done = MustDo(Command::kRotateToken);
  const std::string token = gate::Sha256Hex("old");
  const Json script = {{"rules", {{{"id", "good"}}}}, {"token", {{"value", token}}}};
  ASSERT_THAT(stage_.requests, SizeIs(3));
  EXPECT_EQ(stage_.requests[0], "PUT mock-mc/script " + script.dump());
  EXPECT_THAT(stage_.requests[1], HasSubstr("patch secrets/mock-mc {\"data\":{\"script.yaml\":"));
  EXPECT_EQ(stage_.requests[2],
            "patch secrets/mc-token {\"data\":{\"token\":\"" + gate::Base64Encode(token) + "\"}}");
  EXPECT_THAT(done.detail, Not(HasSubstr(token)));
}

TEST_F(ActionsTest, ARotationThatMcRefusesLeavesTheSecretAlone) {
  PutSecret("mc-token", "token", "old");
  PutSecret("mock-mc", "script.yaml", "{}");
  stage_.fails_at = "PUT mock-mc";
  EXPECT_FALSE(Do(Command::kRotateToken));
  EXPECT_THAT(stage_.requests, SizeIs(1));
}

class KeyRotationTest : public ActionsTest {
 protected:
  KeyRotationTest() {
    PutSecret("mock-mc", "script.yaml",
              R"({"keys":[{"id":"mc-good","privateKey":"old"},{"id":"rogue"}],"rules":[]})");
    PutKeys({"mc-good"});
  }

  void PutKeys(const std::vector<std::string>& ids) {
    Json keys = Json::array();
    for (const std::string& id : ids) keys.push_back({{"id", id}});
    stage_.cluster.Put(gate::kube::kConfigMaps,
                       {{"metadata", {{"name", "rollout-gate"}}},
                        {"data", {{"keyring.yaml", Json{{"keys", keys}}.dump()}}}});
  }

  // The keyring that the last request wrote.
  Json Keyring() const {
    const std::string& request = stage_.requests.back();
    EXPECT_THAT(request, testing::StartsWith("patch configmaps/rollout-gate "));
    const Json patch = Json::parse(request.substr(request.find('{')));
    return Json::parse(gate::JsonString(patch, "/data/keyring.yaml"));
  }

  // What mock-mc was given first.
  Json Script() const {
    const std::string& request = stage_.requests.front();
    EXPECT_THAT(request, testing::StartsWith("PUT mock-mc/script "));
    return Json::parse(request.substr(request.find('{')));
  }
};

TEST_F(KeyRotationTest, AnnouncesTheKeyThatMcThenSignsWith) {
  MustDo(Command::kAnnounceKey);
  const Json keys = Keyring().at("keys");
  ASSERT_EQ(keys.size(), 2U);
  EXPECT_EQ(keys[0].at("id"), "mc-good");
  const std::string next = keys[1].at("id");
  EXPECT_THAT(gate::JsonString(keys[1], "/publicKey"), HasSubstr("BEGIN PUBLIC KEY"));
  stage_.requests.clear();
  EXPECT_EQ(MustDo(Command::kRotateKey).detail, "MC signs with " + next);
  const Json script = Script();
  EXPECT_EQ(script.at("keys")[0].at("id"), next);
  EXPECT_EQ(script.at("keys")[1].at("id"), "rogue");
  EXPECT_THAT(stage_.requests, SizeIs(2));  // and the Secret: the keyring stays as it is
}

TEST_F(KeyRotationTest, RetiresAllKeysButMcs) {
  PutKeys({"older", "mc-good"});
  MustDo(Command::kRetireKey);
  ASSERT_EQ(Keyring().at("keys").size(), 1U);
  EXPECT_EQ(Keyring().at("keys")[0].at("id"), "mc-good");
}

TEST_F(KeyRotationTest, DoesNotRetireEveryKey) {
  PutKeys({"older"});
  EXPECT_FALSE(Do(Command::kRetireKey));
  EXPECT_THAT(stage_.requests, IsEmpty());
}

TEST_F(ActionsTest, LimitsThePodsOfTheNamespaceAndLiftsThat) {
  MustDo(PodQuota{3});
  MustDo(Command::kLiftPodQuota);
  EXPECT_THAT(stage_.requests, ElementsAre(R"(create resourcequotas {"hard":{"pods":"3"}})",
                                           "delete resourcequotas/gate-drill"));
}

TEST_F(ActionsTest, DeploysThroughWhatHasInstalledTheRollout) {
  stage_.has_installer = true;
  EXPECT_EQ(MustDo(Deploy{"shop-1.6.0"}).deployed, "shop-1.6.0");
  ASSERT_THAT(stage_.requests, SizeIs(1));
  EXPECT_THAT(stage_.requests[0], testing::StartsWith("install {\"metadata\""));
}

TEST_F(ActionsTest, OverridesInTheNameOfSomebodyElse) {
  stage_.cluster.Put(gate::kube::kRollouts, ARollout({.stable = "s1", .current = "c1", .step = 1}));
  const OverrideGate word{.decision = OverrideGate::Decision::kApprove,
                          .stage = "20",
                          .by = "ann",
                          .reason = "MC is down, INC-4711"};
  EXPECT_FALSE(Do(word));
  stage_.people = {"ann"};
  MustDo(word);
  EXPECT_THAT(stage_.requests, ElementsAre(HasSubstr("create gateoverrides")));
}

TEST_F(ActionsTest, LetsAFaultHappen) {
  const auto done = MustDo(
      Fault{.kind = FaultKind::kApiLost, .length = std::chrono::seconds(5), .amount = kWholeShare});
  EXPECT_THAT(stage_.requests, ElementsAre("fault api.lost 100% for 5s"));
  EXPECT_EQ(done.detail, "api.lost 100% for 5s");
}

TEST_F(ActionsTest, AFaultThatTheStageCannotDoIsAnError) {
  stage_.faults_are_possible = false;
  const auto done = Do(Fault{.kind = FaultKind::kArgoRestart});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(done.error().message, "argo.restart: not possible on this backend");
}

TEST_F(ActionsTest, ARefusedRequestIsAnErrorThatNamesTheAction) {
  stage_.fails_at = "patch";
  const auto done = Do(Command::kAbort);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kConflict);
  EXPECT_EQ(done.error().message, "abort: somebody else changed it");
}

}  // namespace
}  // namespace drill
