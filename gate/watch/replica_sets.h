#pragma once

#include <string>
#include <vector>

#include "gate/base/result.h"
#include "gate/base/strict_json.h"
#include "gate/seams/deadline.h"
#include "gate/seams/kube_api.h"
#include "gate/watch/rollout_facts.h"

namespace gate::watch {

// The ReplicaSets of this Rollout with these pod hashes: those that there are. Errors as of
// KubeApi.
Result<std::vector<Json>> FindReplicaSets(KubeApi& kube, const RolloutFacts& facts,
                                          const std::vector<std::string>& pod_hashes,
                                          const Deadline& deadline);

}  // namespace gate::watch
