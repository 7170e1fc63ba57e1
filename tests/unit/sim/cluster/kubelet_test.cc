#include <gmock/gmock.h>

#include <algorithm>

#include "tests/unit/sim/cluster/lab.h"

namespace drill::sim {
namespace {

using gate::Json;
using gate::JsonInt;
using gate::JsonString;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr auto kIgnoresTerm = FakeRuntime::Behaviour::OnTerm::kIgnoresIt;

Json WithVolume(Json pod_spec, Json volume) {
  volume["name"] = "files";
  pod_spec["volumes"] = Json::array({std::move(volume)});
  pod_spec["containers"][0]["volumeMounts"] =
      Json::array({{{"name", "files"}, {"mountPath", "/etc/app"}}});
  return pod_spec;
}

Json WithEnv(Json pod_spec, Json env) {
  pod_spec["containers"][0]["env"] = std::move(env);
  return pod_spec;
}

// Seconds between the starts of containers, rounded down.
std::vector<std::int64_t> Gaps(const FakeRuntime& runtime) {
  std::vector<std::int64_t> gaps;
  for (std::size_t i = 1; i < runtime.started_at.size(); ++i) {
    gaps.push_back((runtime.started_at[i] - runtime.started_at[i - 1]) / seconds(1));
  }
  return gaps;
}

TEST(KubeletTest, BringsAPodFromPendingToReady) {
  Lab lab;
  lab.cluster.SlowPods(500);
  lab.Create(APod());
  lab.RunFor(milliseconds(2100));
  EXPECT_EQ(PhaseOf(*lab.Pod()), "Pending");
  EXPECT_EQ(WaitingReason(*lab.Pod()), "ContainerCreating");
  EXPECT_EQ(ConditionOf(*lab.Pod(), "PodScheduled")["status"], "True");
  EXPECT_EQ(ConditionOf(*lab.Pod(), "Ready")["status"], "False");
  EXPECT_EQ(ConditionOf(*lab.Pod(), "Ready")["reason"], "ContainersNotReady");
  lab.RunFor(seconds(5));
  EXPECT_EQ(PhaseOf(*lab.Pod()), "Running");
  for (const char* type : {"PodScheduled", "Initialized", "ContainersReady", "Ready"}) {
    EXPECT_EQ(ConditionOf(*lab.Pod(), type)["status"], "True") << type;
  }
  const Json& container = StatusOf(*lab.Pod())["containerStatuses"][0];
  EXPECT_EQ(container["ready"], true);
  EXPECT_EQ(container["restartCount"], 0);
  EXPECT_TRUE(container["state"].contains("running"));
}

TEST(KubeletTest, TakesOneToTwoSecondsForMostPodsAndNeverLonger) {
  Lab lab;
  lab.Create(AReplicaSet(100));
  lab.RunFor(milliseconds(500));
  EXPECT_EQ(lab.ReadyPods(), 0U);
  lab.RunFor(milliseconds(500));
  EXPECT_LT(lab.ReadyPods(), 50U);
  lab.RunFor(seconds(1));
  EXPECT_EQ(lab.ReadyPods(), 100U);
}

TEST(KubeletTest, TakesLongerWhenPodsAreSlow) {
  Lab lab;
  lab.cluster.SlowPods(3000);
  lab.Create(APod());
  lab.RunFor(seconds(10));
  EXPECT_EQ(PhaseOf(*lab.Pod()), "Pending");
  lab.RunFor(seconds(20));
  EXPECT_EQ(lab.ReadyPods(), 1U);
}

TEST(KubeletTest, IsReadyAtOnceWithoutAProbe) {
  Lab lab;
  lab.runtime.behaviours["app"].ready = false;
  Json spec = APodSpec();
  spec["containers"][0].erase("readinessProbe");
  lab.Create(APod(spec));
  lab.RunFor(seconds(4));
  EXPECT_EQ(lab.ReadyPods(), 1U);
}

TEST(KubeletTest, IsReadyOnlyWhenAllContainersAre) {
  Lab lab;
  lab.runtime.behaviours["side"].ready = false;
  Json spec = APodSpec();
  spec["containers"].push_back(APodSpec("side")["containers"][0]);
  spec["containers"][1]["name"] = "side";
  lab.Create(APod(spec));
  lab.RunFor(seconds(5));
  EXPECT_EQ(PhaseOf(*lab.Pod()), "Running");
  EXPECT_EQ(ConditionOf(*lab.Pod(), "Ready")["message"], "containers with unready status: [side]");
  lab.runtime.SetReady("side", true);
  lab.RunFor(seconds(1));
  EXPECT_EQ(lab.ReadyPods(), 1U);
}

TEST(KubeletTest, BecomesUnreadyAfterThreeProbesThatFail) {
  Lab lab;
  lab.Create(APod());
  lab.RunFor(seconds(5));
  lab.runtime.SetReady("app", false);
  lab.RunFor(seconds(2));
  EXPECT_EQ(lab.ReadyPods(), 1U);
  lab.RunFor(seconds(1));
  EXPECT_EQ(lab.ReadyPods(), 0U);
  lab.runtime.SetReady("app", true);
  lab.RunFor(seconds(1));
  EXPECT_EQ(lab.ReadyPods(), 1U);
}

TEST(KubeletTest, StaysReadyIfItIsUnreadyForTwoProbesOnly) {
  Lab lab;
  lab.Create(APod());
  lab.RunFor(seconds(5));
  lab.runtime.SetReady("app", false);
  lab.RunFor(seconds(2));
  lab.runtime.SetReady("app", true);
  lab.RunFor(seconds(10));
  EXPECT_EQ(lab.ReadyPods(), 1U);
}

TEST(KubeletTest, WaitsForAConfigMapThatItMounts) {
  Lab lab;
  lab.Create(APod(WithVolume(APodSpec(), {{"configMap", {{"name", "settings"}}}})));
  lab.RunFor(seconds(20));
  EXPECT_EQ(WaitingReason(*lab.Pod()), "ContainerCreating");
  EXPECT_THAT(lab.Events(), ElementsAre("FailedMount: MountVolume.SetUp failed for volume "
                                        "\"files\" : configmap \"settings\" not found"));
  lab.Create(AConfigMap("settings", {{"color", "blue"}}));
  lab.RunFor(seconds(40));
  EXPECT_EQ(lab.ReadyPods(), 1U);
  EXPECT_EQ(*lab.runtime.started.at(0).files->Read("/etc/app/color"), "blue");
}

TEST(KubeletTest, DoesNotWaitForAnOptionalSecret) {
  Lab lab;
  lab.Create(
      APod(WithVolume(APodSpec(), {{"secret", {{"secretName", "token"}, {"optional", true}}}})));
  lab.RunFor(seconds(4));
  EXPECT_EQ(lab.ReadyPods(), 1U);
  EXPECT_EQ(lab.runtime.started.at(0).files->Read("/etc/app/token").error().code,
            gate::ErrorCode::kNotFound);
}

TEST(KubeletTest, CannotConfigureAContainerWithoutItsSecret) {
  Lab lab;
  lab.Create(APod(WithEnv(
      APodSpec(),
      Json::array({{{"name", "TOKEN"},
                    {"valueFrom", {{"secretKeyRef", {{"name", "token"}, {"key", "t"}}}}}}}))));
  lab.RunFor(seconds(5));
  EXPECT_EQ(WaitingReason(*lab.Pod()), "CreateContainerConfigError");
  EXPECT_EQ(JsonString(StatusOf(*lab.Pod()), "/containerStatuses/0/state/waiting/message"),
            "secret \"token\" not found");
  EXPECT_TRUE(lab.HasEvent("Failed: Error: secret \"token\" not found"));
  lab.Create(ASecret("token", {{"other", "x"}}));
  lab.RunFor(seconds(16));
  EXPECT_EQ(JsonString(StatusOf(*lab.Pod()), "/containerStatuses/0/state/waiting/message"),
            "couldn't find key t in Secret shop/token");
  lab.PatchRest(Type::kSecret, "token", {{"stringData", {{"t", "s3cret"}}}});
  lab.RunFor(seconds(18));
  EXPECT_EQ(lab.ReadyPods(), 1U);
  EXPECT_EQ(lab.runtime.started.at(0).env.at("TOKEN"), "s3cret");
}

TEST(KubeletTest, ResolvesTheEnvironmentAndWhatRefersToIt) {
  Lab lab;
  lab.Create(AConfigMap("settings", {{"color", "blue"}}));
  Json spec = WithEnv(
      APodSpec(),
      Json::array(
          {{{"name", "PLAIN"}, {"value", "x"}},
           {{"name", "APP"},
            {"valueFrom", {{"fieldRef", {{"fieldPath", "metadata.labels['app']"}}}}}},
           {{"name", "NONE"},
            {"valueFrom", {{"fieldRef", {{"fieldPath", "metadata.labels['no']"}}}}}},
           {{"name", "POD"}, {"valueFrom", {{"fieldRef", {{"fieldPath", "metadata.name"}}}}}},
           {{"name", "COLOR"},
            {"valueFrom", {{"configMapKeyRef", {{"name", "settings"}, {"key", "color"}}}}}},
           {{"name", "BOTH"}, {"value", "$(PLAIN)-$(COLOR)-$(GHOST)-$$(PLAIN)"}}}));
  spec["containers"][0]["envFrom"] =
      Json::array({{{"prefix", "S_"}, {"configMapRef", {{"name", "settings"}}}}});
  spec["containers"][0]["command"] = {"run"};
  spec["containers"][0]["args"] = {"--pod=$(POD)", "--cost=5$"};
  lab.Create(APod(spec));
  lab.RunFor(seconds(2));
  ASSERT_THAT(lab.runtime.started, SizeIs(1));
  const ContainerSpec& started = lab.runtime.started[0];
  EXPECT_EQ(started.env,
            (std::map<std::string, std::string>{{"PLAIN", "x"},
                                                {"APP", "demo"},
                                                {"NONE", ""},
                                                {"POD", "single"},
                                                {"COLOR", "blue"},
                                                {"S_color", "blue"},
                                                {"BOTH", "x-blue-$(GHOST)-$(PLAIN)"}}));
  EXPECT_THAT(started.command, ElementsAre("run"));
  EXPECT_THAT(started.args, ElementsAre("--pod=single", "--cost=5$"));
}

TEST(KubeletTest, BacksOffFromAnImageThatIsMissing) {
  Lab lab;
  lab.Create(APod(APodSpec("missing")));
  lab.RunFor(milliseconds(1500));
  EXPECT_EQ(WaitingReason(*lab.Pod()), "ErrImagePull");
  EXPECT_THAT(JsonString(StatusOf(*lab.Pod()), "/containerStatuses/0/state/waiting/message"),
              HasSubstr("missing: not found"));
  lab.RunFor(seconds(6));
  EXPECT_EQ(WaitingReason(*lab.Pod()), "ImagePullBackOff");
  EXPECT_EQ(PhaseOf(*lab.Pod()), "Pending");
  EXPECT_TRUE(lab.HasEvent("Failed: Failed to pull image \"missing\""));
  EXPECT_TRUE(lab.HasEvent("BackOff: Back-off pulling image \"missing\""));
}

TEST(KubeletTest, StartsWhenTheImageCanBePulledAgain) {
  Lab lab;
  lab.cluster.FailImage("ap");
  lab.Create(APod());
  lab.RunFor(seconds(25));  // attempts at about 1, 11, 31, 71 seconds
  lab.cluster.HealImage("ap");
  lab.RunFor(seconds(5));
  EXPECT_THAT(lab.runtime.started, IsEmpty());
  lab.RunFor(seconds(5));
  EXPECT_EQ(lab.ReadyPods(), 1U);
}

TEST(KubeletTest, RestartsACrashingContainerAfterLongerAndLongerWaits) {
  Lab lab;
  lab.runtime.behaviours["app"] = {.ends_after = milliseconds(1), .exit_code = 3};
  lab.Create(APod());
  lab.RunFor(seconds(5));
  EXPECT_EQ(WaitingReason(*lab.Pod()), "CrashLoopBackOff");
  EXPECT_EQ(PhaseOf(*lab.Pod()), "Running");
  const Json& container = StatusOf(*lab.Pod())["containerStatuses"][0];
  EXPECT_EQ(container["lastState"]["terminated"]["exitCode"], 3);
  EXPECT_EQ(container["restartCount"], 1);
  EXPECT_THAT(container["state"]["waiting"]["message"].get<std::string>(),
              HasSubstr("back-off 10s restarting failed container=main pod=single_shop("));
  EXPECT_TRUE(lab.HasEvent("BackOff: Back-off restarting failed container main in pod single"));
  lab.RunFor(seconds(1200));
  const auto gaps = Gaps(lab.runtime);
  EXPECT_THAT(gaps, ElementsAre(0, 10, 20, 40, 80, 160, 300, 300));
  EXPECT_EQ(lab.pods_created, 1);
}

TEST(KubeletTest, LeavesAFinishedPodThatMayNotBeRestarted) {
  Lab lab;
  lab.runtime.behaviours["app"] = {.ends_after = seconds(1), .exit_code = 3};
  Json spec = APodSpec();
  spec["restartPolicy"] = "Never";
  lab.Create(APod(spec));
  lab.RunFor(seconds(60));
  EXPECT_EQ(PhaseOf(*lab.Pod()), "Failed");
  const Json& terminated = StatusOf(*lab.Pod())["containerStatuses"][0]["state"]["terminated"];
  EXPECT_EQ(terminated["exitCode"], 3);
  EXPECT_EQ(terminated["reason"], "Error");
  EXPECT_EQ(ConditionOf(*lab.Pod(), "Ready")["status"], "False");
  EXPECT_THAT(lab.runtime.started, SizeIs(1));
}

TEST(KubeletTest, RestartsOnFailureUntilTheContainerSucceeds) {
  Lab lab;
  lab.runtime.behaviours["app"] = {.ends_after = seconds(1), .exit_code = 3};
  Json spec = APodSpec();
  spec["restartPolicy"] = "OnFailure";
  lab.Create(APod(spec));
  lab.RunFor(seconds(10));
  EXPECT_EQ(PhaseOf(*lab.Pod()), "Running");
  lab.runtime.behaviours["app"].exit_code = 0;
  lab.RunFor(seconds(30));
  EXPECT_EQ(PhaseOf(*lab.Pod()), "Succeeded");
  EXPECT_EQ(StatusOf(*lab.Pod())["containerStatuses"][0]["state"]["terminated"]["reason"],
            "Completed");
}

TEST(KubeletTest, RemovesADeletedPodSoonAfterItsContainerEnded) {
  Lab lab;
  lab.Create(APod());
  lab.RunFor(seconds(5));
  lab.Delete(Type::kPod, "single");
  EXPECT_EQ(lab.ReadyPods(), 1U);  // but marked
  EXPECT_TRUE(lab.Pod()->meta.deleted.has_value());
  lab.RunFor(seconds(2));
  EXPECT_THAT(lab.Pods(), IsEmpty());
  EXPECT_EQ(lab.runtime.running, 0);
}

TEST(KubeletTest, KillsAStubbornContainerAfterTheGracePeriod) {
  Lab lab;
  lab.runtime.behaviours["app"].on_term = kIgnoresTerm;
  lab.Create(APod());
  lab.RunFor(seconds(5));
  int exit_code = -1;
  lab.server.Listen(Type::kPod, [&](const Change& change) {
    exit_code = static_cast<int>(
        JsonInt(StatusOf(*change.after), "/containerStatuses/0/state/terminated/exitCode", -1));
  });
  lab.Delete(Type::kPod, "single");
  lab.RunFor(milliseconds(4900));
  EXPECT_EQ(lab.runtime.running, 1);
  lab.RunFor(milliseconds(200));
  EXPECT_EQ(lab.runtime.running, 0);
  EXPECT_THAT(lab.Pods(), SizeIs(1));
  lab.RunFor(seconds(2));
  EXPECT_THAT(lab.Pods(), IsEmpty());
  EXPECT_EQ(exit_code, 137);
}

TEST(KubeletTest, KillsAtOnceWhatIsRemovedWithoutGrace) {
  Lab lab;
  lab.runtime.behaviours["app"].on_term = kIgnoresTerm;
  lab.Create(APod());
  lab.RunFor(seconds(5));
  ASSERT_TRUE(lab.server.Delete("test", Type::kPod, "shop", "single", 0));
  lab.RunFor(milliseconds(100));
  EXPECT_EQ(lab.runtime.running, 0);
}

TEST(KubeletTest, RemovesAPodThatNeverStarted) {
  Lab lab;
  lab.Create(APod(APodSpec("missing")));
  lab.RunFor(seconds(5));
  lab.Delete(Type::kPod, "single");
  lab.RunFor(seconds(2));
  EXPECT_THAT(lab.Pods(), IsEmpty());
}

TEST(KubeletTest, RemovesAFinishedPodThatIsDeleted) {
  Lab lab;
  lab.runtime.behaviours["app"] = {.ends_after = seconds(1)};
  Json spec = APodSpec();
  spec["restartPolicy"] = "Never";
  lab.Create(APod(spec));
  lab.RunFor(seconds(10));
  lab.Delete(Type::kPod, "single");
  lab.RunFor(seconds(2));
  EXPECT_THAT(lab.Pods(), IsEmpty());
}

TEST(KubeletTest, CrashesPodsAgainAndAgainUntilTheyAreHealed) {
  Lab lab;
  const PodSelector selector{"shop", {{"app", "demo"}}};
  lab.Create(AReplicaSet(2));
  lab.RunFor(seconds(5));
  lab.cluster.CrashPods(selector);
  lab.RunFor(seconds(10));
  EXPECT_EQ(lab.ReadyPods(), 0U);
  for (const ObjectPtr& pod : lab.Pods()) EXPECT_EQ(WaitingReason(*pod), "CrashLoopBackOff");
  lab.cluster.HealPods(selector);
  lab.RunFor(seconds(30));
  EXPECT_EQ(lab.ReadyPods(), 2U);
  EXPECT_EQ(lab.pods_created, 2);
}

TEST(KubeletTest, CrashesOnlyThePodsThatAreMeant) {
  Lab lab;
  lab.Create(AReplicaSet(2));
  lab.RunFor(seconds(5));
  lab.cluster.CrashPods({"", {{"app", "other"}}});
  lab.cluster.CrashPods({"other", {{"app", "demo"}}});
  lab.RunFor(seconds(10));
  EXPECT_EQ(lab.ReadyPods(), 2U);
}

TEST(KubeletTest, RestartsAKilledPodOnce) {
  Lab lab;
  lab.Create(APod());
  lab.RunFor(seconds(5));
  lab.cluster.KillPods({"", {{"app", "demo"}}}, 137);
  lab.RunFor(seconds(5));
  EXPECT_EQ(lab.ReadyPods(), 1U);
  const Json& container = StatusOf(*lab.Pod())["containerStatuses"][0];
  EXPECT_EQ(container["restartCount"], 1);
  EXPECT_EQ(container["lastState"]["terminated"]["exitCode"], 137);
}

TEST(ExpandVariablesTest, LeavesWhatItDoesNotKnow) {
  const std::map<std::string, std::string> env{{"A", "1"}, {"EMPTY", ""}};
  EXPECT_EQ(ExpandVariables("", env), "");
  EXPECT_EQ(ExpandVariables("$(A)$(EMPTY)$(A)", env), "11");
  EXPECT_EQ(ExpandVariables("$(B) $A $ $(A", env), "$(B) $A $ $(A");
  EXPECT_EQ(ExpandVariables("$$(A) $$$(A)", env), "$(A) $1");
}

}  // namespace
}  // namespace drill::sim
