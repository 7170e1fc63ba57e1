#include "harness/runner/actions.h"

#include <utility>
#include <variant>

#include "gate/base/check.h"
#include "gate/base/digest.h"
#include "gate/base/encoding.h"
#include "gate/override/desk.h"
#include "gate/override/object.h"
#include "gate/signing/signing_key.h"
#include "harness/trace/rollout_view.h"

namespace drill {
namespace {

using gate::Deadline;
using gate::Error;
using gate::ErrorCode;
using gate::Json;
using gate::JsonString;
using gate::KubeSubresource;
using gate::Result;

// As in kind/scenario.
constexpr const char* kTokenSecret = "mc-token";
constexpr const char* kTokenPointer = "/data/token";
constexpr const char* kScriptSecret = "mock-mc";
constexpr const char* kScriptPointer = "/data/script.yaml";
constexpr const char* kGateConfigMap = "rollout-gate";
constexpr const char* kKeyringPointer = "/data/keyring.yaml";

// As in the manifests of Argo Rollouts.
constexpr const char* kControllerSelector = "app.kubernetes.io/name=argo-rollouts";
// As in kind/scenario.
constexpr const char* kGateSelector = "app=rollout-gate";

const gate::KubeResource kResourceQuotas{"", "v1", "resourcequotas"};
constexpr const char* kQuotaName = "gate-drill";

bool IsCompleted(const Json& analysis_run) {
  const std::string phase = JsonString(analysis_run, "/status/phase");
  return phase == "Successful" || phase == "Failed" || phase == "Error" || phase == "Inconclusive";
}

Result<std::string> ReadSecretKey(gate::KubeApi& kube, const gate::KubeRef& ref,
                                  const char* pointer, const Deadline& deadline) {
  auto secret = kube.Get(ref, deadline);
  if (!secret) return std::move(secret).error();
  auto text = gate::Base64Decode(JsonString(*secret, pointer));
  if (!text) return std::move(text).error().Wrap("reading Secret " + ref.name);
  return text;
}

// A key of MC's for both sides: in mock-mc's script, and in the gate's keyring.
struct NextKey {
  std::string id;
  Json for_script;
  Json for_keyring;
};

// The key that follows the one that MC signs with, which is the first of its script. Nobody can
// guess it who does not have that one, and the same run makes the same.
Result<NextKey> KeyAfter(const Json& script) {
  const std::string old_key = JsonString(script, "/keys/0/privateKey");
  if (old_key.empty()) {
    return Error{ErrorCode::kInvalidArgument, "mock-mc's script holds no private key to follow"};
  }
  const auto key = gate::signing::SigningKey::FromEd25519Bytes(gate::Sha256(old_key));
  if (!key) return key.error();
  auto public_pem = key->PublicPem();
  if (!public_pem) return std::move(public_pem).error();
  const auto private_pem = key->PrivatePem();
  if (!private_pem) return private_pem.error();
  constexpr std::size_t kIdDigits = 8;
  NextKey next{.id = "mc-" + gate::Sha256Hex(*public_pem).substr(0, kIdDigits),
               .for_script = {},
               .for_keyring = {}};
  next.for_script = {
      {"id", next.id}, {"algorithm", "ed25519"}, {"privateKey", std::string(*private_pem)}};
  next.for_keyring = {{"id", next.id}, {"algorithm", "ed25519"}, {"publicKey", *public_pem}};
  return next;
}

}  // namespace

Result<Actions::Done> Actions::Do(const Action& action, const Deadline& deadline) {
  auto done = std::visit([&](const auto& each) { return Run(each, deadline); }, action);
  if (!done) return std::move(done).error().Wrap(Describe(action));
  return done;
}

Result<Actions::Done> Actions::Run(Command command, const Deadline& deadline) {
  switch (command) {
    case Command::kAbort:
      return PatchStatus({{"status", {{"abort", true}}}}, deadline);
    case Command::kRetry:
      return PatchStatus({{"status", {{"abort", false}}}}, deadline);
    case Command::kPause:
      return PatchSpec({{"spec", {{"paused", true}}}}, deadline);
    case Command::kUnpause:
      return PatchSpec({{"spec", {{"paused", false}}}}, deadline);
    case Command::kResume:
      return PatchStatus({{"status", {{"pauseConditions", nullptr}}}}, deadline);
    case Command::kPromote:
    case Command::kPromoteFull: {
      auto rollout = ReadRollout(deadline);
      if (!rollout) return std::move(rollout).error();
      return PatchBoth(
          command == Command::kPromote ? PromotePatches(*rollout) : PromoteFullPatches(*rollout),
          deadline);
    }
    case Command::kUndo:
      return UndoRollout(deadline);
    case Command::kTerminateAnalysis:
      return TerminateAnalysis(deadline);
    case Command::kRestartController:
      return DeletePods("", kControllerSelector, "the controller has no pod", deadline);
    case Command::kRestartGate:
      return DeletePods(stage_.ns(), kGateSelector, "the gate has no pod", deadline);
    case Command::kDeleteToken:
      return DeleteToken(deadline);
    case Command::kRotateToken:
      return RotateToken(deadline);
    case Command::kAnnounceKey:
      return AnnounceKey(deadline);
    case Command::kRotateKey:
      return RotateKey(deadline);
    case Command::kRetireKey:
      return RetireKey(deadline);
    case Command::kLiftPodQuota:
      return LiftPodQuota(deadline);
  }
  GATE_CHECK(false);
}

Result<Actions::Done> Actions::Run(const Deploy& deploy, const Deadline& deadline) {
  auto rollout = ReadRollout(deadline);
  if (!rollout) return std::move(rollout).error();
  const Json patch = DeployPatch(*rollout, deploy);
  const auto by_installer = stage_.DeployByInstaller(patch, deadline);
  if (!by_installer) return by_installer.error();
  if (!*by_installer) {
    if (auto patched = PatchSpec(patch, deadline); !patched) return patched;
  }
  Json after = *rollout;
  after.merge_patch(patch);
  if (after == *rollout) return Done{"nothing to do", std::nullopt};
  return Done{Describe(deploy), deploy.release};
}

Result<Actions::Done> Actions::Run(const Scale& scale, const Deadline& deadline) {
  return PatchSpec({{"spec", {{"replicas", scale.replicas}}}}, deadline);
}

Result<Actions::Done> Actions::Run(const PodQuota& quota, const Deadline& deadline) {
  const Json object = {{"apiVersion", kResourceQuotas.ApiVersion()},
                       {"kind", "ResourceQuota"},
                       {"metadata", {{"name", kQuotaName}, {"namespace", stage_.ns()}}},
                       {"spec", {{"hard", {{"pods", std::to_string(quota.pods)}}}}}};
  auto made = stage_.kube().Create(kResourceQuotas, stage_.ns(), object, deadline);
  if (!made) return std::move(made).error();
  return Done{std::string("ResourceQuota ") + kQuotaName, std::nullopt};
}

Result<Actions::Done> Actions::LiftPodQuota(const Deadline& deadline) {
  auto deleted = stage_.kube().Delete({kResourceQuotas, stage_.ns(), kQuotaName}, deadline);
  if (!deleted) return std::move(deleted).error();
  return Done{std::string("ResourceQuota ") + kQuotaName, std::nullopt};
}

Result<Actions::Done> Actions::Run(const OverrideEvidence& evidence, const Deadline& deadline) {
  Json body = {{"release", evidence.release}, {"ok", evidence.ok}};
  if (!evidence.stage.empty()) body["stage"] = evidence.stage;
  auto called = stage_.CallMcAdmin("POST", "/flip", body, deadline);
  if (!called) return std::move(called).error();
  return Done{Describe(evidence), std::nullopt};
}

// As `rollout-gate override` does it. For another release than the deployed one that refuses, and
// the object is made without it, as by kubectl.
Result<Actions::Done> Actions::Run(const OverrideGate& word, const Deadline& deadline) {
  auto rollout = ReadRollout(deadline);
  if (!rollout) return std::move(rollout).error();
  auto person = KubeOf(word.by, deadline);
  if (!person) return std::move(person).error();
  gate::KubeApi& kube = **person;
  const gate::override::Word said{.ns = stage_.ns(),
                                  .rollout = stage_.rollout(),
                                  .release = JsonString(*rollout, "/metadata/labels/release-id"),
                                  .stage = word.stage,
                                  .decision = word.decision == OverrideGate::Decision::kApprove
                                                  ? gate::decide::OverrideDecision::kApprove
                                                  : gate::decide::OverrideDecision::kReject,
                                  .over_refusal = word.over_refusal,
                                  .reason = word.reason,
                                  .valid_for = word.expires};
  if (word.release.empty()) {
    auto filed = gate::override::File(kube, said, stage_.runtime().WallNow(), deadline);
    if (!filed) return std::move(filed).error();
    return Done{Describe(Action(word)) + " by " + filed->one.actor, std::nullopt};
  }
  auto one = gate::override::Draft(said, *rollout);
  if (!one) return std::move(one).error();
  auto actor = gate::override::WhoAmI(kube, deadline);
  if (!actor) return std::move(actor).error();
  one->actor = *std::move(actor);
  one->subject.release_id = word.release;
  auto made = kube.Create(gate::kube::kGateOverrides, stage_.ns(),
                          gate::override::OverrideObject(*one), deadline);
  if (!made) return std::move(made).error();
  return Done{Describe(Action(word)) + " by " + one->actor, std::nullopt};
}

Result<Actions::Done> Actions::Run(const Fault& fault, const Deadline& deadline) {
  auto injected = stage_.Inject(fault, deadline);
  if (!injected) return std::move(injected).error();
  return Done{Describe(Action(fault)), std::nullopt};
}

Result<Actions::Done> Actions::UndoRollout(const Deadline& deadline) {
  auto rollout = ReadRollout(deadline);
  if (!rollout) return std::move(rollout).error();
  auto sets = stage_.kube().List(gate::kube::kReplicaSets, stage_.ns(), {}, deadline);
  if (!sets) return std::move(sets).error();
  auto undo = UndoPatch(*rollout, sets->items);
  if (!undo) return std::move(undo).error();
  const std::string where = "revision " + undo->revision;
  if (undo->patch.is_null()) return Done{"the template is that of " + where, std::nullopt};
  auto patched = PatchSpec(undo->patch, deadline);
  if (!patched) return patched;
  return Done{"back to the template of " + where, undo->release};
}

Result<Actions::Done> Actions::TerminateAnalysis(const Deadline& deadline) {
  auto runs = stage_.kube().List(gate::kube::kAnalysisRuns, stage_.ns(), {}, deadline);
  if (!runs) return std::move(runs).error();
  std::string names;
  for (const Json& run : runs->items) {
    if (IsCompleted(run) || !IsOwnedBy(run, "Rollout", stage_.rollout())) continue;
    const std::string name = JsonString(run, "/metadata/name");
    auto patched = stage_.kube().MergePatch({gate::kube::kAnalysisRuns, stage_.ns(), name},
                                            {{"spec", {{"terminate", true}}}},
                                            KubeSubresource::kNone, deadline);
    if (!patched) return std::move(patched).error();
    names += (names.empty() ? "" : ", ") + name;
  }
  if (names.empty()) return Error{ErrorCode::kNotFound, "no AnalysisRun is going on"};
  return Done{names, std::nullopt};
}

Result<Actions::Done> Actions::DeletePods(const std::string& ns, const std::string& labels,
                                          const char* missing, const Deadline& deadline) {
  auto pods = stage_.kube().List(gate::kube::kPods, ns, {labels, ""}, deadline);
  if (!pods) return std::move(pods).error();
  std::string names;
  for (const Json& pod : pods->items) {
    const std::string name = JsonString(pod, "/metadata/name");
    auto deleted = stage_.kube().Delete(
        {gate::kube::kPods, JsonString(pod, "/metadata/namespace"), name}, deadline);
    if (!deleted) return std::move(deleted).error();
    names += (names.empty() ? "" : ", ") + name;
  }
  if (names.empty()) return Error{ErrorCode::kNotFound, missing};
  return Done{names, std::nullopt};
}

Result<Actions::Done> Actions::DeleteToken(const Deadline& deadline) {
  auto deleted = stage_.kube().Delete({gate::kube::kSecrets, stage_.ns(), kTokenSecret}, deadline);
  if (!deleted) return std::move(deleted).error();
  return Done{std::string("Secret ") + kTokenSecret, std::nullopt};
}

Result<Json> Actions::ReadScript(const Deadline& deadline) {
  auto text = ReadSecretKey(stage_.kube(), {gate::kube::kSecrets, stage_.ns(), kScriptSecret},
                            kScriptPointer, deadline);
  if (!text) return std::move(text).error();
  auto script = gate::ParseStrictJson(*text);
  if (!script) return std::move(script).error().Wrap("reading mock-mc's script");
  return script;
}

// In the Secret, too: for what comes after, and for a mock-mc that is started again.
Result<void> Actions::ReplaceScript(const Json& script, const Deadline& deadline) {
  auto called = stage_.CallMcAdmin("PUT", "/script", script, deadline);
  if (!called) return called;
  const Json data = {{"script.yaml", gate::Base64Encode(script.dump(2) + "\n")}};
  auto kept = stage_.kube().MergePatch({gate::kube::kSecrets, stage_.ns(), kScriptSecret},
                                       {{"data", data}}, KubeSubresource::kNone, deadline);
  if (!kept) return std::move(kept).error();
  return {};
}

// MC takes the new token from the very moment; its counters begin anew with its script.
Result<Actions::Done> Actions::RotateToken(const Deadline& deadline) {
  gate::KubeApi& kube = stage_.kube();
  const gate::KubeRef token_ref{gate::kube::kSecrets, stage_.ns(), kTokenSecret};
  auto old_token = ReadSecretKey(kube, token_ref, kTokenPointer, deadline);
  if (!old_token) return std::move(old_token).error();
  auto script = ReadScript(deadline);
  if (!script) return std::move(script).error();
  // Nobody can guess it who does not know the old one, and the same run makes the same.
  const std::string token = gate::Sha256Hex(*old_token);
  (*script)["token"] = {{"value", token}};
  auto replaced = ReplaceScript(*script, deadline);
  if (!replaced) return std::move(replaced).error();
  auto rotated = kube.MergePatch(token_ref, {{"data", {{"token", gate::Base64Encode(token)}}}},
                                 KubeSubresource::kNone, deadline);
  if (!rotated) return std::move(rotated).error();
  return Done{std::string("Secret ") + kTokenSecret, std::nullopt};
}

Result<Actions::Done> Actions::AnnounceKey(const Deadline& deadline) {
  const auto script = ReadScript(deadline);
  if (!script) return script.error();
  const auto next = KeyAfter(*script);
  if (!next) return next.error();
  auto keys = ReadKeys(deadline);
  if (!keys) return std::move(keys).error();
  keys->push_back(next->for_keyring);
  auto written = WriteKeys(*keys, deadline);
  if (!written) return std::move(written).error();
  return Done{"the keyring holds " + next->id + ", too", std::nullopt};
}

Result<Actions::Done> Actions::RotateKey(const Deadline& deadline) {
  auto script = ReadScript(deadline);
  if (!script) return std::move(script).error();
  const auto next = KeyAfter(*script);
  if (!next) return next.error();
  (*script)["keys"][0] = next->for_script;
  auto replaced = ReplaceScript(*script, deadline);
  if (!replaced) return std::move(replaced).error();
  return Done{"MC signs with " + next->id, std::nullopt};
}

Result<Actions::Done> Actions::RetireKey(const Deadline& deadline) {
  const auto script = ReadScript(deadline);
  if (!script) return script.error();
  const std::string id = JsonString(*script, "/keys/0/id");
  const auto keys = ReadKeys(deadline);
  if (!keys) return keys.error();
  Json left = Json::array();
  for (const Json& key : *keys) {
    if (JsonString(key, "/id") == id) left.push_back(key);
  }
  if (left.empty()) return Error{ErrorCode::kNotFound, "the keyring does not hold " + id};
  auto written = WriteKeys(left, deadline);
  if (!written) return std::move(written).error();
  return Done{"the keyring holds nothing but " + id, std::nullopt};
}

Result<Json> Actions::ReadKeys(const Deadline& deadline) {
  auto config = stage_.kube().Get({gate::kube::kConfigMaps, stage_.ns(), kGateConfigMap}, deadline);
  if (!config) return config;
  auto keyring = gate::ParseStrictJson(JsonString(*config, kKeyringPointer));
  if (!keyring) return std::move(keyring).error().Wrap("reading the keyring");
  return gate::JsonArray(*keyring, "/keys");
}

Result<void> Actions::WriteKeys(const Json& keys, const Deadline& deadline) {
  const Json keyring = {{"apiVersion", "rollout-gate/keyring/v1"}, {"keys", keys}};
  const Json data = {{"keyring.yaml", keyring.dump(2) + "\n"}};
  auto patched = stage_.kube().MergePatch({gate::kube::kConfigMaps, stage_.ns(), kGateConfigMap},
                                          {{"data", data}}, KubeSubresource::kNone, deadline);
  if (!patched) return std::move(patched).error();
  return {};
}

Result<gate::KubeApi*> Actions::KubeOf(const std::string& person, const Deadline& deadline) {
  if (person.empty()) return &stage_.kube();
  return stage_.KubeOf(person, deadline);
}

gate::KubeRef Actions::Rollout() const {
  return {gate::kube::kRollouts, stage_.ns(), stage_.rollout()};
}

Result<Json> Actions::ReadRollout(const Deadline& deadline) {
  return stage_.kube().Get(Rollout(), deadline);
}

Result<Actions::Done> Actions::PatchSpec(const Json& patch, const Deadline& deadline) {
  return PatchBoth({patch, nullptr}, deadline);
}

Result<Actions::Done> Actions::PatchStatus(const Json& patch, const Deadline& deadline) {
  return PatchBoth({nullptr, patch}, deadline);
}

// The status first, as the plugin does it.
Result<Actions::Done> Actions::PatchBoth(const RolloutPatches& patches, const Deadline& deadline) {
  std::string detail;
  if (!patches.status.is_null()) {
    auto patched =
        stage_.kube().MergePatch(Rollout(), patches.status, KubeSubresource::kStatus, deadline);
    if (!patched) return std::move(patched).error();
    detail = patches.status.dump();
  }
  if (!patches.spec.is_null()) {
    auto patched =
        stage_.kube().MergePatch(Rollout(), patches.spec, KubeSubresource::kNone, deadline);
    if (!patched) return std::move(patched).error();
    detail += (detail.empty() ? "" : " ") + patches.spec.dump();
  }
  return Done{detail.empty() ? "nothing to do" : detail, std::nullopt};
}

}  // namespace drill
