#include "harness/trace/rollout_view.h"

#include <algorithm>

namespace drill {
namespace {

using gate::Json;

// argo R8: an abort means 0, no step left means 100, else the last setWeight up to the step.
std::int64_t WeightAt(const Json& steps, std::int64_t index, bool abort) {
  if (abort || !steps.is_array()) return abort ? 0 : 100;
  const auto count = static_cast<std::int64_t>(steps.size());
  if (index >= count) return 100;
  std::int64_t weight = 0;
  for (std::int64_t i = 0; i <= index; ++i) {
    weight = gate::JsonInt(steps[static_cast<std::size_t>(i)], "/setWeight", weight);
  }
  return weight;
}

std::vector<std::pair<std::string, std::string>> Pauses(const Json& object) {
  std::vector<std::pair<std::string, std::string>> pauses;
  if (gate::JsonIsTrue(object, "/spec/paused")) pauses.emplace_back(kPausedBySpec, "");
  const Json& conditions = gate::JsonAt(object, "/status/pauseConditions");
  if (!conditions.is_array()) return pauses;
  for (const Json& condition : conditions) {
    pauses.emplace_back(gate::JsonString(condition, "/reason"),
                        gate::JsonString(condition, "/startTime"));
  }
  return pauses;
}

}  // namespace

std::string Label(const Json& object, const std::string& name) {
  const Json& labels = gate::JsonAt(object, "/metadata/labels");
  if (!labels.is_object()) return "";
  const auto found = labels.find(name);
  return found != labels.end() && found->is_string() ? found->get<std::string>() : "";
}

bool IsOwnedBy(const Json& object, const std::string& kind, const std::string& name) {
  const Json& owners = gate::JsonAt(object, "/metadata/ownerReferences");
  return owners.is_array() && std::any_of(owners.begin(), owners.end(), [&](const Json& owner) {
           return gate::JsonString(owner, "/kind") == kind &&
                  gate::JsonString(owner, "/name") == name;
         });
}

RolloutView ReadRollout(const Json& object) {
  RolloutView view;
  view.name = gate::JsonString(object, "/metadata/name");
  view.generation = gate::JsonInt(object, "/metadata/generation", 0);
  // status.observedGeneration is a text.
  view.observed =
      gate::JsonString(object, "/status/observedGeneration") == std::to_string(view.generation);
  view.replicas = gate::JsonInt(object, "/spec/replicas", 1);
  view.stable_hash = gate::JsonString(object, "/status/stableRS");
  view.current_hash = gate::JsonString(object, "/status/currentPodHash");
  view.phase = gate::JsonString(object, "/status/phase");
  view.message = gate::JsonString(object, "/status/message");
  view.abort = gate::JsonIsTrue(object, "/status/abort");
  view.aborted_at = gate::JsonString(object, "/status/abortedAt");
  if (const Json& step = gate::JsonAt(object, "/status/currentStepIndex");
      step.is_number_integer()) {
    view.step = step.get<std::int64_t>();
    view.weight =
        WeightAt(gate::JsonAt(object, "/spec/strategy/canary/steps"), *view.step, view.abort);
  }
  view.pauses = Pauses(object);
  view.updated_replicas = gate::JsonInt(object, "/status/updatedReplicas", 0);
  view.release = Label(object, kReleaseLabel);
  return view;
}

ReplicaSetView ReadReplicaSet(const Json& object) {
  ReplicaSetView view;
  view.hash = Label(object, kPodHashLabel);
  view.observed = gate::JsonInt(object, "/status/observedGeneration", -1) ==
                  gate::JsonInt(object, "/metadata/generation", -2);
  view.spec = gate::JsonInt(object, "/spec/replicas", 1);
  view.replicas = gate::JsonInt(object, "/status/replicas", 0);
  view.available = gate::JsonInt(object, "/status/availableReplicas", 0);
  return view;
}

}  // namespace drill
