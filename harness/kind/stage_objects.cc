#include "harness/kind/stage_objects.h"

#include <array>
#include <chrono>
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

// In the order of application: a Rollout whose AnalysisTemplate is missing is looked at again only
// after 20 s (argo R31), and pods that start before what they mount wait for the kubelet's retry.
constexpr std::array kObjectFiles{
    "namespace.yaml",  "gate-service-account.yaml", "gate-role.yaml",      "gate-role-binding.yaml",
    "gate-token.yaml", "gate-config.yaml",          "mock-mc-script.yaml", "mock-mc-service.yaml",
    "mock-mc.yaml",    "analysis-template.yaml",    "demo-script.yaml",    "rollout.yaml",
};

// From the gate's own end of holding to the Job's deadline: its start, the last attempt, recording.
constexpr gate::Nanos kJobMargin = std::chrono::seconds(30);

std::int64_t Seconds(gate::Nanos time) {
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
  if (scenario.job_deadline) return Seconds(*scenario.job_deadline);
  auto hold = DurationAt(config, "/timing/hold", path);
  if (!hold) return std::move(hold).error();
  auto budget = DurationAt(config, "/timing/budget", path);
  if (!budget) return std::move(budget).error();
  return Seconds(*hold + *budget + kJobMargin);
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

Json MockScript(const Scenario& scenario, const StageWorld& world) {
  Json script = {{"apiVersion", "mock-mc/v1"},
                 {"listen", {{"http", "0.0.0.0:8080"}, {"admin", "0.0.0.0:8081"}}},
                 {"token", {{"value", std::string(world.token.Reveal())}}},
                 {"keys", {ScriptKey(world.good), ScriptKey(world.rogue)}}};
  if (scenario.mc_script.is_object()) script.merge_patch(scenario.mc_script);
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
  auto config = ReadYaml(files, config_path);
  if (!config) return std::move(config).error();
  if (scenario.gate_config.is_object()) config->merge_patch(scenario.gate_config);
  auto job_deadline = JobDeadlineSeconds(scenario, *config, config_path);
  if (!job_deadline) return std::move(job_deadline).error();
  auto script = CheckedScript(scenario, world);
  if (!script) return std::move(script).error();
  return Placeholders{{"NAMESPACE", world.ns},
                      {"RUN", world.run},
                      {"SCENARIO", gate::LowerCase(scenario.id)},
                      {"STABLE_RELEASE", scenario.stable_release},
                      {"REPLICAS", scenario.replicas},
                      {"MAX_SURGE", IntOrString(scenario.max_surge)},
                      {"MAX_UNAVAILABLE", IntOrString(scenario.max_unavailable)},
                      {"GATE_IMAGE", scenario.gate_image ? world.gate_image : kMissingImage},
                      {"MOCK_IMAGE", world.mock_image},
                      {"DRY_RUN", scenario.dry_run},
                      {"JOB_DEADLINE_SECONDS", *job_deadline},
                      {"GATE_CONFIG", Text(*config)},
                      {"KEYRING", Text(Keyring(world))},
                      {"TOKEN", std::string(world.token.Reveal())},
                      {"MC_SCRIPT", *std::move(script)}};
}

}  // namespace

Result<SigningKeyPair> KeyPairOf(const std::string& id, const mock_mc::SigningKey& key) {
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
  for (const char* name : kObjectFiles) {
    const std::string path = directory + "/" + name;
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

}  // namespace drill
