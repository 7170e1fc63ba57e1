#include "gate/argo/rollback_estimate.h"

#include <algorithm>

#include "gate/base/check.h"

namespace gate::argo {
namespace {

constexpr std::int32_t kMaxWeight = 100;

// Where the controller comes to rest until more pods are available.
SetSizes Settled(const RollbackShape& shape, const Fenceposts& posts, SetSizes sets) {
  // Every pass moves pods towards the end: at most one for each that is to go or to come.
  for (std::int32_t pass = 0; pass <= 2 * kMaxReplicas; ++pass) {
    const Counts next = BasicCanaryCounts(shape.replicas, /*weight=*/0, kMaxWeight, posts, sets);
    if (next == Counts{sets.canary->spec, sets.stable->spec}) break;
    sets.canary = SetSize{next.canary, next.canary, next.canary};
    sets.stable->spec = next.stable;
    sets.stable->available = std::min(sets.stable->available, next.stable);
  }
  return sets;
}

template <typename Change>
std::optional<std::int32_t> SmallestPercent(RollbackShape shape, Nanos limit, Change change) {
  for (std::int32_t percent = 1; percent <= 100; ++percent) {
    change(shape, IntOrPercent{IntOrPercent::Kind::kPercent, percent});
    if (EstimateRollback(shape).time <= limit) return percent;
  }
  return std::nullopt;
}

}  // namespace

RollbackEstimate EstimateRollback(const RollbackShape& shape) {
  GATE_CHECK(shape.replicas >= 0 && shape.replicas <= kMaxReplicas);
  GATE_CHECK(shape.weight >= 0 && shape.weight <= kMaxWeight);
  const Fenceposts posts =
      ResolveFenceposts(shape.max_surge, shape.max_unavailable, shape.replicas);
  RollbackEstimate estimate;
  estimate.before = ApproximateCounts(shape.replicas, shape.weight, kMaxWeight, posts.max_surge);
  SetSizes sets;
  sets.canary = SetSize{estimate.before.canary, estimate.before.canary, estimate.before.canary};
  sets.stable = SetSize{estimate.before.stable, estimate.before.stable, estimate.before.stable};
  for (sets = Settled(shape, posts, sets); sets.stable->available < sets.stable->spec;
       sets = Settled(shape, posts, sets)) {
    sets.stable->available = sets.stable->spec;
    ++estimate.waves;
  }
  const bool too_long = estimate.waves > 0 && shape.pod_time > kLongestRollback / estimate.waves;
  estimate.time = too_long ? kLongestRollback : estimate.waves * shape.pod_time;
  return estimate;
}

FasterRollback FindFasterRollback(const RollbackShape& shape, Nanos limit) {
  return {SmallestPercent(
              shape, limit,
              [](RollbackShape& changed, const IntOrPercent& value) { changed.max_surge = value; }),
          SmallestPercent(shape, limit, [](RollbackShape& changed, const IntOrPercent& value) {
            changed.max_unavailable = value;
          })};
}

}  // namespace gate::argo
