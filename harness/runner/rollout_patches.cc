#include "harness/runner/rollout_patches.h"

#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

#include "gate/base/merge_diff.h"
#include "harness/trace/rollout_view.h"

namespace drill {
namespace {

using gate::Json;
using gate::JsonInt;
using gate::JsonString;

constexpr const char* kRevisionAnnotation = "rollout.argoproj.io/revision";

std::size_t SizeAt(const Json& object, const char* pointer) {
  return gate::JsonArray(object, pointer).size();
}

std::string Annotation(const Json& object, const char* name) {
  const Json& annotations = gate::JsonAt(object, "/metadata/annotations");
  if (!annotations.is_object()) return "";
  const auto found = annotations.find(name);
  return found != annotations.end() && found->is_string() ? found->get<std::string>() : "";
}

bool IsPaused(const Json& rollout) { return gate::JsonIsTrue(rollout, "/spec/paused"); }

Json UnpausePatch() { return {{"spec", {{"paused", false}}}}; }

// The index after the current step; nothing if there are no steps.
std::optional<std::int64_t> NextStep(const Json& rollout) {
  const auto steps = static_cast<std::int64_t>(SizeAt(rollout, "/spec/strategy/canary/steps"));
  if (steps == 0) return std::nullopt;
  const std::int64_t index = JsonInt(rollout, "/status/currentStepIndex", 0);
  return index < steps ? index + 1 : index;
}

// Revisions are numbers from 1; 0 if there is none.
std::int64_t Revision(const Json& replica_set) {
  const std::string text = Annotation(replica_set, kRevisionAnnotation);
  std::int64_t revision = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), revision);
  return error == std::errc() && rest == text.data() + text.size() ? revision : 0;
}

}  // namespace

Json DeployPatch(const Json& rollout, const Deploy& deploy) {
  const bool labelled = deploy.release_label == Deploy::Label::kPresent;
  const Json label = {{kReleaseLabel, labelled ? Json(deploy.release) : Json(nullptr)}};
  Json patch = {{"metadata", {{"labels", label}}},
                {"spec",
                 {{"template",
                   {{"metadata",
                     {{"labels", label},
                      // Makes it a new pod template also without the label.
                      {"annotations", {{kReleaseAnnotation, deploy.release}}}}}}}}}};
  const std::string image = deploy.image == Deploy::Image::kMissing
                                ? kMissingImage
                                : Annotation(rollout, kImageAnnotation);
  Json containers = gate::JsonAt(rollout, "/spec/template/spec/containers");
  if (image.empty() || !containers.is_array() || containers.empty()) return patch;
  if (JsonString(containers[0], "/image") == image) return patch;
  containers[0]["image"] = image;  // a merge patch replaces lists as a whole
  patch["spec"]["template"]["spec"]["containers"] = std::move(containers);
  return patch;
}

RolloutPatches PromotePatches(const Json& rollout) {
  RolloutPatches patches;
  if (IsPaused(rollout)) patches.spec = UnpausePatch();
  const bool waits = SizeAt(rollout, "/status/pauseConditions") > 0;
  const bool inconclusive =
      JsonString(rollout, "/status/canary/currentStepAnalysisRunStatus/status") == "Inconclusive";
  const auto next = NextStep(rollout);
  if (waits && inconclusive && gate::JsonIsTrue(rollout, "/status/controllerPause")) {
    if (!next) return patches;
    patches.status = {
        {"status",
         {{"pauseConditions", nullptr}, {"controllerPause", false}, {"currentStepIndex", *next}}}};
  } else if (waits) {
    patches.status = {{"status", {{"pauseConditions", nullptr}}}};
  } else if (next) {
    patches.status = {{"status", {{"pauseConditions", nullptr}, {"currentStepIndex", *next}}}};
  }
  return patches;
}

RolloutPatches PromoteFullPatches(const Json& rollout) {
  RolloutPatches patches;
  if (IsPaused(rollout)) patches.spec = UnpausePatch();
  if (JsonString(rollout, "/status/currentPodHash") != JsonString(rollout, "/status/stableRS")) {
    patches.status = {{"status", {{"promoteFull", true}}}};
  }
  return patches;
}

gate::Result<Undo> UndoPatch(const Json& rollout, const std::vector<Json>& replica_sets) {
  const Json* latest = nullptr;
  const Json* previous = nullptr;
  const std::string name = JsonString(rollout, "/metadata/name");
  for (const Json& each : replica_sets) {
    if (!IsOwnedBy(each, "Rollout", name)) continue;
    if (latest == nullptr || Revision(each) > Revision(*latest)) {
      previous = std::exchange(latest, &each);
    } else if (previous == nullptr || Revision(each) > Revision(*previous)) {
      previous = &each;
    }
  }
  if (previous == nullptr) {
    return gate::Error{gate::ErrorCode::kNotFound, "there is no revision before the current one"};
  }
  Json target = gate::JsonAt(*previous, "/spec/template");
  if (target.is_object()) target["metadata"]["labels"].erase(kPodHashLabel);
  Undo undo{nullptr, Annotation(*previous, kRevisionAnnotation), Label(target, kReleaseLabel)};
  Json difference = gate::MergeDiff(gate::JsonAt(rollout, "/spec/template"), target);
  if (!difference.empty()) undo.patch = {{"spec", {{"template", std::move(difference)}}}};
  return undo;
}

}  // namespace drill
