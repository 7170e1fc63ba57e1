#include "harness/sim/argo/rollout_sync.h"

#include <algorithm>
#include <utility>

#include "harness/sim/argo/names.h"
#include "harness/sim/argo/pod_hash.h"
#include "harness/sim/kube/fields.h"

namespace drill::sim::argo {

using gate::Result;

RunView ViewRun(ObjectPtr object) {
  const gate::Json& status = StatusOf(*object);
  RunView view;
  view.phase_text = TextOf(status, "phase");
  view.phase = ReadPhase(view.phase_text);
  view.message = TextOf(status, "message");
  view.object = std::move(object);
  return view;
}

RolloutSync::RolloutSync(const RolloutEnvironment& env, ObjectPtr rollout,
                         std::shared_ptr<const RolloutSpec> spec, const std::string& pod_hash,
                         KnownStatus& known_status)
    : env_(env),
      rollout_(std::move(rollout)),
      spec_(std::move(spec)),
      pod_hash_(pod_hash),
      known_status_(known_status),
      status_(rollout_->status && rollout_->status == known_status.json
                  ? known_status.status
                  : ReadRolloutStatus(StatusOf(*rollout_))) {}

std::string RolloutSync::PodHash() const {
  if (!status_.collision_count) return pod_hash_;
  return PodTemplateHash(spec_->Template(), status_.collision_count);
}

void RolloutSync::WakeAfter(gate::Nanos delay) { wake_ = wake_ ? std::min(*wake_, delay) : delay; }

void RolloutSync::Event(std::string_view reason, std::string message, EventRecorder::Kind kind) {
  env_.events.Emit(*rollout_, kind, reason, std::move(message));
}

void RolloutSync::SplitSets() {
  older_.clear();
  others_.clear();
  stable_ = nullptr;
  for (const ReplicaSetPtr& set : sets_) {
    if (!new_ || set->name() != new_->name()) older_.push_back(set);
  }
  if (!status_.stable_hash.empty()) {
    const auto is_stable = [this](const ReplicaSetPtr& set) {
      return set->hash == status_.stable_hash;
    };
    const auto found = std::find_if(older_.begin(), older_.end(), is_stable);
    if (new_ && is_stable(new_)) {
      stable_ = new_;
    } else if (found != older_.end()) {
      stable_ = *found;
    }
  }
  for (const ReplicaSetPtr& set : older_) {
    if (!stable_ || set->name() != stable_->name()) others_.push_back(set);
  }
}

Result<void> RolloutSync::LoadSets() {
  for (const ObjectPtr& object : env_.replica_sets.OwnedBy(rollout_->meta.uid)) {
    sets_.push_back(ViewReplicaSet(object));
  }
  std::stable_sort(sets_.begin(), sets_.end(), [](const ReplicaSetPtr& a, const ReplicaSetPtr& b) {
    return a->created() < b->created();
  });
  const std::string hash = PodHash();
  const auto found = std::find_if(sets_.begin(), sets_.end(),
                                  [&hash](const ReplicaSetPtr& set) { return set->hash == hash; });
  if (found != sets_.end()) new_ = *found;
  SplitSets();
  return {};
}

void RolloutSync::LoadRuns() {
  const auto is = [](const std::optional<RunMirror>& mirror, const RunView& run) {
    return mirror && mirror->name == run.object->meta.name;
  };
  for (const ObjectPtr& object : env_.runs.OwnedBy(rollout_->meta.uid)) {
    RunView run = ViewRun(object);
    if (is(status_.step_run, run)) {
      step_run_ = std::move(run);
    } else if (is(status_.background_run, run)) {
      background_run_ = std::move(run);
    } else {
      other_runs_.push_back(std::move(run));
    }
  }
  // A run that the status names and the cache does not know yet is asked for.
  const auto fetch = [this](const std::optional<RunMirror>& mirror, std::optional<RunView>& run) {
    if (!mirror || run) return;
    auto object = env_.api.Get(Type::kAnalysisRun, rollout_->meta.ns, mirror->name);
    if (object) run = ViewRun(std::move(*object));
  };
  fetch(status_.step_run, step_run_);
  fetch(status_.background_run, background_run_);
}

Result<void> RolloutSync::ReportInvalid(const std::string& why) {
  const std::string message = "The Rollout \"" + rollout_->meta.name + "\" is invalid: " + why;
  const Condition* known = FindCondition(status_, condition::kInvalidSpec);
  const bool observed = status_.observed_generation == std::to_string(rollout_->meta.generation);
  const bool said = known != nullptr && known->message == message;
  if (said && observed) return {};
  Condition invalid = said ? *known
                           : NewCondition(condition::kInvalidSpec, "True", condition::kInvalidSpec,
                                          message, NowSeconds());
  RolloutStatus next = status_;
  if (known != nullptr && !said) RemoveCondition(next, condition::kInvalidSpec);
  SetCondition(next, std::move(invalid));
  next.observed_generation = std::to_string(rollout_->meta.generation);
  PhaseAndMessage phase = CalculatePhase(spec_ ? *spec_ : RolloutSpec{}, next);
  next.phase = std::move(phase.phase);
  next.message = std::move(phase.message);
  return Write(std::move(next));
}

// argo R1
Result<void> RolloutSync::Run() {
  if (auto loaded = LoadSets(); !loaded) return loaded;
  LoadRuns();
  if (!new_) {
    if (auto created = CreateSet(); !created) return created;
    // 1.10 lets the next reconcile see what was written.
    if (written_ && Is1_10()) return {};
  }
  if (status_.FullyPromoted() && pause_.IsAborted(status_)) pause_.RemoveAbort();
  next_.weights = status_.weights;
  if (!spec_->replicas) {
    Object next = *rollout_;
    gate::Json spec = SpecOf(*rollout_);
    spec["replicas"] = 1;
    next.spec = Share(std::move(spec));
    auto updated = env_.api.Update(std::move(next), WritePart::kMain);
    if (!updated) return std::move(updated).error();
    written_ = std::move(*updated);
    return {};
  }
  if (auto checked = CheckPaused(); !checked) return checked;
  if (written_ && Is1_10()) return {};
  if (auto synced = SyncRevision(); !synced) return synced;
  if (IsScalingEvent()) return ScaleOnly();
  return Canary();
}

bool RolloutSync::IsScalingEvent() const {
  for (const ReplicaSetPtr& set : {new_, stable_}) {
    if (!set || set->size.spec <= 0) continue;
    const auto desired = ParseInt(set->object->meta.Annotation(kDesiredReplicas));
    if (desired && *desired != spec_->Replicas()) return true;
  }
  return false;
}

Result<void> RolloutSync::ScaleOnly() {
  if (auto synced = SyncRevision(); !synced) return synced;
  RolloutStatus next = status_;
  auto scaled = ReconcileSets();
  if (!scaled) return std::move(scaled).error();
  next.available_replicas = Available();
  next.hpa_replicas = 0;
  for (const ReplicaSetPtr& set : sets_) next.hpa_replicas += set->size.created;
  return PersistScaling(std::move(next));
}

bool RolloutSync::TemplateOrStepsChanged() const {
  if (status_.current_step_hash != spec_->step_hash) return true;
  if (status_.current_pod_hash.empty()) return false;
  return status_.current_pod_hash != (new_ ? new_->hash : PodHash());
}

// argo R2
Result<void> RolloutSync::Canary() {
  if (auto synced = SyncRevision(); !synced) return synced;
  if (TemplateOrStepsChanged()) return SyncStatus();
  if (auto done = CleanUpHistory(); !done) return done;
  if (auto done = ReconcileServices(); !done) return done;
  if (auto done = ReconcileTraffic(); !done) return done;
  const auto runs = ReconcileRuns();
  if (pause_.has_added_pause()) return SyncStatus();  // argo R64
  if (!runs) return runs;
  auto scaled = ReconcileSets();
  if (!scaled) return std::move(scaled).error();
  if (*scaled == Scaled::kNo) PauseStep();
  return SyncStatus();
}

}  // namespace drill::sim::argo
