#include "harness/sim/argo/phase.h"

#include <algorithm>
#include <utility>

namespace drill::sim::argo {
namespace {

PhaseAndMessage Progressing(std::string message) { return {"Progressing", std::move(message)}; }

}  // namespace

const Condition* FindCondition(const RolloutStatus& status, std::string_view type) {
  const auto found =
      std::find_if(status.conditions.begin(), status.conditions.end(),
                   [type](const Condition& condition) { return condition.type == type; });
  return found == status.conditions.end() ? nullptr : &*found;
}

bool SetCondition(RolloutStatus& status, Condition condition) {
  if (const Condition* known = FindCondition(status, condition.type)) {
    if (known->status == condition.status && known->reason == condition.reason) return false;
    if (known->status == condition.status) condition.transitioned = known->transitioned;
    RemoveCondition(status, condition.type);
  }
  status.conditions.push_back(std::move(condition));
  return true;
}

void RemoveCondition(RolloutStatus& status, std::string_view type) {
  std::erase_if(status.conditions,
                [type](const Condition& condition) { return condition.type == type; });
}

Condition NewCondition(std::string_view type, std::string_view status, std::string_view reason,
                       std::string message, WallSeconds now) {
  return {
      std::string(type), std::string(status), std::string(reason), std::move(message), now, now};
}

PhaseAndMessage CalculatePhase(const RolloutSpec& spec, const RolloutStatus& status) {
  for (const Condition& each : status.conditions) {
    if (each.type == condition::kInvalidSpec) {
      return {"Degraded", "InvalidSpec: " + each.message};
    }
    if (each.reason == reason::kAborted || each.reason == reason::kTimedOut) {
      return {"Degraded", each.reason + ": " + each.message};
    }
  }
  if (spec.paused) return {"Paused", "manually paused"};
  if (!status.pause_conditions.empty()) {
    return {"Paused", status.pause_conditions.front().reason};  // argo R21
  }
  if (status.updated_replicas < spec.Replicas()) {
    return Progressing("more replicas need to be updated");
  }
  if (status.available_replicas < status.updated_replicas) {
    return Progressing("updated replicas are still becoming available");
  }
  if (!spec.routed && status.replicas > status.updated_replicas) {
    return Progressing("old replicas are pending termination");
  }
  if (!IsCompleted(status)) return Progressing("waiting for all steps to complete");
  return {"Healthy", ""};
}

bool IsHealthy(const RolloutSpec& spec, const RolloutStatus& next, bool observed) {
  const std::int32_t n = spec.Replicas();
  const bool all_steps =
      spec.steps.empty() || !next.step_index || *next.step_index == spec.StepCount();
  return all_steps && IsCompleted(next) && next.replicas == n && next.updated_replicas == n &&
         next.available_replicas == n && observed;
}

bool IsProgressing(const RolloutStatus& before, const RolloutStatus& next) {
  const bool other_step =
      next.step_index && before.step_index && *next.step_index != *before.step_index;
  return next.stable_hash != before.stable_hash || other_step ||
         next.current_step_hash != before.current_step_hash ||
         next.updated_replicas != before.updated_replicas ||
         next.replicas - next.updated_replicas < before.replicas - before.updated_replicas ||
         next.ready_replicas > before.ready_replicas ||
         next.available_replicas > before.available_replicas;
}

bool IsTimedOut(const RolloutSpec& spec, const RolloutStatus& status, gate::WallTime now) {
  const Condition* progressing = FindCondition(status, condition::kProgressing);
  if (progressing == nullptr || progressing->reason == reason::kAborted ||
      progressing->reason == reason::kPaused) {
    return false;
  }
  if (progressing->reason == reason::kTimedOut) return true;
  return progressing->updated + std::chrono::seconds(spec.progress_deadline_seconds) < now;
}

}  // namespace drill::sim::argo
