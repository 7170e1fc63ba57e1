#include "gate/watch/replica_sets.h"

#include <utility>

namespace gate::watch {

Result<std::vector<Json>> FindReplicaSets(KubeApi& kube, const RolloutFacts& facts,
                                          const std::vector<std::string>& pod_hashes,
                                          const Deadline& deadline) {
  std::string values;
  for (const std::string& hash : pod_hashes) values += (values.empty() ? "" : ",") + hash;
  const std::string labels = std::string(kube::kPodHashLabel) + " in (" + values + ")";
  auto sets = kube.List(kube::kReplicaSets, facts.ns, {.labels = labels, .fields = {}}, deadline);
  if (!sets) return std::move(sets).error().Wrap("listing ReplicaSets");
  // Another Rollout with the same pod template has the same hash.
  std::erase_if(sets->items, [&](const Json& set) {
    return JsonString(set, "/metadata/ownerReferences/0/uid") != facts.uid;
  });
  return std::move(sets->items);
}

}  // namespace gate::watch
