#include "gate/watch/replica_sets.h"

#include <utility>

namespace gate::watch {

Result<std::optional<Json>> FindReplicaSet(KubeApi& kube, const RolloutFacts& facts,
                                           const std::string& pod_hash, const Deadline& deadline) {
  const std::string label = std::string(kube::kPodHashLabel) + "=" + pod_hash;
  auto sets = kube.List(kube::kReplicaSets, facts.ns, {.labels = label, .fields = {}}, deadline);
  if (!sets) return std::move(sets).error().Wrap("listing ReplicaSets");
  for (Json& set : sets->items) {
    if (JsonString(set, "/metadata/ownerReferences/0/uid") == facts.uid) {
      return std::optional(std::move(set));
    }
  }
  return std::optional<Json>();
}

}  // namespace gate::watch
