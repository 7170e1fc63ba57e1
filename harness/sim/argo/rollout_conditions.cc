// The conditions of a Rollout, and what hangs on its progress (argo R65, R66, R70).

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "harness/sim/argo/rollout_sync.h"
#include "harness/sim/kube/fields.h"

namespace drill::sim::argo {

std::string RolloutSync::TimeoutMessage() const {
  if (new_) return fmt::format("ReplicaSet \"{}\" has timed out progressing.", new_->name());
  return fmt::format("Rollout \"{}\" has timed out progressing.", rollout_->meta.name);
}

bool RolloutSync::IsIndefiniteStep() const {
  const CanaryStep* step = CurrentStep(*spec_, status_);
  if (step != nullptr &&
      (step->kind == CanaryStep::Kind::kAnalysis || step->kind == CanaryStep::Kind::kPause)) {
    return true;
  }
  const Condition* paused = FindCondition(status_, condition::kPaused);
  return paused != nullptr && paused->status == "True";
}

bool RolloutSync::WaitsForScaleDown() const {
  return std::any_of(others_.begin(), others_.end(),
                     [](const ReplicaSetPtr& set) { return HasScaleDownDeadline(*set); });
}

// argo R70, as 1.10 does it: before anything of the new status is decided.
void RolloutSync::AbortIfTimedOut(const RolloutStatus& next) {
  if (!spec_->progress_deadline_abort || pause_.IsAborted(status_) || IsCompleted(next) ||
      IsProgressing(status_, next) || IsIndefiniteStep() || WaitsForScaleDown() ||
      !IsTimedOut(*spec_, status_, Now())) {
    return;
  }
  pause_.AddAbort(TimeoutMessage());
  Event(reason::kAborted, TimeoutMessage(), EventRecorder::Kind::kWarning);
}

void RolloutSync::CalculateConditions(RolloutStatus& next) {
  const WallSeconds now = NowSeconds();
  const bool observed = status_.observed_generation == std::to_string(rollout_->meta.generation);
  const RolloutStatus& pauses = Is1_10() ? next : status_;
  const bool paused = !pauses.pause_conditions.empty() || spec_->paused;
  const bool aborted = pause_.IsAborted(status_);
  bool became_unhealthy = false;
  if (!paused && IsHealthy(*spec_, next, observed)) {
    SetCondition(next, NewCondition(condition::kHealthy, "True", reason::kHealthy,
                                    "Rollout is healthy", now));
  } else if (FindCondition(status_, condition::kHealthy) != nullptr) {
    became_unhealthy =
        SetCondition(next, NewCondition(condition::kHealthy, "False", reason::kHealthy,
                                        "Rollout is not healthy", now));
  }
  if (aborted) {  // argo R65: the text is fixed by the first abort
    std::string message =
        fmt::format("Rollout aborted update to revision {}", RevisionOf(rollout_->meta));
    if (!pause_.abort_message().empty()) message += ": " + pause_.abort_message();
    if (SetCondition(
            next, NewCondition(condition::kProgressing, "False", reason::kAborted, message, now))) {
      Event(reason::kAborted, message, EventRecorder::Kind::kWarning);
    }
  } else {
    CalculateProgress(next, became_unhealthy);
  }
  const bool available = Available() >= spec_->Replicas();
  SetCondition(next,
               NewCondition(condition::kAvailable, available ? "True" : "False", reason::kAvailable,
                            available ? "Rollout has minimum availability"
                                      : "Rollout does not have minimum availability",
                            now));
  ReplicaFailure(next);
  const bool completed = IsCompleted(next);
  const bool changed =
      SetCondition(next, NewCondition(condition::kCompleted, completed ? "True" : "False",
                                      reason::kCompleted, std::string(reason::kCompleted), now));
  if (changed && !completed) {
    Event("RolloutNotCompleted",
          fmt::format("Rollout not completed, started update to revision {} ({})",
                      RevisionOf(rollout_->meta), next.current_pod_hash));
  }
}

void RolloutSync::CalculateProgress(RolloutStatus& next, bool became_unhealthy) {
  const WallSeconds now = NowSeconds();
  const bool observed = status_.observed_generation == std::to_string(rollout_->meta.generation);
  if (IsHealthy(*spec_, next, observed)) {
    SetCondition(next, NewCondition(condition::kProgressing, "True", reason::kNewSetAvailable,
                                    fmt::format("ReplicaSet \"{}\" has successfully progressed.",
                                                new_ ? new_->name() : ""),
                                    now));
    return;
  }
  if (IsProgressing(status_, next) || became_unhealthy) {
    const bool lost_pods = became_unhealthy && next.FullyPromoted();
    std::string message = lost_pods ? "Rollout does not have minimum availability"
                          : new_
                              ? fmt::format("ReplicaSet \"{}\" is progressing.", new_->name())
                              : fmt::format("Rollout \"{}\" is progressing.", rollout_->meta.name);
    Condition progressing =
        NewCondition(condition::kProgressing, "True",
                     lost_pods ? reason::kSetNotAvailable : reason::kSetUpdated, message, now);
    // The same reason again renews the time that the deadline counts from.
    if (const Condition* known = FindCondition(status_, condition::kProgressing)) {
      if (known->status == "True") progressing.transitioned = known->transitioned;
      RemoveCondition(next, condition::kProgressing);
    }
    SetCondition(next, std::move(progressing));
    return;
  }
  if (IsIndefiniteStep() || WaitsForScaleDown() || !IsTimedOut(*spec_, next, Now())) return;
  SetCondition(next, NewCondition(condition::kProgressing, "False", reason::kTimedOut,
                                  TimeoutMessage(), now));
  // 1.9 aborts here; the abort is in this status, its condition only in the next.
  if (Is1_10() || !spec_->progress_deadline_abort || pause_.IsAborted(status_)) return;
  pause_.AddAbort(TimeoutMessage());
  Event(reason::kAborted, TimeoutMessage(), EventRecorder::Kind::kWarning);
}

// What a ReplicaSet says that it cannot do; the new one first.
void RolloutSync::ReplicaFailure(RolloutStatus& next) const {
  std::vector<ReplicaSetPtr> sets;
  if (new_) sets.push_back(new_);
  sets.insert(sets.end(), sets_.begin(), sets_.end());
  for (const ReplicaSetPtr& set : sets) {
    for (const gate::Json& json : Member(StatusOf(*set->object), "conditions")) {
      if (TextOf(json, "type") != condition::kReplicaFailure) continue;
      const WallSeconds time =
          ParseSeconds(TextOf(json, "lastTransitionTime")).value_or(WallSeconds{});
      SetCondition(next, {std::string(condition::kReplicaFailure), TextOf(json, "status"),
                          TextOf(json, "reason"), TextOf(json, "message"), time, time});
      return;
    }
  }
  RemoveCondition(next, condition::kReplicaFailure);
}

// Looks again when the deadline would be over.
void RolloutSync::RequeueIfStuck(const RolloutStatus& next) {
  const Condition* progressing = FindCondition(status_, condition::kProgressing);
  if (progressing == nullptr) return;
  const bool observed = status_.observed_generation == std::to_string(rollout_->meta.generation);
  const bool paused = !status_.pause_conditions.empty() || spec_->paused;
  if (IsHealthy(*spec_, next, observed) || progressing->reason == reason::kTimedOut || paused ||
      status_.abort || IsIndefiniteStep()) {
    return;
  }
  const gate::Nanos after =
      progressing->updated + std::chrono::seconds(spec_->progress_deadline_seconds) - Now();
  // In the last second the controller looks without pause until the deadline is over.
  constexpr gate::Nanos kSecond = std::chrono::seconds(1);
  constexpr gate::Nanos kPast = std::chrono::milliseconds(10);
  WakeAfter(after < kSecond ? std::max(after, gate::Nanos(0)) + kPast : after + kSecond);
}

void RolloutSync::ReportPauseChange(const RolloutStatus& before, const RolloutStatus& next) {
  const bool paused = !next.pause_conditions.empty();
  if (before.pause_conditions.empty() != paused) return;
  if (paused) {
    Event(reason::kPaused,
          fmt::format("Rollout is paused ({})", next.pause_conditions.front().reason));
  } else if (!next.aborted_at) {
    Event(reason::kResumed, "Rollout is resumed");
  }
}

}  // namespace drill::sim::argo
