#include "harness/runner/actions.h"

#include <utility>
#include <variant>

#include "gate/base/check.h"
#include "gate/base/digest.h"
#include "gate/base/encoding.h"
#include "gate/override/desk.h"
#include "gate/override/object.h"
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

// As in the manifests of Argo Rollouts.
constexpr const char* kControllerSelector = "app.kubernetes.io/name=argo-rollouts";
// As in kind/scenario.
constexpr const char* kGateSelector = "app=rollout-gate";

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
  }
  GATE_CHECK(false);
}

Result<Actions::Done> Actions::Run(const Deploy& deploy, const Deadline& deadline) {
  auto rollout = ReadRollout(deadline);
  if (!rollout) return std::move(rollout).error();
  const Json patch = DeployPatch(*rollout, deploy);
  if (auto patched = PatchSpec(patch, deadline); !patched) return patched;
  Json after = *rollout;
  after.merge_patch(patch);
  if (after == *rollout) return Done{"nothing to do", std::nullopt};
  return Done{Describe(deploy), deploy.release};
}

Result<Actions::Done> Actions::Run(const Scale& scale, const Deadline& deadline) {
  return PatchSpec({{"spec", {{"replicas", scale.replicas}}}}, deadline);
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
  gate::KubeApi& kube = stage_.kube();
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

// MC takes the new token from the very moment; its counters begin anew with its script.
Result<Actions::Done> Actions::RotateToken(const Deadline& deadline) {
  gate::KubeApi& kube = stage_.kube();
  const gate::KubeRef token_ref{gate::kube::kSecrets, stage_.ns(), kTokenSecret};
  const gate::KubeRef script_ref{gate::kube::kSecrets, stage_.ns(), kScriptSecret};
  auto old_token = ReadSecretKey(kube, token_ref, kTokenPointer, deadline);
  if (!old_token) return std::move(old_token).error();
  auto text = ReadSecretKey(kube, script_ref, kScriptPointer, deadline);
  if (!text) return std::move(text).error();
  auto script = gate::ParseStrictJson(*text);
  if (!script) return std::move(script).error().Wrap("reading mock-mc's script");
  // Nobody can guess it who does not know the old one, and the same run makes the same.
  const std::string token = gate::Sha256Hex(*old_token);
  (*script)["token"] = {{"value", token}};
  auto called = stage_.CallMcAdmin("PUT", "/script", *script, deadline);
  if (!called) return std::move(called).error();
  const auto replace = [&](const gate::KubeRef& ref, const char* key, const std::string& value) {
    return kube.MergePatch(ref, {{"data", {{key, gate::Base64Encode(value)}}}},
                           KubeSubresource::kNone, deadline);
  };
  auto rotated = replace(token_ref, "token", token);
  if (!rotated) return std::move(rotated).error();
  auto kept = replace(script_ref, "script.yaml", script->dump(2) + "\n");
  if (!kept) return std::move(kept).error();
  return Done{std::string("Secret ") + kTokenSecret, std::nullopt};
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
