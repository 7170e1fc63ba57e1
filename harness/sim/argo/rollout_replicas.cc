// The sizes of the ReplicaSets: at most one class of them is scaled per reconcile (argo R2, R7).

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "harness/sim/argo/names.h"
#include "harness/sim/argo/rollout_sync.h"

namespace drill::sim::argo {

using gate::Json;
using gate::Result;

SetSizes RolloutSync::Sizes() const {
  SetSizes sizes;
  if (new_) sizes.canary = new_->size;
  if (stable_) sizes.stable = stable_->size;
  sizes.same = new_ && stable_ && new_->name() == stable_->name();
  for (const ReplicaSetPtr& set : others_) {
    sizes.others += set->size.spec;
    sizes.others_available += set->size.available;
  }
  return sizes;
}

std::int32_t RolloutSync::Available() const {
  std::int32_t available = 0;
  for (const ReplicaSetPtr& set : sets_) available += set->size.available;
  return available;
}

// argo R20
bool RolloutSync::IsHalted() const {
  return spec_->paused || status_.HasPause(kInconclusiveAnalysis);
}

// argo R69
bool RolloutSync::DelaysScaleDownOnAbort() const {
  if (!pause_.IsAborted(status_) || !stable_ || !spec_->routed) return false;
  const AbortDelay delay = AbortScaleDownDelay(*spec_);
  return delay.seconds && (!spec_->dynamic_stable_scale || delay.explicitly);
}

bool RolloutSync::NeedsAnnotations(const ReplicaSetView& set) const {
  if (set.object->meta.Annotation(kDesiredReplicas) != std::to_string(spec_->Replicas())) {
    return true;
  }
  return spec_->Replicas() == 0 && HasScaleDownDeadline(set);
}

// The set as it is then.
Result<ReplicaSetPtr> RolloutSync::Scale(const ReplicaSetPtr& set, std::int32_t count) {
  const std::int32_t before = set->size.spec;
  if (before == count && !NeedsAnnotations(*set)) return set;
  Object next = *set->object;
  if (before != count) {
    Json spec = SpecOf(next);
    spec["replicas"] = count;
    next.spec = Share(std::move(spec));
  }
  next.meta.annotations.insert_or_assign(std::string(kDesiredReplicas),
                                         std::to_string(spec_->Replicas()));
  if (count == 0 && !DelaysScaleDownOnAbort()) {
    next.meta.annotations.erase(std::string(kScaleDownDeadline));
  }
  auto updated = env_.api.Update(std::move(next), WritePart::kMain);
  if (!updated) return std::move(updated).error();
  ReplicaSetPtr scaled = ViewReplicaSet(std::move(*updated));
  if (before != count) {
    Event("ScalingReplicaSet", fmt::format("Scaled {} ReplicaSet {} (revision {}) from {} to {}",
                                           before < count ? "up" : "down", scaled->name(),
                                           scaled->revision, before, count));
  }
  return scaled;
}

Result<RolloutSync::Scaled> RolloutSync::ScaleTo(const ReplicaSetPtr& set, std::int32_t count) {
  const std::int32_t before = set->size.spec;
  auto scaled = Scale(set, count);
  if (!scaled) return std::move(scaled).error();
  return before == count ? Scaled::kNo : Scaled::kYes;
}

Result<RolloutSync::Scaled> RolloutSync::ReconcileSets() {
  if (IsHalted()) return Scaled::kNo;
  if (auto removed = RemoveDeadlines(); !removed) return std::move(removed).error();
  auto scaled = ReconcileStable();
  if (!scaled || *scaled == Scaled::kYes) return scaled;
  scaled = ReconcileNew();
  if (!scaled || *scaled == Scaled::kYes) return scaled;
  return ReconcileOthers();
}

Result<RolloutSync::Scaled> RolloutSync::ReconcileStable() {
  const SetSizes sizes = Sizes();
  if (!stable_ || sizes.same) return Scaled::kNo;
  // The weights of the last reconcile: the stable set follows the traffic (argo R11).
  const Counts counts = DesiredCounts(*spec_, status_, sizes, status_.weights, Is1_10());
  return ScaleTo(stable_, counts.stable);
}

Result<RolloutSync::Scaled> RolloutSync::ReconcileNew() {
  if (!new_) return Scaled::kNo;
  const Counts counts = DesiredCounts(*spec_, status_, Sizes(), next_.weights, Is1_10());
  if (DelaysScaleDownOnAbort()) return HoldAborted(counts.canary);
  return ScaleTo(new_, counts.canary);
}

// argo R69: the aborted canary stays for a while after the stable set is whole again.
Result<RolloutSync::Scaled> RolloutSync::HoldAborted(std::int32_t count) {
  const auto sync_annotations = [this]() -> Result<void> {
    if (!Is1_10() || !NeedsAnnotations(*new_)) return {};
    auto scaled = Scale(new_, new_->size.spec);
    if (!scaled) return std::move(scaled).error();
    new_ = std::move(*scaled);
    return {};
  };
  if (HasScaleDownDeadline(*new_)) {
    const auto deadline = ParseSeconds(new_->object->meta.Annotation(kScaleDownDeadline));
    if (!deadline) return ScaleTo(new_, count);
    const gate::Nanos remaining = *deadline - Now();
    if (remaining.count() <= 0) return ScaleTo(new_, 0);
    if (remaining >= env_.options.resync) return ScaleTo(new_, count);
    WakeAfter(remaining);
    if (auto synced = sync_annotations(); !synced) return std::move(synced).error();
    return Scaled::kNo;
  }
  if (auto synced = sync_annotations(); !synced) return std::move(synced).error();
  const std::int32_t available = stable_->size.available;
  const bool whole = Is1_10() ? available >= spec_->Replicas() : available == spec_->Replicas();
  if (whole) {
    auto set = SetDeadline(new_, AbortScaleDownDelay(*spec_).seconds);
    if (!set) return std::move(set).error();
  }
  return Scaled::kNo;
}

// Writes or removes the annotation that says until when a set is kept.
Result<void> RolloutSync::SetDeadline(const ReplicaSetPtr& set,
                                      std::optional<std::int32_t> seconds) {
  const bool add = seconds && *seconds != 0;
  if (!add && !HasScaleDownDeadline(*set)) return {};
  // A patch of this annotation alone: the rest may have moved on since the cache saw it.
  auto stored = env_.api.Get(Type::kReplicaSet, set->object->meta.ns, set->name());
  if (!stored) return std::move(stored).error();
  Object next = **stored;
  if (add) {
    const WallSeconds until =
        std::chrono::floor<std::chrono::seconds>(Now() + std::chrono::seconds(*seconds));
    next.meta.annotations.insert_or_assign(std::string(kScaleDownDeadline), FormatSeconds(until));
  } else {
    next.meta.annotations.erase(std::string(kScaleDownDeadline));
  }
  auto updated = env_.api.Update(std::move(next), WritePart::kMain);
  if (!updated) return std::move(updated).error();
  ReplicaSetPtr view = ViewReplicaSet(std::move(*updated));
  const auto replace = [&](ReplicaSetPtr& slot) {
    if (slot && slot->name() == view->name()) slot = view;
  };
  replace(new_);
  replace(stable_);
  return {};
}

Result<void> RolloutSync::RemoveDeadlines() {
  if (new_ && !DelaysScaleDownOnAbort()) {
    if (auto removed = SetDeadline(new_, std::nullopt); !removed) return removed;
  }
  if (stable_) return SetDeadline(stable_, std::nullopt);
  return {};
}

Result<RolloutSync::Scaled> RolloutSync::ReconcileOthers() {
  std::vector<ReplicaSetPtr> active;
  std::copy_if(others_.begin(), others_.end(), std::back_inserter(active),
               [](const ReplicaSetPtr& set) { return set->size.spec > 0; });
  if (active.empty()) return Scaled::kNo;
  const auto down = ScaleDownOthers(std::move(active));
  // The controller forgets such an error: the next event brings it back here.
  if (!down) return Scaled::kNo;
  return *down > 0 ? Scaled::kYes : Scaled::kNo;
}

// Pods that are not available go first: they would only be in the way.
Result<std::vector<ReplicaSetPtr>> RolloutSync::DropUnavailable(std::vector<ReplicaSetPtr> sets) {
  for (ReplicaSetPtr& set : sets) {
    if (set->size.available >= set->size.spec) continue;
    auto scaled = Scale(set, set->size.available);
    if (!scaled) return std::move(scaled).error();
    set = std::move(*scaled);
  }
  return sets;
}

Result<std::int32_t> RolloutSync::ScaleDownOthers(std::vector<ReplicaSetPtr> sets) {
  std::int32_t before = 0;
  for (const ReplicaSetPtr& set : sets) before += set->size.spec;
  auto cleaned = DropUnavailable(std::move(sets));
  if (!cleaned) return std::move(cleaned).error();
  std::int32_t total = before;
  for (const ReplicaSetPtr& set : *cleaned) total -= set->size.spec;

  const Fenceposts posts =
      ResolveFenceposts(spec_->max_surge, spec_->max_unavailable, spec_->Replicas());
  std::int32_t most_down = Available() - (spec_->Replicas() - posts.max_unavailable);
  if (most_down <= 0) return 0;
  std::stable_sort(
      cleaned->begin(), cleaned->end(),
      [](const ReplicaSetPtr& a, const ReplicaSetPtr& b) { return a->revision > b->revision; });
  std::int32_t annotated = 0;
  for (const ReplicaSetPtr& set : *cleaned) {
    if (spec_->routed && IsReferenced(*set)) continue;
    if (most_down <= 0) break;
    if (set->size.spec == 0) continue;
    auto count = OtherSize(set, most_down, annotated);
    if (!count) return std::move(count).error();
    if (*count == set->size.spec) continue;
    if (auto scaled = Scale(set, *count); !scaled) return std::move(scaled).error();
    most_down -= set->size.spec - *count;
    total += set->size.spec - *count;
  }
  return total;
}

// How large a set that is neither new nor stable is to be.
Result<std::int32_t> RolloutSync::OtherSize(const ReplicaSetPtr& set, std::int32_t most_down,
                                            std::int32_t& annotated) {
  if (!spec_->routed) return std::max(0, set->size.spec - most_down);
  // In the middle of an update: an intermediate set that gets no traffic.
  if (!status_.FullyPromoted() && !HasScaleDownDeadline(*set)) return 0;
  if (spec_->dynamic_stable_scale) return 0;
  return DelayScaleDown(set, annotated);
}

Result<std::int32_t> RolloutSync::DelayScaleDown(const ReplicaSetPtr& set,
                                                 std::int32_t& annotated) {
  constexpr std::int32_t kDefaultDelay = 30;
  const std::int32_t limit =
      spec_->scale_down_delay_revision_limit.value_or(std::numeric_limits<std::int32_t>::max());
  if (!HasScaleDownDeadline(*set)) {
    if (annotated >= limit) return 0;
    ++annotated;
    const std::int32_t delay = spec_->scale_down_delay_seconds.value_or(kDefaultDelay);
    if (auto told = SetDeadline(set, delay); !told) return std::move(told).error();
    WakeAfter(std::chrono::seconds(delay));
    return set->size.spec;
  }
  if (++annotated > limit) return 0;
  const auto deadline = ParseSeconds(set->object->meta.Annotation(kScaleDownDeadline));
  if (!deadline) return 0;
  const gate::Nanos remaining = *deadline - Now();
  if (remaining.count() <= 0) return 0;
  if (remaining < env_.options.resync) WakeAfter(remaining);
  return set->size.spec;
}

// Some traffic may still go there.
bool RolloutSync::IsReferenced(const ReplicaSetView& set) const {
  if (set.hash.empty()) return false;
  if (set.hash == status_.stable_hash || set.hash == status_.current_pod_hash) return true;
  if (status_.weights &&
      (set.hash == status_.weights->canary.hash || set.hash == status_.weights->stable.hash)) {
    return true;
  }
  for (const std::string& name : {spec_->canary_service, spec_->stable_service}) {
    if (name.empty()) continue;
    const ObjectPtr service = env_.services.Get(rollout_->meta.ns, name);
    if (!service) continue;
    const std::string pointer = "/selector/" + std::string(kPodHashLabel);
    if (gate::JsonString(SpecOf(*service), pointer.c_str()) == set.hash) return true;
  }
  return false;
}

}  // namespace drill::sim::argo
