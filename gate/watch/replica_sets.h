#pragma once

#include <optional>
#include <string>

#include "gate/base/result.h"
#include "gate/base/strict_json.h"
#include "gate/seams/deadline.h"
#include "gate/seams/kube_api.h"
#include "gate/watch/rollout_facts.h"

namespace gate::watch {

// The ReplicaSet of this Rollout with this pod hash, if there is one. Errors as of KubeApi.
Result<std::optional<Json>> FindReplicaSet(KubeApi& kube, const RolloutFacts& facts,
                                           const std::string& pod_hash, const Deadline& deadline);

}  // namespace gate::watch
