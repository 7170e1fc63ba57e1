#include "harness/sim/argo/replica_set_view.h"

#include <algorithm>
#include <array>
#include <utility>

#include "harness/sim/argo/names.h"
#include "harness/sim/kube/fields.h"

namespace drill::sim::argo {
namespace {

bool IsCopied(std::string_view annotation) {
  constexpr std::array kSkipped = {kLastApplied, kRevision, kRevisionHistory, kDesiredReplicas,
                                   kNotified};
  return std::find(kSkipped.begin(), kSkipped.end(), annotation) == kSkipped.end();
}

const std::string& Value(const StringMap& map, std::string_view key) {
  static const std::string kNone;
  const auto found = map.find(key);
  return found == map.end() ? kNone : found->second;
}

void Set(StringMap& map, std::string_view key, std::string value) {
  map.insert_or_assign(std::string(key), std::move(value));
}

}  // namespace

ReplicaSetPtr ViewReplicaSet(ObjectPtr object) {
  auto view = std::make_shared<ReplicaSetView>();
  view->hash = object->meta.Label(kPodHashLabel);
  const gate::Json& status = StatusOf(*object);
  view->ready = Int32Of(status, "readyReplicas");
  view->size = {Int32Of(SpecOf(*object), "replicas", 1), Int32Of(status, "replicas"),
                Int32Of(status, "availableReplicas")};
  view->revision = RevisionOf(object->meta);
  view->object = std::move(object);
  return view;
}

std::int64_t RevisionOf(const Meta& meta) {
  return ParseInt(meta.Annotation(kRevision)).value_or(0);
}

bool HasScaleDownDeadline(const ReplicaSetView& set) {
  return !set.object->meta.Annotation(kScaleDownDeadline).empty();
}

StringMap NewSetAnnotations(const Object& rollout, const StringMap& present, std::int64_t revision,
                            SetAge age, std::int32_t replicas) {
  StringMap next = present;
  for (const auto& [name, value] : rollout.meta.annotations) {
    if (IsCopied(name)) next.insert_or_assign(name, value);
  }
  const std::string old_revision = Value(present, kRevision);
  const auto old_number = ParseInt(old_revision.empty() ? "0" : old_revision);
  if (!old_number) return next;
  if (*old_number < revision) Set(next, kRevision, std::to_string(revision));
  if (!old_revision.empty() && next != present) {
    const std::string& history = Value(present, kRevisionHistory);
    Set(next, kRevisionHistory, history.empty() ? old_revision : history + "," + old_revision);
  }
  if (age == SetAge::kFresh) Set(next, kDesiredReplicas, std::to_string(replicas));
  return next;
}

std::int64_t MaxRevision(const std::vector<ReplicaSetPtr>& sets) {
  std::int64_t most = 0;
  for (const ReplicaSetPtr& set : sets) most = std::max(most, set->revision);
  return most;
}

}  // namespace drill::sim::argo
