#include "harness/sim/campaign/rollout_state.h"

#include <algorithm>

#include "harness/sim/argo/names.h"

namespace drill::sim {
namespace {

using gate::Json;

std::string Text(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::int64_t Number(const Json& object, const char* key, std::int64_t fallback) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_integer() ? found->get<std::int64_t>()
                                                             : fallback;
}

// A timed pause step ends by itself, everything else waits.
bool WaitsForPeople(const Json& spec, const Json& status, std::int64_t step) {
  const auto conditions = status.find("pauseConditions");
  if (conditions == status.end() || !conditions->is_array()) return false;
  static const Json::json_pointer kSteps("/strategy/canary/steps");
  return std::any_of(conditions->begin(), conditions->end(), [&](const Json& condition) {
    if (Text(condition, "reason") != "CanaryPauseStep" || !spec.contains(kSteps)) return true;
    const Json& steps = spec.at(kSteps);
    if (step < 0 || static_cast<std::size_t>(step) >= steps.size()) return true;
    return !steps[static_cast<std::size_t>(step)].contains("/pause/duration"_json_pointer);
  });
}

}  // namespace

void RolloutState::OnRollout(const Object& rollout) {
  const Json& spec = SpecOf(rollout);
  const Json& status = StatusOf(rollout);
  now_.replicas = Number(spec, "replicas", 1);
  now_.current_hash = Text(status, "currentPodHash");
  now_.stable_hash = Text(status, "stableRS");
  now_.step = Number(status, "currentStepIndex", 0);
  now_.phase = Text(status, "phase");
  now_.observed = Text(status, "observedGeneration") == std::to_string(rollout.meta.generation);
  const auto abort = status.find("abort");
  now_.aborted = abort != status.end() && *abort == Json(true);
  now_.waits_for_people = now_.phase == "Paused" && WaitsForPeople(spec, status, now_.step);
}

void RolloutState::OnReplicaSet(const Object& set, bool exists) {
  const std::string& hash = set.meta.Label(argo::kPodHashLabel);
  if (hash.empty()) return;
  if (!exists) {
    sets_.erase(hash);
    return;
  }
  sets_[hash] = {Number(SpecOf(set), "replicas", 1), Number(StatusOf(set), "replicas", 0),
                 Number(StatusOf(set), "availableReplicas", 0)};
}

bool RolloutState::Restored(const std::string& canary_hash) const {
  const auto canary = sets_.find(canary_hash);
  if (canary != sets_.end() && (canary->second.spec != 0 || canary->second.created != 0)) {
    return false;
  }
  const auto stable = sets_.find(now_.stable_hash);
  return stable != sets_.end() && now_.stable_hash != canary_hash &&
         stable->second.available == now_.replicas;
}

bool RolloutState::Settled() const {
  if (Healthy()) return now_.stable_hash == now_.current_hash;
  if (!now_.observed) return false;
  if (now_.aborted) return now_.phase == "Degraded" && Restored(now_.current_hash);
  return now_.waits_for_people;
}

}  // namespace drill::sim
