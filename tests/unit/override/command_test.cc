// `rollout-gate override` and `resume`, run against the model of an API server as people with
// Roles.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "gate/cli/override_command.h"
#include "harness/sim/kube/sim_kube.h"
#include "harness/sim/world/fiber.h"
#include "harness/sim/world/sim_runtime.h"
#include "tests/unit/cli/fake_platform.h"

namespace gate::cli {
namespace {

using drill::sim::ApiServer;
using drill::sim::ApiWeather;
using drill::sim::Identity;
using drill::sim::Process;
using drill::sim::SimKube;
using drill::sim::SimRuntime;
using drill::sim::World;
using std::chrono::minutes;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Connection : public KubeConnection {
 public:
  explicit Connection(KubeApi& kube) : kube_(kube) {}
  KubeApi& api() override { return kube_; }
  const std::string& default_namespace() const override { return default_namespace_; }

 private:
  KubeApi& kube_;
  const std::string default_namespace_;
};

// Where a person's command runs.
class Terminal : public FakePlatform {
 public:
  Terminal(Runtime& runtime, KubeApi& kube) : runtime_(runtime), kube_(kube) {}
  Runtime& runtime() override { return runtime_; }
  Result<std::unique_ptr<KubeConnection>> Connect(const std::string& kubeconfig,
                                                  const std::string& /*context*/) override {
    if (kubeconfig == "missing") return Error{ErrorCode::kNotFound, "no such file"};
    return std::unique_ptr<KubeConnection>(std::make_unique<Connection>(kube_));
  }

 private:
  Runtime& runtime_;
  KubeApi& kube_;
};

class OverrideCommandTest : public ::testing::Test {
 protected:
  struct Said {
    int code = -1;
    std::vector<std::string> out;
    std::vector<std::string> err;
  };

  OverrideCommandTest() {
    As({}, [](KubeApi& kube, const Deadline& deadline) {
      const auto put = [&](const KubeResource& resource, const Json& object) {
        const std::string ns = resource == kube::kNamespaces ? "" : "shop";
        const auto created = kube.Create(resource, ns, object, deadline);
        ASSERT_TRUE(created) << created.error().message;
      };
      put(kube::kNamespaces,
          {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", "shop"}}}});
      const KubeResource roles{"rbac.authorization.k8s.io", "v1", "roles"};
      const KubeResource bindings{"rbac.authorization.k8s.io", "v1", "rolebindings"};
      // As in kind/override/roles.yaml.
      put(roles,
          {{"apiVersion", roles.ApiVersion()},
           {"kind", "Role"},
           {"metadata", {{"name", "on-call"}}},
           {"rules",
            {{{"apiGroups", {"rollout-gate.io"}},
              {"resources", {"gateoverrides"}},
              {"verbs", {"get", "list", "create", "delete"}}},
             {{"apiGroups", {"argoproj.io"}}, {"resources", {"rollouts"}}, {"verbs", {"get"}}},
             {{"apiGroups", {""}}, {"resources", {"events"}}, {"verbs", {"create"}}}}}});
      put(bindings, {{"apiVersion", bindings.ApiVersion()},
                     {"kind", "RoleBinding"},
                     {"metadata", {{"name", "on-call"}}},
                     {"roleRef", {{"kind", "Role"}, {"name", "on-call"}}},
                     {"subjects",
                      {{{"kind", "User"}, {"name", "ann"}}, {{"kind", "User"}, {"name", "bob"}}}}});
      const auto step = [](int weight) { return Json{{"setWeight", weight}}; };
      const Json gate = {{"analysis", {{"templates", {{{"templateName", "gate"}}}}}}};
      put(kube::kRollouts,
          {{"apiVersion", kube::kRollouts.ApiVersion()},
           {"kind", "Rollout"},
           {"metadata", {{"name", "demo"}, {"labels", {{"release-id", "shop-1.5.0"}}}}},
           {"spec",
            {{"replicas", 5},
             {"strategy", {{"canary", {{"steps", {step(20), gate, step(60)}}}}}}}}});
      const auto patched = kube.MergePatch({kube::kRollouts, "shop", "demo"},
                                           {{"status",
                                             {{"observedGeneration", "1"},
                                              {"currentPodHash", "abc123"},
                                              {"stableRS", "def456"},
                                              {"phase", "Progressing"}}}},
                                           KubeSubresource::kStatus, deadline);
      ASSERT_TRUE(patched) << patched.error().message;
    });
  }

  // Runs `body` as somebody.
  template <typename Body>
  void As(const Identity& who, Body body) {
    Process process(world_, "somebody");
    SimRuntime runtime(process);
    SimKube kube(process, server_, weather_, who, "test");
    const auto fiber = world_.fibers().Start(process, [&] {
      body(kube, Deadline{runtime.Now() + minutes(1), {}});
    });
    world_.Run(
        world_.Now() + minutes(10), [&] { return fiber->over; }, 100'000);
    ASSERT_TRUE(fiber->over);
  }

  void Wait(Nanos time) {
    Process process(world_, "nobody");
    SimRuntime runtime(process);
    const auto fiber = world_.fibers().Start(process, [&] {
      (void)runtime.Sleep({runtime.Now() + time, {}});
    });
    world_.Run(
        world_.Now() + 2 * time, [&] { return fiber->over; }, 1'000'000);
    ASSERT_TRUE(fiber->over);
  }

  Said Run(const std::string& user, const std::vector<std::string>& arguments) {
    Said said;
    As({"", "", user}, [&](KubeApi& kube, const Deadline&) {
      Process process(world_, "terminal");
      SimRuntime runtime(process);
      Terminal terminal(runtime, kube);
      said.code = RunOverride(arguments, "1.2.3", terminal);
      said.out = terminal.out().lines;
      said.err = terminal.err().lines;
    });
    return said;
  }

  static std::vector<std::string> Words(const std::string& verb,
                                        const std::vector<std::string>& more = {}) {
    std::vector<std::string> words = {verb, "--namespace=shop", "--rollout=demo", "--stage=20",
                                      "--reason=MC is down, INC-4711"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  static std::vector<std::string> WordsFor(const std::string& verb,
                                           std::vector<std::string> more = {}) {
    more.emplace_back("--release=shop-1.5.0");
    return Words(verb, more);
  }

  std::vector<Json> Stored(const KubeResource& resource) {
    std::vector<Json> items;
    As({}, [&](KubeApi& kube, const Deadline& deadline) {
      const auto list = kube.List(resource, "shop", {}, deadline);
      ASSERT_TRUE(list);
      items = list->items;
    });
    return items;
  }

  World world_{{.seed = 1}};
  ApiServer server_{world_};
  ApiWeather weather_;
};

TEST_F(OverrideCommandTest, AnApprovalIsMadeInTheNameOfWhoMakesItForWhatRunsNow) {
  const Said said = Run("ann", WordsFor("approve", {"--expires=1h"}));
  ASSERT_EQ(said.code, 0) << said.err.at(0);
  EXPECT_THAT(said.out, ElementsAre(AllOf(
                            HasSubstr("ann approves release shop-1.5.0 at stage 20 of shop/demo"),
                            HasSubstr("(1h left)"), HasSubstr("MC is down, INC-4711"))));
  const auto stored = Stored(kube::kGateOverrides);
  ASSERT_THAT(stored, SizeIs(1));
  EXPECT_EQ(stored[0].at("spec"), Json({{"rollout", "demo"},
                                        {"releaseId", "shop-1.5.0"},
                                        {"stage", "20"},
                                        {"podHash", "abc123"},
                                        {"decision", "approve"},
                                        {"actor", "ann"},
                                        {"reason", "MC is down, INC-4711"},
                                        {"validForSeconds", 3600}}));
}

TEST_F(OverrideCommandTest, ARepetitionIsRecognisedUntilItHasExpired) {
  ASSERT_EQ(Run("ann", WordsFor("approve")).code, 0);
  const std::string first = Stored(kube::kGateOverrides)[0].at("metadata").at("uid");
  const Said again = Run("ann", WordsFor("approve"));
  EXPECT_EQ(again.code, 0);
  EXPECT_THAT(again.out.at(0), HasSubstr("as before: ann approves"));
  EXPECT_EQ(Stored(kube::kGateOverrides)[0].at("metadata").at("uid"), first);

  Wait(minutes(31));
  const Said anew = Run("ann", WordsFor("approve"));
  EXPECT_EQ(anew.code, 0) << anew.err.at(0);
  const auto stored = Stored(kube::kGateOverrides);
  ASSERT_THAT(stored, SizeIs(1));
  EXPECT_NE(stored[0].at("metadata").at("uid"), first);
}

TEST_F(OverrideCommandTest, DifferentPeopleAndDecisionsStandBesideEachOther) {
  EXPECT_EQ(Run("ann", WordsFor("approve")).code, 0);
  EXPECT_EQ(Run("bob", WordsFor("approve")).code, 0);
  EXPECT_EQ(Run("bob", WordsFor("reject")).code, 0);
  EXPECT_EQ(Run("bob", WordsFor("approve", {"--over-refusal"})).code, 0);
  EXPECT_THAT(Stored(kube::kGateOverrides), SizeIs(4));
}

TEST_F(OverrideCommandTest, WhatIsNotDeployedCannotBeOverridden) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {Words("approve", {"--release=shop-1.6.0"}), "has the release \"shop-1.5.0\""},
      {{"approve", "--namespace=shop", "--rollout=demo", "--release=shop-1.5.0", "--stage=60",
        "--reason=MC is down, INC-4711"},
       "no gate at stage 60"},
      {{"approve", "--namespace=shop", "--rollout=other", "--release=shop-1.5.0", "--stage=20",
        "--reason=MC is down, INC-4711"},
       "reading Rollout shop/other"}};
  for (const auto& [words, message] : cases) {
    const Said said = Run("ann", words);
    EXPECT_EQ(said.code, 1);
    EXPECT_THAT(said.err, ElementsAre(HasSubstr(message)));
    EXPECT_THAT(said.out, IsEmpty());
  }
  EXPECT_THAT(Stored(kube::kGateOverrides), IsEmpty());
}

TEST_F(OverrideCommandTest, WhoMayNotIsToldWhichRoleItTakes) {
  for (const std::string verb : {"approve", "reject", "revoke"}) {
    const Said said = Run("eve", WordsFor(verb));
    EXPECT_EQ(said.code, 4);
    EXPECT_THAT(said.err, ElementsAre(HasSubstr("ClusterRole rollout-gate-override, bound")));
  }
  EXPECT_THAT(Run("eve", {"list", "-n", "shop"}).err,
              ElementsAre(HasSubstr("rollout-gate-override-read")));
  const Said resume = Run("ann", {"resume", "--namespace=shop", "--rollout=other"});
  EXPECT_EQ(resume.code, 1);
}

TEST_F(OverrideCommandTest, ARevocationTakesOnesOwnWordsAndLeavesAnEvent) {
  ASSERT_EQ(Run("ann", WordsFor("approve")).code, 0);
  ASSERT_EQ(Run("bob", WordsFor("approve")).code, 0);
  const Said said = Run("ann", WordsFor("revoke"));
  ASSERT_EQ(said.code, 0) << said.err.at(0);
  const auto left = Stored(kube::kGateOverrides);
  ASSERT_THAT(left, SizeIs(1));
  EXPECT_EQ(left[0].at("spec").at("actor"), "bob");
  const auto events = Stored(kube::kEvents);
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events[0].at("reason"), "EvidenceGateOverrideRevoked");
  EXPECT_THAT(events[0].at("message").get<std::string>(),
              AllOf(HasSubstr("ann revoked the approve of ann about release shop-1.5.0"),
                    HasSubstr("MC is down, INC-4711")));
  const Said nothing = Run("ann", WordsFor("revoke"));
  EXPECT_EQ(nothing.code, 1);
  EXPECT_THAT(nothing.err, ElementsAre(HasSubstr("ann said nothing about release shop-1.5.0")));
}

TEST_F(OverrideCommandTest, ByNameAnybodysIsRevoked) {
  ASSERT_EQ(Run("ann", WordsFor("approve")).code, 0);
  const std::string name = Stored(kube::kGateOverrides)[0].at("metadata").at("name");
  const Said said = Run("bob", {"revoke", "-n", "shop", "--rollout=demo", "--name=" + name,
                                "--reason=not what we agreed on"});
  EXPECT_EQ(said.code, 0);
  EXPECT_THAT(said.out, ElementsAre("revoked " + name));
  EXPECT_THAT(Stored(kube::kGateOverrides), IsEmpty());
}

TEST_F(OverrideCommandTest, ListsForPeopleAndForPrograms) {
  ASSERT_EQ(Run("ann", WordsFor("reject")).code, 0);
  const Said text = Run("bob", {"list", "-n", "shop"});
  EXPECT_THAT(text.out,
              ElementsAre(HasSubstr("NAME"), AllOf(HasSubstr("shop-1.5.0"), HasSubstr("reject"),
                                                   HasSubstr("ann"), HasSubstr(" left"))));
  const Said json = Run("bob", {"list", "-n", "shop", "--rollout=demo", "-o", "json"});
  ASSERT_THAT(json.out, SizeIs(1));
  const Json all = Json::parse(json.out[0]);
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].at("actor"), "ann");
  EXPECT_EQ(all[0].at("expired"), false);
}

TEST_F(OverrideCommandTest, AnAnswerThatIsLostIsNoHarmWhenRepeated) {
  weather_.down_until = world_.Now() + minutes(30);
  const Said lost = Run("ann", WordsFor("approve"));
  EXPECT_EQ(lost.code, 2);
  EXPECT_THAT(lost.err, ElementsAre(HasSubstr("repeat it")));
  Wait(minutes(31));
  EXPECT_EQ(Run("ann", WordsFor("approve")).code, 0);
}

TEST_F(OverrideCommandTest, ResumingWhatIsNotPausedChangesNothing) {
  const Json before = Stored(kube::kRollouts)[0];
  const Said said = Run("ann", {"resume", "--namespace=shop", "--rollout=demo"});
  EXPECT_EQ(said.code, 1);
  EXPECT_THAT(said.err, ElementsAre(HasSubstr("nothing to resume in Rollout shop/demo: it is not "
                                              "paused; its phase is Progressing")));
  EXPECT_EQ(Stored(kube::kRollouts)[0], before);
}

TEST_F(OverrideCommandTest, ResumingLeavesAnEventAndADryRunThePatch) {
  As({}, [](KubeApi& kube, const Deadline& deadline) {
    ASSERT_TRUE(kube.MergePatch(
        {kube::kRollouts, "shop", "demo"},
        {{"status", {{"pauseConditions", {{{"reason", "InconclusiveAnalysisRun"}}}}}}},
        KubeSubresource::kStatus, deadline));
  });
  const Said dry = Run("ann", {"resume", "-n", "shop", "--rollout=demo", "--dry-run"});
  EXPECT_EQ(dry.code, 0);
  EXPECT_THAT(dry.out, ElementsAre(HasSubstr("\"pauseConditions\":null")));

  const Said forbidden = Run("ann", {"resume", "-n", "shop", "--rollout=demo"});
  EXPECT_EQ(forbidden.code, 4);
  EXPECT_THAT(forbidden.err, ElementsAre(HasSubstr("ClusterRole rollout-gate-resume")));
  EXPECT_THAT(Stored(kube::kEvents), IsEmpty());

  const Said said =
      Run("", {"resume", "-n", "shop", "--rollout=demo", "--reason=MC is back, INC-4711"});
  ASSERT_EQ(said.code, 0) << said.err.at(0);
  EXPECT_FALSE(Stored(kube::kRollouts)[0].at("status").contains("pauseConditions"));
  const auto events = Stored(kube::kEvents);
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events[0].at("reason"), "EvidenceGateResumed");
  EXPECT_THAT(events[0].at("message").get<std::string>(),
              HasSubstr("kubernetes-admin has the gate asked again: MC is back"));
}

TEST_F(OverrideCommandTest, UsageErrorsSayWhatAndWhereToLook) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{}, "rollout-gate override --help"},
      {{"aprove"}, "rollout-gate override --help"},
      {{"approve"}, "--rollout is required"},
      {Words("approve"), "--release is required"},
      {WordsFor("approve", {"--expires=59s"}), "1m to 24h"},
      {WordsFor("approve", {"--expires=25h"}), "1m to 24h"},
      {WordsFor("approve", {"--expires=soon"}), "--expires"},
      {WordsFor("reject", {"--over-refusal"}), "--over-refusal"},
      {{"approve", "--rollout=demo", "--release=a", "--stage=20", "--reason=short"}, "reason"},
      {WordsFor("revoke", {"--name=x"}), "--name goes without"},
      {WordsFor("approve", {"--kubeconfig=missing"}), "no such file"},
      {{"list"}, "--namespace is needed"}};
  for (const auto& [words, message] : cases) {
    const Said said = Run("ann", words);
    EXPECT_EQ(said.code, 3) << message;
    EXPECT_THAT(said.err, ElementsAre(HasSubstr(message)));
  }
  const Said help = Run("ann", {"approve", "--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_THAT(help.out, ElementsAre(AllOf(HasSubstr("--over-refusal"), HasSubstr("Exit codes"))));
}

}  // namespace
}  // namespace gate::cli
