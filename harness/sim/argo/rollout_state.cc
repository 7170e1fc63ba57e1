// The status of a Rollout: steps, pauses, promotion (argo R15 to R18, R64 to R78).

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "harness/sim/argo/rollout_sync.h"

namespace drill::sim::argo {

using gate::Result;

namespace {

std::string FormatSelector(const StringMap& labels) {
  std::string text;
  for (const auto& [key, value] : labels) {
    text += (text.empty() ? "" : ",") + key + "=" + value;
  }
  return text;
}

}  // namespace

// Conditions that keep a pause from counting as lack of progress, and that start a retry (argo
// R73).
Result<void> RolloutSync::CheckPaused() {
  const Condition* progressing = FindCondition(status_, condition::kProgressing);
  const auto reason_is = [progressing](std::string_view reason) {
    return progressing != nullptr && progressing->reason == reason;
  };
  const bool paused = !status_.pause_conditions.empty() || spec_->paused;
  const bool aborted = reason_is(reason::kAborted);
  std::vector<Condition> conditions;
  const auto add = [&](std::string_view type, std::string_view status, std::string_view reason,
                       std::string message) {
    conditions.push_back(NewCondition(type, status, reason, std::move(message), NowSeconds()));
  };
  if (paused != reason_is(reason::kPaused) && !aborted && !IsCompleted(status_)) {
    add(condition::kProgressing, "Unknown", paused ? reason::kPaused : reason::kResumed,
        paused ? "Rollout is paused" : "Rollout is resumed");
  }
  if (!status_.abort && aborted) {
    add(condition::kProgressing, "Unknown", reason::kRetry, "Retrying Rollout after abort");
  }
  const Condition* pause = FindCondition(status_, condition::kPaused);
  const bool said_paused = pause != nullptr && pause->status == "True";
  if (paused != said_paused && !aborted) {
    add(condition::kPaused, paused ? "True" : "False", reason::kPaused, "Rollout is paused");
  }
  if (conditions.empty()) return {};
  return PatchConditions(std::move(conditions));
}

Result<void> RolloutSync::PatchConditions(std::vector<Condition> conditions) {
  RolloutStatus next = status_;
  for (Condition& condition : conditions) SetCondition(next, std::move(condition));
  next.observed_generation = std::to_string(rollout_->meta.generation);
  PhaseAndMessage phase = CalculatePhase(*spec_, next);
  next.phase = std::move(phase.phase);
  next.message = std::move(phase.message);
  return Write(std::move(next));
}

// Writes what differs; a status that is as it was is not written.
Result<void> RolloutSync::Write(RolloutStatus next) {
  if (next == status_) return {};
  const auto json = Share(ToJson(next));
  auto written = env_.api.Patch(rollout_, Api::Field::kStatus, json);
  if (!written) return std::move(written).error();
  written_ = std::move(*written);
  if (written_->status == json) known_status_ = {json, std::move(next)};
  return {};
}

RolloutStatus RolloutSync::BaseStatus() const {
  RolloutStatus next = next_;
  next.current_pod_hash = new_ ? new_->hash : PodHash();
  for (const ReplicaSetPtr& set : sets_) {
    next.replicas += set->size.created;
    next.ready_replicas += set->ready;
  }
  next.updated_replicas = new_ ? new_->size.created : 0;
  next.collision_count = status_.collision_count;
  next.conditions = status_.conditions;
  RemoveCondition(next, condition::kInvalidSpec);
  next.promote_full = status_.promote_full && next.current_pod_hash != next.stable_hash;
  return next;
}

void RolloutSync::ResetStatus(RolloutStatus& next) {
  pause_.ClearPauses();
  pause_.RemoveAbort();
  next.promote_full = false;
  next.step_run.reset();
  next.background_run.reset();
  next.step_index = spec_->steps.empty() ? std::nullopt : std::optional<std::int32_t>(0);
}

Result<void> RolloutSync::SyncStatus() {
  RolloutStatus next = BaseStatus();
  next.available_replicas = Available();
  next.hpa_replicas = next.replicas;
  next.selector = FormatSelector(spec_->selector);
  next.stable_hash = status_.stable_hash;
  next.current_step_hash = spec_->step_hash;
  const std::int32_t step_count = spec_->StepCount();

  if (TemplateOrStepsChanged()) {  // argo R75
    ResetStatus(next);
    if (new_ && step_count > 0) {
      if (status_.stable_hash == new_->hash) {  // argo R76
        Event("SkipSteps", "Rollback to stable ReplicaSets");
        next.step_index = step_count;
      } else if (IsWithinRollbackWindow() && new_->size.spec > 0) {  // argo R77
        Event("SkipSteps", "Rollback to active ReplicaSets within RollbackWindow");
        next.step_index = step_count;
      }
    }
    return Persist(std::move(next));
  }

  auto index = StepIndex(*spec_, status_);
  if (status_.promote_full || IsWithinRollbackWindow()) {  // argo R74, R77
    pause_.ClearPauses();
    pause_.RemoveAbort();
    if (step_count > 0) index = step_count;
  }
  if (const std::string why = WhyPromote(); !why.empty()) {
    Promote(next, why);
    return Persist(std::move(next));
  }
  if (pause_.IsAborted(status_)) {  // argo R65
    if (step_count > 0) next.step_index = next.FullyPromoted() ? step_count : 0;
    return Persist(std::move(next));
  }
  if (StepIsComplete()) {  // argo R17
    const std::string step = CurrentStep(*spec_, status_)->text;
    ++*index;
    next.step_run.reset();
    Event("RolloutStepCompleted",
          fmt::format("Rollout step {}/{} completed ({})", *index, step_count, step));
    pause_.RemovePause(kCanaryPauseStep);
  }
  next.step_index = index;
  return Persist(std::move(next));
}

// argo R15, R16, R18
bool RolloutSync::StepIsComplete() const {
  const CanaryStep* step = CurrentStep(*spec_, status_);
  if (spec_->paused || step == nullptr) return false;
  switch (step->kind) {
    case CanaryStep::Kind::kPause:
      return PauseStepIsOver(step->pause, status_, Now());
    case CanaryStep::Kind::kSetCanaryScale:
      return AtDesiredCounts(*spec_, status_, Sizes(), next_.weights, Is1_10());
    case CanaryStep::Kind::kSetWeight:  // argo R14
      return AtDesiredCounts(*spec_, status_, Sizes(), next_.weights, Is1_10()) &&
             !(next_.weights && next_.weights->verified == false);
    case CanaryStep::Kind::kAnalysis:
      return step_run_ && step_run_->phase == AnalysisPhase::kSuccessful;
    case CanaryStep::Kind::kRoute:
      return true;
  }
  return false;
}

// argo R18
bool RolloutSync::PauseStep() {
  if (spec_->paused || status_.promote_full) return false;
  const CanaryStep* step = CurrentStep(*spec_, status_);
  if (step == nullptr || step->kind != CanaryStep::Kind::kPause) return false;
  const auto found =
      std::find_if(status_.pause_conditions.begin(), status_.pause_conditions.end(),
                   [](const PauseCondition& pause) { return pause.reason == kCanaryPauseStep; });
  if (found == status_.pause_conditions.end()) {
    // With controllerPause set, somebody has cleared the pause: then it is over.
    if (!status_.controller_pause) pause_.AddPause(kCanaryPauseStep);
    return true;
  }
  if (!step->pause.seconds) return true;
  const gate::Nanos remaining = found->start + std::chrono::seconds(*step->pause.seconds) - Now();
  if (remaining.count() > 0 && remaining < env_.options.resync) WakeAfter(remaining);
  return true;
}

// argo R77
bool RolloutSync::IsWithinRollbackWindow() const {
  if (!new_ || !stable_ || new_->created() >= stable_->created()) return false;
  if (spec_->rollback_window <= 0) return false;
  const auto between = std::count_if(sets_.begin(), sets_.end(), [this](const ReplicaSetPtr& set) {
    return set->created() < stable_->created() && new_->created() < set->created();
  });
  return between < spec_->rollback_window;
}

bool RolloutSync::IsFastRollback() const {
  if (!new_ || !stable_) return false;
  return status_.stable_hash == new_->hash || IsWithinRollbackWindow();
}

// argo R77, R78: empty if it is not to be promoted.
std::string RolloutSync::WhyPromote() const {
  if (!stable_) return "Initial deploy";  // argo R9
  if (pause_.IsAborted(status_)) return "";
  if (!new_ || (new_->size.available < spec_->Replicas() &&
                !ProgressThresholdMet(*spec_, new_->size, spec_->Replicas()))) {
    return "";
  }
  if (status_.promote_full) return "Full promotion requested";
  if (IsWithinRollbackWindow()) return "Rollback within window";
  if (Is1_10() && IsFastRollback()) return "Fast rollback";
  const auto index = StepIndex(*spec_, status_);
  if (!index || *index == spec_->StepCount()) {
    return fmt::format("Completed all {} canary steps", spec_->StepCount());
  }
  return "";
}

void RolloutSync::Promote(RolloutStatus& next, const std::string& why) {
  pause_.ClearPauses();
  pause_.RemoveAbort();
  next.promote_full = false;
  next.step_index =
      spec_->steps.empty() ? std::nullopt : std::optional<std::int32_t>(spec_->StepCount());
  if (next.stable_hash == next.current_pod_hash) return;
  next.stable_hash = next.current_pod_hash;
  Event(reason::kCompleted, fmt::format("Rollout completed update to revision {} ({}): {}",
                                        RevisionOf(rollout_->meta), next.current_pod_hash, why));
}

// The two versions differ in what of the conditions sees the pause and the abort of this reconcile.
Result<void> RolloutSync::Persist(RolloutStatus next) {
  if (!Is1_10()) CalculateConditions(next);
  return PersistScaling(std::move(next));
}

Result<void> RolloutSync::PersistScaling(RolloutStatus next) {
  next.observed_generation = std::to_string(rollout_->meta.generation);
  if (Is1_10()) AbortIfTimedOut(next);
  pause_.Apply(status_, NowSeconds(), next);
  if (Is1_10()) CalculateConditions(next);
  PhaseAndMessage phase = CalculatePhase(*spec_, next);
  next.phase = std::move(phase.phase);
  next.message = std::move(phase.message);
  if (next == status_) {
    RequeueIfStuck(next);
    return {};
  }
  const RolloutStatus before = status_;
  if (auto written = Write(next); !written) return written;
  ReportPauseChange(before, next);
  return {};
}

}  // namespace drill::sim::argo
