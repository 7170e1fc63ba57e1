#include "harness/kind/stage_objects.h"

#include <array>
#include <chrono>
#include <optional>
#include <utility>

#include "gate/base/encoding.h"
#include "gate/base/time.h"
#include "harness/kind/rollout_shape.h"
#include "harness/runner/rollout_patches.h"
#include "mock-mc/behaviour/script.h"
#include "mock-mc/behaviour/signing_key.h"

namespace drill {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Json;
using gate::Result;

bool Always(const Scenario& /*scenario*/) { return true; }
bool AsJob(const Scenario& scenario) { return scenario.gate_mode == GateMode::kJob; }
bool Watched(const Scenario& scenario) { return scenario.prometheus; }
bool AsService(const Scenario& scenario) { return scenario.gate_mode == GateMode::kService; }

struct ObjectFile {
  const char* name;
  bool (*wanted)(const Scenario&);
};

// In the order of application: a Rollout whose AnalysisTemplate is missing is looked at again only
// after 20 s (argo R31), and pods that start before what they mount wait for the kubelet's retry.
constexpr std::array kObjectFiles{
    ObjectFile{"namespace.yaml", Always},
    ObjectFile{"gate-service-account.yaml", Always},
    ObjectFile{"gate-role.yaml", AsJob},
    ObjectFile{"gate-serve-role.yaml", AsService},
    ObjectFile{"gate-role-binding.yaml", Always},
    ObjectFile{"gate-helm-role.yaml", InstalledByHelm},
    ObjectFile{"gate-helm-role-binding.yaml", InstalledByHelm},
    ObjectFile{"gate-token.yaml", Always},
    ObjectFile{"gate-caller-token.yaml", AsService},
    ObjectFile{"gate-notify.yaml", AsService},
    ObjectFile{"gate-config.yaml", Always},
    ObjectFile{"mock-mc-script.yaml", Always},
    ObjectFile{"mock-mc-service.yaml", Always},
    ObjectFile{"mock-mc.yaml", Always},
    ObjectFile{"gate-serve-service.yaml", AsService},
    ObjectFile{"gate-serve.yaml", AsService},
    ObjectFile{"prometheus-config.yaml", Watched},
    ObjectFile{"prometheus-service.yaml", Watched},
    ObjectFile{"prometheus.yaml", Watched},
    ObjectFile{"analysis-template.yaml", AsJob},
    ObjectFile{"analysis-template-web.yaml", AsService},
    ObjectFile{"demo-script.yaml", Always},
    ObjectFile{"rollout.yaml", Always},
};

// From the gate's own end of holding to the Job's deadline: its start, the last attempt, recording.
constexpr gate::Nanos kJobMargin = std::chrono::seconds(30);
// From the gate's budget to the web metric's timeout: finding the AnalysisRun, and recording. A
// timeout is an Error, and five of them abort a good release (argo R36).
constexpr gate::Nanos kWebMargin = std::chrono::seconds(30);
// More than a server lets requests take that are under way when it is asked to stop.
constexpr gate::Nanos kServiceGrace = std::chrono::seconds(15);

std::int64_t WholeSecondsUp(gate::Nanos time) {
  return std::chrono::ceil<std::chrono::seconds>(time).count();
}

Result<Json> ReadYaml(gate::Files& files, const std::string& path) {
  auto text = files.Read(path);
  if (!text) return std::move(text).error();
  return RenderYaml(*text, path, {});
}

Result<gate::Nanos> DurationAt(const Json& config, const char* pointer, const std::string& path) {
  const std::string text = gate::JsonString(config, pointer);
  auto duration = gate::ParseDuration(text);
  if (!duration) {
    return Error{ErrorCode::kInvalidArgument, path + " with the scenario's settings: " + pointer +
                                                  ": " + duration.error().message};
  }
  return duration;
}

Result<std::int64_t> JobDeadlineSeconds(const Scenario& scenario, const Json& config,
                                        const std::string& path) {
  if (scenario.job_deadline) return WholeSecondsUp(*scenario.job_deadline);
  auto hold = DurationAt(config, "/timing/hold", path);
  if (!hold) return std::move(hold).error();
  auto budget = DurationAt(config, "/timing/budget", path);
  if (!budget) return std::move(budget).error();
  return WholeSecondsUp(*hold + *budget + kJobMargin);
}

Result<std::int64_t> WebTimeoutSeconds(const Json& config, const std::string& path) {
  auto budget = DurationAt(config, "/timing/budget", path);
  if (!budget) return std::move(budget).error();
  return WholeSecondsUp(*budget + kWebMargin);
}

// The drill's configuration of the gate with the scenario's settings.
Result<Json> GateConfig(gate::Files& files, const std::string& directory,
                        const Scenario& scenario) {
  auto config = ReadYaml(files, directory + "/gate.yaml");
  if (!config) return config;
  if (scenario.gate_mode == GateMode::kService) {
    auto serve = ReadYaml(files, directory + "/serve.yaml");
    if (!serve) return serve;
    config->merge_patch(*serve);
  }
  if (scenario.gate_config.is_object()) config->merge_patch(scenario.gate_config);
  return config;
}

// As JSON text with line breaks, which is YAML too and lets messages name a line.
std::string Text(const Json& value) { return value.dump(2) + "\n"; }

Json Keyring(const StageWorld& world) {
  return {
      {"apiVersion", "rollout-gate/keyring/v1"},
      {"keys",
       {{{"id", world.good.id}, {"algorithm", "ed25519"}, {"publicKey", world.good.public_pem}}}}};
}

Json ScriptKey(const SigningKeyPair& key) {
  return {{"id", key.id},
          {"algorithm", "ed25519"},
          {"privateKey", std::string(key.private_pem.Reveal())}};
}

// mock-mc as Slack and PagerDuty; what the scenario says about these paths comes first.
Json Receivers() {
  return Json::array(
      {{{"id", "slack"}, {"match", {{"path", "/slack/**"}}}, {"record", true}},
       {{"id", "pagerduty"}, {"match", {{"path", "/v2/**"}}}, {"record", true}, {"status", 202}}});
}

Json MockScript(const Scenario& scenario, const StageWorld& world) {
  Json script = {{"apiVersion", "mock-mc/v1"},
                 {"listen", {{"http", "0.0.0.0:8080"}, {"admin", "0.0.0.0:8081"}}},
                 {"token", {{"value", std::string(world.token.Reveal())}}},
                 {"keys", {ScriptKey(world.good), ScriptKey(world.rogue)}}};
  AddToMockScript(scenario.mc_script, scenario.gate_mode, script);
  return script;
}

// The text of mock-mc's script. Mistakes in the scenario's part are found here, where they can be
// told, and not by a pod that does not start.
Result<std::string> CheckedScript(const Scenario& scenario, const StageWorld& world) {
  std::string text = Text(MockScript(scenario, world));
  const mock_mc::FileReader no_files = [](const std::string& path) {
    return Result<std::string>(
        Error{ErrorCode::kNotFound, path + ": a drill has no files beside mock-mc's script"});
  };
  auto script = mock_mc::ReadScript(text, scenario.file + " (mock-mc's script)", no_files);
  if (!script) return std::move(script).error();
  return text;
}

Result<Placeholders> StagePlaceholders(gate::Files& files, const std::string& directory,
                                       const Scenario& scenario, const StageWorld& world) {
  const std::string config_path = directory + "/gate.yaml";
  auto config = GateConfig(files, directory, scenario);
  if (!config) return std::move(config).error();
  auto web_timeout = WebTimeoutSeconds(*config, config_path);
  if (!web_timeout) return std::move(web_timeout).error();
  auto job_deadline = JobDeadlineSeconds(scenario, *config, config_path);
  if (!job_deadline) return std::move(job_deadline).error();
  auto script = CheckedScript(scenario, world);
  if (!script) return std::move(script).error();
  Result<std::string> rules = std::string();
  if (scenario.prometheus) rules = files.Read(directory + "/../monitoring/rules.yaml");
  if (!rules) return std::move(rules).error();
  return Placeholders{
      {"NAMESPACE", world.ns},
      {"RUN", world.run},
      {"SCENARIO", gate::LowerCase(scenario.id)},
      {"STABLE_RELEASE", scenario.stable_release},
      {"REPLICAS", scenario.replicas},
      {"MAX_SURGE", IntOrString(scenario.max_surge)},
      {"MAX_UNAVAILABLE", IntOrString(scenario.max_unavailable)},
      {"GATE_IMAGE", scenario.gate_image ? world.gate_image : kMissingImage},
      {"SERVE_IMAGE", world.serve_image},
      {"MOCK_IMAGE", world.mock_image},
      {"DRY_RUN", scenario.dry_run},
      {"JOB_DEADLINE_SECONDS", *job_deadline},
      {"WEB_TIMEOUT_SECONDS", *web_timeout},
      // Helm is a large program.
      {"GATE_MEMORY", InstalledByHelm(scenario) ? "256Mi" : "128Mi"},
      {"GATE_GRACE_SECONDS", WholeSecondsUp(scenario.gate_grace.value_or(kServiceGrace))},
      {"GATE_CONFIG", Text(*config)},
      {"KEYRING", Text(Keyring(world))},
      {"TOKEN", std::string(world.token.Reveal())},
      {"CALLER_TOKEN", std::string(world.caller_token.Reveal())},
      {"MC_SCRIPT", *std::move(script)},
      {"PROMETHEUS_IMAGE", world.prometheus_image},
      {"ALERT_RULES", *std::move(rules)}};
}

}  // namespace

bool InstalledByHelm(const Scenario& scenario) {
  return scenario.gate_mode == GateMode::kService &&
         gate::JsonString(scenario.gate_config, "/watch/fallbackCommand").starts_with("helm ");
}

void AddToMockScript(const Json& part, GateMode mode, Json& script) {
  if (part.is_object()) script.merge_patch(part);
  if (mode != GateMode::kService) return;
  for (const Json& receiver : Receivers()) script["rules"].push_back(receiver);
}

Result<SigningKeyPair> KeyPairOf(const std::string& id, const gate::signing::SigningKey& key) {
  auto public_pem = key.PublicPem();
  if (!public_pem) return std::move(public_pem).error();
  auto private_pem = key.PrivatePem();
  if (!private_pem) return std::move(private_pem).error();
  return SigningKeyPair{id, *std::move(public_pem), gate::Secret(*std::move(private_pem))};
}

Result<std::vector<Manifest>> StageObjects(gate::Files& files, const std::string& directory,
                                           const Scenario& scenario, const StageWorld& world) {
  auto placeholders = StagePlaceholders(files, directory, scenario, world);
  if (!placeholders) return std::move(placeholders).error();
  std::vector<Manifest> manifests;
  for (const ObjectFile& file : kObjectFiles) {
    if (!file.wanted(scenario)) continue;
    const std::string path = directory + "/" + file.name;
    auto text = files.Read(path);
    if (!text) return std::move(text).error();
    auto manifest = RenderManifest(*text, path, *placeholders);
    if (!manifest) return std::move(manifest).error();
    if (manifest->ref.resource == gate::kube::kRollouts) {
      auto shaped = ShapeRollout(scenario.shape, manifest->object);
      if (!shaped) return std::move(shaped).error().Wrap(path);
    }
    manifests.push_back(*std::move(manifest));
  }
  return manifests;
}

std::vector<Manifest> PersonObjects(const std::string& person, const std::string& ns) {
  const std::string api = "rbac.authorization.k8s.io";
  const auto object = [&](const gate::KubeResource& resource, const char* kind, Json content) {
    content["apiVersion"] = resource.ApiVersion();
    content["kind"] = kind;
    content["metadata"] = {{"name", person}, {"namespace", ns}};
    return Manifest{{resource, ns, person}, std::move(content)};
  };
  const auto rule = [](const char* group, const char* resource, const Json& verbs) {
    return Json{{"apiGroups", Json::array({group})},
                {"resources", Json::array({resource})},
                {"verbs", verbs}};
  };
  const Json role = {{"rules", Json::array({rule("rollout-gate.io", "gateoverrides",
                                                 {"get", "list", "create", "delete"}),
                                            rule("argoproj.io", "rollouts", Json::array({"get"})),
                                            rule("", "events", Json::array({"create"}))})}};
  const Json binding = {
      {"roleRef", {{"apiGroup", api}, {"kind", "Role"}, {"name", person}}},
      {"subjects",
       Json::array({{{"kind", "ServiceAccount"}, {"name", person}, {"namespace", ns}}})}};
  return {object({"", "v1", "serviceaccounts"}, "ServiceAccount", Json::object()),
          object({api, "v1", "roles"}, "Role", role),
          object({api, "v1", "rolebindings"}, "RoleBinding", binding)};
}

}  // namespace drill
