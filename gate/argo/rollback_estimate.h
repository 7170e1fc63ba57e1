#pragma once

#include <cstdint>
#include <optional>

#include "gate/argo/replica_counts.h"
#include "gate/base/time.h"

// How long the stable version takes to serve alone again after a canary was aborted, without
// traffic router: argo R6, R7 and R67.
namespace gate::argo {

// No estimate is longer.
inline constexpr Nanos kLongestRollback = std::chrono::hours(24 * 365);

struct RollbackShape {
  std::int32_t replicas = 1;  // at most kMaxReplicas
  std::int32_t weight = 0;    // of the canary when it is aborted, at most 100
  IntOrPercent max_surge;
  IntOrPercent max_unavailable;
  Nanos pod_time{0};  // from a pod's creation until it counts as available
};

struct RollbackEstimate {
  Counts before;           // when the canary is aborted
  std::int32_t waves = 0;  // how often new stable pods have to be waited for
  Nanos time{0};           // waves, each as long as a pod takes; at most kLongestRollback
};

// Each wave creates as many stable pods as maxSurge and maxUnavailable leave room for, and the next
// one can begin only when those are available. A pod that is deleted counts as gone at once.
RollbackEstimate EstimateRollback(const RollbackShape& shape);

// The smallest percentages that on their own, everything else being as it is, bring the rollback to
// `limit` or below; absent if none does.
struct FasterRollback {
  std::optional<std::int32_t> max_surge_percent;
  std::optional<std::int32_t> max_unavailable_percent;
};
FasterRollback FindFasterRollback(const RollbackShape& shape, Nanos limit);

}  // namespace gate::argo
