#pragma once

#include <cstdint>
#include <optional>

#include "harness/sim/argo/rollout_spec.h"
#include "harness/sim/argo/rollout_status.h"

// How many pods each ReplicaSet is to have: argo R6 to R13, pure arithmetic.
namespace drill::sim::argo {

// A ReplicaSet as the arithmetic sees it.
struct SetSize {
  std::int32_t spec = 0;
  std::int32_t created = 0;    // status.replicas
  std::int32_t available = 0;  // status.availableReplicas
};

struct Counts {
  std::int32_t canary = 0;
  std::int32_t stable = 0;
  bool operator==(const Counts&) const = default;
};

struct Fenceposts {
  std::int32_t max_surge = 0;
  std::int32_t max_unavailable = 0;
};

// argo R6: surge is rounded up, unavailability down; not both are 0; at most all are unavailable.
Fenceposts ResolveFenceposts(const IntOrPercent& max_surge, const IntOrPercent& max_unavailable,
                             std::int32_t replicas);

// argo R6
Counts ApproximateCounts(std::int32_t replicas, std::int32_t weight, std::int32_t max_weight,
                         std::int32_t max_surge);

// What is there now. `stable` may be the very set that is `canary` (nothing is rolled out).
struct SetSizes {
  std::optional<SetSize> canary;
  std::optional<SetSize> stable;
  bool same = false;
  std::int32_t others = 0;            // the sum of their spec
  std::int32_t others_available = 0;  // and of their available pods
};

// argo R7: the next sizes on the way to `weight`, without traffic router.
Counts BasicCanaryCounts(std::int32_t replicas, std::int32_t weight, std::int32_t max_weight,
                         const Fenceposts& posts, const SetSizes& sets);

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
