#include "harness/kind/stage_objects.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "gate/adapters/system_files.h"
#include "harness/runner/rollout_patches.h"
#include "mock-mc/behaviour/signing_key.h"

namespace drill {
namespace {

using gate::Json;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

Scenario AScenario() {
  Scenario scenario;
  scenario.id = "GATE-099";
  scenario.stable_release = "shop-1.4.0";
  scenario.canary_release = "shop-1.5.0";
  scenario.gate_config = Json::object();
  scenario.mc_script = {{"rules", {{{"id", "good"}, {"evidence", {{"ok", true}}}}}}};
  return scenario;
}

SigningKeyPair AKey(const std::string& id) {
  auto key = mock_mc::SigningKey::Generate(mock_mc::Algorithm::kEd25519);
  return {id, *key->PublicPem(), gate::Secret(*key->PrivatePem())};
}

StageWorld AWorld() {
  return {"drill-gate-099-aa", "run1",        "gate:tag",
          "serve:tag",         "mock:tag",    gate::Secret("the-token"),
          AKey("mc-good"),     AKey("rogue"), gate::Secret("the-caller")};
}

Scenario AServiceScenario() {
  Scenario scenario = AScenario();
  scenario.gate_mode = GateMode::kService;
  return scenario;
}

// What the real manifests of kind/scenario/ become.
class StageObjectsTest : public testing::Test {
 protected:
  std::vector<Manifest> Render(const Scenario& scenario) {
    auto objects = StageObjects(files_, KIND_FOLDER "/scenario", scenario, world_);
    EXPECT_TRUE(objects) << objects.error().message;
    return objects ? *std::move(objects) : std::vector<Manifest>();
  }

  static const Json& Object(const std::vector<Manifest>& objects, const std::string& kind,
                            const std::string& name) {
    const auto found = std::find_if(objects.begin(), objects.end(), [&](const Manifest& each) {
      return each.ref.name == name && gate::JsonString(each.object, "/kind") == kind;
    });
    EXPECT_NE(found, objects.end()) << kind << " " << name;
    return found->object;
  }

  static Json JobSpec(const std::vector<Manifest>& objects) {
    return Object(objects, "AnalysisTemplate", "evidence-gate")
        .at(Json::json_pointer("/spec/metrics/0/provider/job/spec"));
  }

  static Json GateConfig(const std::vector<Manifest>& objects) {
    const std::string text =
        gate::JsonString(Object(objects, "ConfigMap", "rollout-gate"), "/data/gate.yaml");
    auto config = gate::ParseStrictJson(text);
    EXPECT_TRUE(config);
    return config ? *std::move(config) : Json();
  }

  const StageWorld world_ = AWorld();
  gate::SystemFiles files_;
};

TEST_F(StageObjectsTest, EverythingLiesInTheStagesOwnNamespace) {
  for (const Manifest& each : Render(AScenario())) {
    const bool is_namespace = each.ref.resource == gate::kube::kNamespaces;
    EXPECT_EQ(is_namespace ? each.ref.name : each.ref.ns, "drill-gate-099-aa");
  }
}

TEST_F(StageObjectsTest, TheNamespaceComesFirstAndTheRolloutLast) {
  const auto objects = Render(AScenario());
  EXPECT_EQ(objects.front().ref.resource, gate::kube::kNamespaces);
  EXPECT_EQ(objects.back().ref.resource, gate::kube::kRollouts);
  EXPECT_EQ(
      gate::JsonString(objects.front().object, "/metadata/labels/app.kubernetes.io~1managed-by"),
      "gate-drill");
}

TEST_F(StageObjectsTest, SecretsAreInSecretsAndNowhereElse) {
  for (const Scenario& scenario : {AScenario(), AServiceScenario()}) {
    for (const Manifest& each : Render(scenario)) {
      if (each.ref.resource == gate::kube::kSecrets) continue;
      const std::string text = each.object.dump();
      EXPECT_THAT(text, Not(HasSubstr("the-token"))) << each.ref.name;
      EXPECT_THAT(text, Not(HasSubstr("the-caller"))) << each.ref.name;
      EXPECT_THAT(text, Not(HasSubstr("PRIVATE KEY"))) << each.ref.name;
    }
  }
}

TEST_F(StageObjectsTest, WhoIsNotAServiceHasNoCaller) {
  for (const Manifest& each : Render(AScenario())) {
    EXPECT_THAT(each.object.dump(), Not(HasSubstr("the-caller"))) << each.ref.name;
    EXPECT_FALSE(each.ref.resource == gate::kube::kDeployments && each.ref.name == kGateName);
  }
}

TEST_F(StageObjectsTest, TheServiceShowsArgoWhatItExpects) {
  const auto objects = Render(AServiceScenario());
  EXPECT_EQ(gate::JsonString(Object(objects, "Secret", "rollout-gate-caller"), "/stringData/token"),
            "the-caller");
  const Json arg =
      Object(objects, "AnalysisTemplate", "evidence-gate").at(Json::json_pointer("/spec/args/3"));
  EXPECT_EQ(arg.at("valueFrom").at("secretKeyRef"),
            (Json{{"name", "rollout-gate-caller"}, {"key", "token"}}));
  EXPECT_EQ(GateConfig(objects).at("serve").at("callerTokenFile"), "/var/run/secrets/caller/token");
}

TEST_F(StageObjectsTest, ArgoWaitsLongerThanTheServiceTakes) {
  Scenario scenario = AServiceScenario();
  scenario.gate_config = {{"timing", {{"budget", "7500ms"}}}};
  const Json::json_pointer timeout("/spec/metrics/0/provider/web/timeoutSeconds");
  EXPECT_EQ(Object(Render(scenario), "AnalysisTemplate", "evidence-gate").at(timeout), 38);
}

TEST_F(StageObjectsTest, TheServicesPodMayTakeAsLongToEndAsTheScenarioSays) {
  Scenario scenario = AServiceScenario();
  const Json::json_pointer grace("/spec/template/spec/terminationGracePeriodSeconds");
  EXPECT_EQ(Object(Render(scenario), "Deployment", kGateName).at(grace), 15);
  scenario.gate_grace = std::chrono::seconds(1);
  EXPECT_EQ(Object(Render(scenario), "Deployment", kGateName).at(grace), 1);
}

// Helm keeps its releases in Secrets, which no other gate may read.
TEST_F(StageObjectsTest, OnlyAGateThatRollsBackByHelmMayReadSecretsAndHasRoomForHelm) {
  Scenario scenario = AServiceScenario();
  const auto may_read_secrets = [&] {
    const auto objects = Render(scenario);
    return std::any_of(objects.begin(), objects.end(), [](const Manifest& each) {
      return each.object.dump().find(R"("resources":["secrets"])") != std::string::npos;
    });
  };
  const auto memory = [&] {
    return gate::JsonString(Object(Render(scenario), "Deployment", kGateName),
                            "/spec/template/spec/containers/0/resources/limits/memory");
  };
  EXPECT_FALSE(InstalledByHelm(scenario));
  EXPECT_FALSE(may_read_secrets());
  EXPECT_EQ(memory(), "128Mi");
  scenario.gate_config = {{"watch", {{"fallbackCommand", "helm rollback {rollout}"}}}};
  EXPECT_TRUE(InstalledByHelm(scenario));
  EXPECT_TRUE(may_read_secrets());
  EXPECT_EQ(memory(), "256Mi");
  scenario.gate_mode = GateMode::kJob;
  EXPECT_FALSE(InstalledByHelm(scenario));
}

TEST_F(StageObjectsTest, APrometheusHasTheRulesThatShip) {
  Scenario scenario = AServiceScenario();
  const auto about_it = [&] {
    const auto objects = Render(scenario);
    return std::count_if(objects.begin(), objects.end(),
                         [](const Manifest& each) { return each.ref.name == kPrometheusName; });
  };
  EXPECT_EQ(about_it(), 0);
  scenario.prometheus = true;
  EXPECT_EQ(about_it(), 3);
  const auto objects = Render(scenario);
  const Json& config = Object(objects, "ConfigMap", kPrometheusName);
  EXPECT_THAT(gate::JsonString(config, "/data/rules.yaml"),
              HasSubstr("alert: RolloutGateConsecutiveFailures"));
}

TEST_F(StageObjectsTest, APersonHasTheRightsThatTheProjectGivesWhoOverrides) {
  const auto objects = PersonObjects("ann", "drill-1");
  for (const Manifest& each : objects) {
    EXPECT_EQ(each.ref.ns, "drill-1");
    EXPECT_EQ(each.ref.name, "ann");
  }
  const std::string path = KIND_FOLDER "/override/roles.yaml";
  gate::Files& files = files_;
  const std::string roles = files.Read(path).value();
  const auto given = RenderYaml(roles.substr(0, roles.find("\n---\n")), path, {});
  ASSERT_TRUE(given) << given.error().message;
  EXPECT_EQ(gate::JsonString(*given, "/metadata/name"), "rollout-gate-override");
  EXPECT_EQ(Object(objects, "Role", "ann").at("rules"), given->at("rules"));
}

// What it watches it may read; a list cannot be limited to names.
TEST_F(StageObjectsTest, TheServiceMayWriteItsOwnConfigMapsOnly) {
  const Json role = Object(Render(AServiceScenario()), "Role", "rollout-gate");
  for (const Json& rule : role.at("rules")) {
    for (const Json& verb : rule.at("verbs")) {
      EXPECT_THAT((std::vector<std::string>{"get", "list", "watch", "create", "patch"}),
                  Contains(verb));
    }
    if (rule.at("resources") != Json::array({"configmaps"})) continue;
    const bool unlimited = rule.at("verbs") == Json::array({"create"}) ||
                           rule.at("verbs") == Json::array({"list", "watch"});
    EXPECT_TRUE(unlimited || rule.at("resourceNames") ==
                                 Json::array({"rollout-gate-demo", "rollout-gate-outbox"}));
  }
}

TEST_F(StageObjectsTest, TheGateTrustsTheGoodKeyOnly) {
  const auto objects = Render(AScenario());
  const std::string keyring =
      gate::JsonString(Object(objects, "ConfigMap", "rollout-gate"), "/data/keyring.yaml");
  const auto parsed = gate::ParseStrictJson(keyring);
  ASSERT_TRUE(parsed);
  ASSERT_EQ(parsed->at("keys").size(), 1U);
  EXPECT_EQ(parsed->at("keys").at(0).at("id"), "mc-good");
  EXPECT_EQ(parsed->at("keys").at(0).at("publicKey"), world_.good.public_pem);
}

TEST_F(StageObjectsTest, TheScenariosSettingsAreMergedOverTheDrillsGateConfiguration) {
  Scenario scenario = AScenario();
  const Json before = GateConfig(Render(scenario));
  scenario.gate_config = {{"timing", {{"hold", "15s"}}}, {"policy", {{"untrusted", nullptr}}}};
  const Json after = GateConfig(Render(scenario));
  EXPECT_EQ(after.at("timing").at("hold"), "15s");
  EXPECT_EQ(after.at("timing").at("budget"), before.at("timing").at("budget"));
  EXPECT_EQ(after.at("mc"), before.at("mc"));
  EXPECT_FALSE(after.at("policy").contains("untrusted"));
}

TEST_F(StageObjectsTest, TheJobLivesLongerThanTheGateHolds) {
  Scenario scenario = AScenario();
  scenario.gate_config = {{"timing", {{"hold", "200s"}, {"budget", "7500ms"}}}};
  EXPECT_EQ(JobSpec(Render(scenario)).at("activeDeadlineSeconds"), 238);
}

TEST_F(StageObjectsTest, TheScenariosJobDeadlineIsTakenAsItIs) {
  Scenario scenario = AScenario();
  scenario.job_deadline = std::chrono::seconds(20);
  EXPECT_EQ(JobSpec(Render(scenario)).at("activeDeadlineSeconds"), 20);
}

TEST_F(StageObjectsTest, TheGatesImageCanBeMissing) {
  Scenario scenario = AScenario();
  const Json::json_pointer image("/template/spec/containers/0/image");
  EXPECT_EQ(JobSpec(Render(scenario)).at(image), "gate:tag");
  scenario.gate_image = false;
  EXPECT_EQ(JobSpec(Render(scenario)).at(image), kMissingImage);
}

TEST_F(StageObjectsTest, TheRolloutHasTheScenariosShape) {
  Scenario scenario = AScenario();
  scenario.shape.steps = {{CanaryStep::Kind::kSetWeight, 30, {}, ""},
                          {CanaryStep::Kind::kGate, 0, {}, "30"}};
  scenario.shape.background = {"bg", 0};
  const auto objects = Render(scenario);
  const Json& rollout = Object(objects, "Rollout", "demo");
  const Json canary = rollout.at(Json::json_pointer("/spec/strategy/canary"));
  ASSERT_EQ(canary.at("steps").size(), 2U);
  EXPECT_EQ(canary.at("steps")[0].at("setWeight"), 30);
  EXPECT_EQ(canary.at("steps")[1].at(Json::json_pointer("/analysis/args/1/value")), "30");
  EXPECT_EQ(canary.at(Json::json_pointer("/analysis/args/1/value")), "bg");
}

TEST_F(StageObjectsTest, TheRolloutKeepsTheImageOfGoodReleases) {
  EXPECT_EQ(gate::JsonString(Object(Render(AScenario()), "Rollout", "demo"),
                             "/metadata/annotations/gate-drill~1image"),
            "mock:tag");
}

TEST_F(StageObjectsTest, AHoldThatIsNoDurationIsAMistake) {
  Scenario scenario = AScenario();
  scenario.gate_config = {{"timing", {{"hold", "soon"}}}};
  const auto objects = StageObjects(files_, KIND_FOLDER "/scenario", scenario, world_);
  ASSERT_FALSE(objects);
  EXPECT_EQ(objects.error().code, gate::ErrorCode::kInvalidArgument);
  EXPECT_THAT(objects.error().message, HasSubstr("/timing/hold"));
}

TEST_F(StageObjectsTest, TheJobRunsOnceAndIsKeptForItsLog) {
  const Json spec = JobSpec(Render(AScenario()));
  EXPECT_EQ(spec.at("backoffLimit"), 0);
  EXPECT_EQ(spec.at("ttlSecondsAfterFinished"), 300);
  EXPECT_EQ(spec.at("template").at("spec").at("restartPolicy"), "Never");
}

TEST_F(StageObjectsTest, AnEmptyReleaseIdStaysAnArgument) {
  const Json spec = JobSpec(Render(AScenario()));
  EXPECT_THAT(spec.at(Json::json_pointer("/template/spec/containers/0/args"))
                  .get<std::vector<std::string>>(),
              Contains("--release-id={{args.release-id}}"));
}

TEST_F(StageObjectsTest, DryRunIsPassedToTheGate) {
  Scenario scenario = AScenario();
  const Json::json_pointer args("/template/spec/containers/0/args");
  EXPECT_THAT(JobSpec(Render(scenario)).at(args).get<std::vector<std::string>>(),
              Contains("--dry-run=false"));
  scenario.dry_run = true;
  EXPECT_THAT(JobSpec(Render(scenario)).at(args).get<std::vector<std::string>>(),
              Contains("--dry-run=true"));
}

TEST_F(StageObjectsTest, TheGateMayTouchItsOwnConfigMapOnly) {
  const Json role = Object(Render(AScenario()), "Role", "rollout-gate");
  for (const Json& rule : role.at("rules")) {
    if (rule.at("resources") == Json::array({"gateoverrides"})) {
      EXPECT_EQ(rule.at("verbs"), Json::array({"list"}));
      continue;
    }
    for (const Json& verb : rule.at("verbs")) {
      EXPECT_THAT((std::vector<std::string>{"get", "create", "patch"}), Contains(verb));
    }
    if (rule.at("resources") != Json::array({"configmaps"})) continue;
    const bool only_create = rule.at("verbs") == Json::array({"create"});
    EXPECT_TRUE(only_create || rule.at("resourceNames") == Json::array({"rollout-gate-demo"}));
  }
}

TEST_F(StageObjectsTest, MockMcGetsTheScenariosRulesBothKeysAndTheToken) {
  const Json secret = Object(Render(AScenario()), "Secret", "mock-mc");
  auto script = gate::ParseStrictJson(gate::JsonString(secret, "/stringData/script.yaml"));
  ASSERT_TRUE(script);
  EXPECT_EQ(script->at("rules").at(0).at("id"), "good");
  EXPECT_EQ(script->at("token").at("value"), "the-token");
  EXPECT_EQ(script->at("keys").at(0).at("privateKey"),
            std::string(world_.good.private_pem.Reveal()));
  EXPECT_EQ(script->at("keys").at(1).at("id"), "rogue");
}

TEST_F(StageObjectsTest, AMistakeInTheScenariosScriptIsFoundBeforeAnythingIsApplied) {
  Scenario scenario = AScenario();
  scenario.file = "gate-099.yaml";
  scenario.mc_script["rules"][0]["evidense"] = true;
  const auto objects = StageObjects(files_, KIND_FOLDER "/scenario", scenario, world_);
  ASSERT_FALSE(objects);
  EXPECT_EQ(objects.error().code, gate::ErrorCode::kInvalidArgument);
  EXPECT_THAT(objects.error().message, HasSubstr("gate-099.yaml (mock-mc's script):"));
  EXPECT_THAT(objects.error().message, HasSubstr("evidense"));
  EXPECT_THAT(objects.error().message, Not(HasSubstr("PRIVATE KEY")));
}

TEST_F(StageObjectsTest, AmountsBecomeNumbersOrPercentages) {
  Scenario scenario = AScenario();
  scenario.max_surge = "2";
  scenario.max_unavailable = "30%";
  const Json canary =
      Object(Render(scenario), "Rollout", "demo").at(Json::json_pointer("/spec/strategy/canary"));
  EXPECT_EQ(canary.at("maxSurge"), 2);
  EXPECT_EQ(canary.at("maxUnavailable"), "30%");
}

}  // namespace
}  // namespace drill
