#pragma once

#include <cstdint>
#include <optional>

#include "gate/argo/replica_counts.h"
#include "harness/sim/argo/rollout_spec.h"
#include "harness/sim/argo/rollout_status.h"

// How many pods each ReplicaSet of a Rollout in some status is to have: argo R8 to R15, pure
// arithmetic on top of gate/argo.
namespace drill::sim::argo {

using gate::argo::ApproximateCounts;
using gate::argo::BasicCanaryCounts;
using gate::argo::Counts;
using gate::argo::Fenceposts;
using gate::argo::ResolveFenceposts;
using gate::argo::SetSize;
using gate::argo::SetSizes;
using gate::argo::WeightToReplicas;

// The index of the present step, if there are steps; it may be one past the last.
std::optional<std::int32_t> StepIndex(const RolloutSpec& spec, const RolloutStatus& status);
// Null if there are no steps or all are done.
const CanaryStep* CurrentStep(const RolloutSpec& spec, const RolloutStatus& status);

// argo R8
std::int32_t CurrentSetWeight(const RolloutSpec& spec, const RolloutStatus& status);
// argo R8, R13
std::int32_t DesiredCanaryWeight(const RolloutSpec& spec, const RolloutStatus& status,
                                 const SetSizes& sets);

// argo R7 or R11, whichever the spec asks for. `weights`: the traffic weights to go by (R11).
Counts DesiredCounts(const RolloutSpec& spec, const RolloutStatus& status, const SetSizes& sets,
                     const std::optional<Weights>& weights, bool cap_min_pods);

// argo R15
bool AtDesiredCounts(const RolloutSpec& spec, const RolloutStatus& status, const SetSizes& sets,
                     const std::optional<Weights>& weights, bool cap_min_pods);

// replicaProgressThreshold, or all of `desired` available.
bool ProgressThresholdMet(const RolloutSpec& spec, const std::optional<SetSize>& set,
                          std::int32_t desired);

// argo R69. No delay at all: the canary is to be left as it is (explicitly 0).
struct AbortDelay {
  std::optional<std::int32_t> seconds;
  bool explicitly = false;
};
AbortDelay AbortScaleDownDelay(const RolloutSpec& spec);

}  // namespace drill::sim::argo
