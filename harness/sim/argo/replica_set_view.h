#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "harness/sim/argo/replica_counts.h"
#include "harness/sim/kube/object.h"

namespace drill::sim::argo {

// A ReplicaSet as the cache had it when the reconcile began.
struct ReplicaSetView {
  ObjectPtr object;
  std::string hash;
  std::int32_t ready = 0;
  SetSize size;
  std::int64_t revision = 0;  // 0: none

  const std::string& name() const { return object->meta.name; }
  WallSeconds created() const { return object->meta.created; }
};
using ReplicaSetPtr = std::shared_ptr<const ReplicaSetView>;

ReplicaSetPtr ViewReplicaSet(ObjectPtr object);

// The revision annotation; 0 if there is none or it is no number.
std::int64_t RevisionOf(const Meta& meta);

bool HasScaleDownDeadline(const ReplicaSetView& set);

// What the annotations of the ReplicaSet that a Rollout is at have to be (argo R80): the Rollout's
// own ones, the revision (never lowered, old ones remembered), and for a fresh one the size.
enum class SetAge { kFresh, kKnown };
StringMap NewSetAnnotations(const Object& rollout, const StringMap& present, std::int64_t revision,
                            SetAge age, std::int32_t replicas);

std::int64_t MaxRevision(const std::vector<ReplicaSetPtr>& sets);

}  // namespace drill::sim::argo
