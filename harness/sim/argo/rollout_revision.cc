// Which ReplicaSet a Rollout is at, and its revision (argo R76, R80).

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "harness/sim/argo/names.h"
#include "harness/sim/argo/rollout_sync.h"
#include "harness/sim/kube/fields.h"

namespace drill::sim::argo {

using gate::Error;
using gate::ErrorCode;
using gate::Json;
using gate::Result;

void RolloutSync::Adopt(ObjectPtr rollout) {
  rollout_ = rollout;
  written_ = std::move(rollout);
  status_ = ReadRolloutStatus(StatusOf(*rollout_));
}

Result<void> RolloutSync::SyncRevision() {
  if (!new_) return {};
  const std::int64_t revision = MaxRevision(older_) + 1;
  const Object& known = *new_->object;
  StringMap annotations = NewSetAnnotations(*rollout_, known.meta.annotations, revision,
                                            SetAge::kKnown, spec_->Replicas());
  const bool other_min_ready =
      gate::JsonInt(SpecOf(known), "/minReadySeconds", 0) != spec_->min_ready_seconds;
  if (annotations != known.meta.annotations || other_min_ready) {
    Object next = known;
    next.meta.annotations = std::move(annotations);
    if (other_min_ready) {
      Json spec = SpecOf(known);
      spec["minReadySeconds"] = spec_->min_ready_seconds;
      next.spec = Share(std::move(spec));
    }
    auto updated = env_.api.Update(std::move(next), WritePart::kMain);
    if (!updated) return std::move(updated).error();
    const bool was_stable = stable_ == new_;
    new_ = ViewReplicaSet(std::move(*updated));
    if (was_stable) stable_ = new_;
    return {};
  }
  if (auto set = SetRolloutRevision(known.meta.Annotation(kRevision)); !set) return set;
  if (FindCondition(status_, condition::kProgressing) != nullptr) return {};
  return SetProgressing("FoundNewReplicaSet",
                        fmt::format("Found new replica set \"{}\"", known.meta.name));
}

Result<void> RolloutSync::SetRolloutRevision(const std::string& revision) {
  if (rollout_->meta.Annotation(kRevision) == revision) return {};
  Object next = *rollout_;
  next.meta.annotations.insert_or_assign(std::string(kRevision), revision);
  auto updated = env_.api.Update(std::move(next), WritePart::kMain);
  if (!updated) return std::move(updated).error();
  Adopt(std::move(*updated));
  Event("RolloutUpdated", fmt::format("Rollout updated to revision {}", revision));
  return {};
}

Result<void> RolloutSync::SetProgressing(std::string_view reason, std::string message) {
  SetCondition(status_, NewCondition(condition::kProgressing, "True", reason, std::move(message),
                                     NowSeconds()));
  Object next = *rollout_;
  next.status = Share(ToJson(status_));
  auto updated = env_.api.Update(std::move(next), WritePart::kStatus);
  if (!updated) return std::move(updated).error();
  Adopt(std::move(*updated));
  return {};
}

Result<void> RolloutSync::CreateSet() {
  const std::string hash = PodHash();
  const std::int64_t revision = MaxRevision(older_) + 1;
  Json pod_template = spec_->Template();
  pod_template["metadata"]["labels"][std::string(kPodHashLabel)] = hash;
  Json selector = spec_->json->value("selector", Json::object());
  selector["matchLabels"][std::string(kPodHashLabel)] = hash;

  Object set{Type::kReplicaSet, {}, nullptr, nullptr, nullptr};
  set.meta.ns = rollout_->meta.ns;
  set.meta.name = rollout_->meta.name + "-" + hash;
  set.meta.labels = pod_template["metadata"]["labels"].get<StringMap>();
  set.meta.annotations =
      NewSetAnnotations(*rollout_, {}, revision, SetAge::kFresh, spec_->Replicas());
  set.meta.owners.push_back(
      {std::string(kApiVersion), "Rollout", rollout_->meta.name, rollout_->meta.uid, true});
  Json spec{
      {"replicas", 0}, {"selector", std::move(selector)}, {"template", std::move(pod_template)}};
  if (spec_->min_ready_seconds != 0) spec["minReadySeconds"] = spec_->min_ready_seconds;
  set.spec = Share(std::move(spec));

  auto written = WriteNewSet(set);
  if (!written) return std::move(written).error();
  new_ = ViewReplicaSet(std::move(written->object));
  if (auto revised = SetRolloutRevision(std::to_string(revision)); !revised) return revised;
  if (written->age == SetAge::kFresh) {
    Event(reason::kNewSetCreated,
          fmt::format("Created ReplicaSet {} (revision {})", new_->name(), new_->revision));
    auto told = SetProgressing(reason::kNewSetCreated,
                               fmt::format("Created new replica set \"{}\"", new_->name()));
    if (!told) return told;
  }
  sets_.push_back(new_);
  SplitSets();
  return {};
}

// A set of that name may be there already: ours, which the cache did not know yet, or another one
// whose template has the same hash.
Result<RolloutSync::NewSet> RolloutSync::WriteNewSet(const Object& set) {
  auto created = env_.api.Create(set);
  if (created) return NewSet{std::move(*created), SetAge::kFresh};
  if (created.error().code != ErrorCode::kAlreadyExists) {
    const std::string message = fmt::format("Failed to create new replica set \"{}\": {}",
                                            set.meta.name, created.error().message);
    constexpr std::string_view kReason = "ReplicaSetCreateError";
    Event(kReason, message, EventRecorder::Kind::kWarning);
    // The error that matters is the one above.
    static_cast<void>(PatchConditions(
        {NewCondition(condition::kProgressing, "False", kReason, message, NowSeconds())}));
    return std::move(created).error();
  }
  const ObjectPtr known = env_.replica_sets.Get(set.meta.ns, set.meta.name);
  if (!known) {
    return Error{ErrorCode::kNotFound,
                 fmt::format("replicaset.apps \"{}\" not found", set.meta.name)};
  }
  const OwnerReference* owner = known->meta.Controller();
  const bool ours = owner != nullptr && owner->uid == rollout_->meta.uid &&
                    Member(SpecOf(*known), "template") == Member(SpecOf(set), "template");
  if (ours) return NewSet{known, SetAge::kKnown};
  if (auto bumped = BumpCollisions(); !bumped) return std::move(bumped).error();
  return std::move(created).error();
}

Result<void> RolloutSync::BumpCollisions() {
  status_.collision_count = status_.collision_count.value_or(0) + 1;
  Object next = *rollout_;
  next.status = Share(ToJson(status_));
  auto updated = env_.api.Update(std::move(next), WritePart::kStatus);
  if (!updated) return std::move(updated).error();
  return {};
}

// revisionHistoryLimit: what is neither new nor stable, is empty, and is old enough to go. Its
// AnalysisRuns go with it (argo R32).
Result<void> RolloutSync::CleanUpHistory() {
  std::vector<ReplicaSetPtr> sets;
  std::copy_if(others_.begin(), others_.end(), std::back_inserter(sets),
               [](const ReplicaSetPtr& set) { return !set->object->meta.deleted; });
  const auto limit = static_cast<std::size_t>(std::max(0, spec_->revision_history_limit));
  if (sets.size() <= limit) return {};
  sets.resize(sets.size() - limit);  // by age: the oldest
  for (const ReplicaSetPtr& set : sets) {
    const Object& object = *set->object;
    const bool observed =
        gate::JsonInt(StatusOf(object), "/observedGeneration", 0) >= object.meta.generation;
    if (set->size.created != 0 || set->size.spec != 0 || !observed) continue;
    auto deleted = env_.api.Delete(Type::kReplicaSet, object.meta.ns, object.meta.name);
    if (!deleted && deleted.error().code != ErrorCode::kNotFound) return deleted;
    std::vector<RunView> runs;
    std::copy_if(
        other_runs_.begin(), other_runs_.end(), std::back_inserter(runs),
        [&set](const RunView& run) { return run.object->meta.Label(kPodHashLabel) == set->hash; });
    if (auto gone = DeleteRuns(runs); !gone) return gone;
  }
  return {};
}

}  // namespace drill::sim::argo
