#include "harness/sim/campaign/rollout_state.h"

#include <algorithm>

#include "harness/sim/argo/names.h"
#include "harness/sim/kube/fields.h"

namespace drill::sim {
namespace {

using gate::Json;

// A timed pause step ends by itself, everything else waits.
bool WaitsForPeople(const Json& spec, const Json& status, std::int64_t step) {
  const auto conditions = status.find("pauseConditions");
  if (conditions == status.end() || !conditions->is_array()) return false;
  static const Json::json_pointer kSteps("/strategy/canary/steps");
  return std::any_of(conditions->begin(), conditions->end(), [&](const Json& condition) {
    if (TextOf(condition, "reason") != "CanaryPauseStep" || !spec.contains(kSteps)) return true;
    const Json& steps = spec.at(kSteps);
    if (step < 0 || static_cast<std::size_t>(step) >= steps.size()) return true;
    return !steps[static_cast<std::size_t>(step)].contains("/pause/duration"_json_pointer);
  });
}

}  // namespace

void RolloutState::OnRollout(const Object& rollout) {
  const Json& spec = SpecOf(rollout);
  const Json& status = StatusOf(rollout);
  now_.replicas = IntOf(spec, "replicas", 1);
  now_.current_hash = TextOf(status, "currentPodHash");
  now_.stable_hash = TextOf(status, "stableRS");
  now_.step = IntOf(status, "currentStepIndex", 0);
  now_.phase = TextOf(status, "phase");
  now_.observed = TextOf(status, "observedGeneration") == std::to_string(rollout.meta.generation);
  now_.aborted = FlagOf(status, "abort");
  now_.waits_for_people = now_.phase == "Paused" && WaitsForPeople(spec, status, now_.step);
}

void RolloutState::OnReplicaSet(const Object& set, bool exists) {
  const std::string& hash = set.meta.Label(argo::kPodHashLabel);
  if (hash.empty()) return;
  if (!exists) {
    sets_.erase(hash);
    return;
  }
  sets_[hash] = {IntOf(SpecOf(set), "replicas", 1), IntOf(StatusOf(set), "replicas", 0),
                 IntOf(StatusOf(set), "availableReplicas", 0)};
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
