#include "gate/argo/replica_counts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

namespace gate::argo {
namespace {

enum class Round { kUp, kDown };

std::int32_t Resolve(const IntOrPercent& value, std::int32_t replicas, Round round) {
  if (value.kind == IntOrPercent::Kind::kNumber) return static_cast<std::int32_t>(value.value);
  const double share = static_cast<double>(value.value) * static_cast<double>(replicas) / 100;
  return static_cast<std::int32_t>(round == Round::kUp ? std::ceil(share) : std::floor(share));
}

// The two roundings of the canary's share are equally far from it: the larger is taken.
bool IsTied(std::int32_t weight, std::int32_t max_weight, std::int32_t total) {
  double whole = 0;
  const double share = static_cast<double>(weight) / static_cast<double>(max_weight);
  return std::modf(static_cast<double>(total) * share, &whole) == 0.5;
}

// Replicas that count as there when others are scaled down.
enum class Availability { kRespected, kIgnored };
std::int32_t ForScaleDown(const std::optional<SetSize>& set, Availability availability) {
  if (!set) return 0;
  if (set->spec < set->available || availability == Availability::kIgnored) return set->spec;
  return set->available;
}

std::int32_t ScaledDown(const std::optional<SetSize>& set, std::int32_t desired,
                        std::int32_t scale_down, std::int32_t count) {
  if (!set || set->spec <= desired) return count;
  return std::max(desired, set->spec - scale_down);
}

struct Limits {
  std::int32_t most;           // spec replicas of all sets
  std::int32_t min_available;  // of all sets
};

// Keeps the counts within maxSurge and maxUnavailable: `drained` is the set that shrinks whatever
// its availability, `other` the one whose availability matters.
struct Adjusted {
  std::int32_t drained;
  std::int32_t other;
};
Adjusted AdjustWithinLimits(const std::optional<SetSize>& drained_set,
                            const std::optional<SetSize>& other_set, Adjusted counts,
                            const Limits& limits) {
  if (!other_set) return counts;
  std::int32_t available =
      drained_set ? std::min(drained_set->available, counts.drained) : std::int32_t{0};
  counts.other -= std::max(0, counts.other + counts.drained - limits.most);
  available += std::min(other_set->available, counts.other);
  const std::int32_t taken = std::max(0, other_set->available - counts.other);
  const std::int32_t missing = std::max(0, limits.min_available - available);
  counts.other += std::min(taken, missing);
  counts.drained -= std::max(0, counts.other + counts.drained - limits.most);
  return counts;
}

bool StableIsOther(const SetSizes& sets) { return sets.stable && !sets.same; }

// The part of R7 that scales up: the stable set first, each as far as there is room.
Counts ScaledUp(const SetSizes& sets, const Counts& desired, std::int32_t room) {
  Counts counts{sets.canary ? sets.canary->spec : 0, 0};
  if (StableIsOther(sets)) {
    counts.stable = sets.stable->spec;
    if (counts.stable < desired.stable && room > 0) {
      const std::int32_t added = std::min(room, desired.stable - counts.stable);
      counts.stable += added;
      room -= added;
    }
  }
  if (sets.canary && counts.canary < desired.canary && room > 0) {
    counts.canary += std::min(room, desired.canary - counts.canary);
  }
  return counts;
}

}  // namespace

std::int32_t WeightToReplicas(std::int32_t replicas, std::int32_t weight, std::int32_t max_weight) {
  return static_cast<std::int32_t>(
      std::ceil(static_cast<double>(weight) * static_cast<double>(replicas) / max_weight));
}

Fenceposts ResolveFenceposts(const IntOrPercent& max_surge, const IntOrPercent& max_unavailable,
                             std::int32_t replicas) {
  Fenceposts posts{Resolve(max_surge, replicas, Round::kUp),
                   Resolve(max_unavailable, replicas, Round::kDown)};
  if (posts.max_surge == 0 && posts.max_unavailable == 0) posts.max_unavailable = 1;
  posts.max_unavailable = std::min(posts.max_unavailable, replicas);
  return posts;
}

Counts ApproximateCounts(std::int32_t replicas, std::int32_t weight, std::int32_t max_weight,
                         std::int32_t max_surge) {
  if (replicas == 0) return {};
  const double share = static_cast<double>(replicas * weight) / static_cast<double>(max_weight);
  const auto ceiling = static_cast<std::int32_t>(std::ceil(share));
  const auto floor = static_cast<std::int32_t>(std::floor(share));
  const bool zero_allowed =
      weight == max_weight || weight == 0 || (replicas == 1 && max_surge == 0);

  struct Option {
    bool allowed;
    std::int32_t canary;
    std::int32_t total;
  };
  const bool floor_allowed = floor != 0 || zero_allowed;
  const std::array options = {
      Option{ceiling < replicas || zero_allowed, ceiling, replicas},
      Option{floor_allowed && !IsTied(weight, max_weight, replicas), floor, replicas},
      Option{max_surge > 0, ceiling, replicas + 1},
      Option{max_surge > 0 && floor_allowed && !IsTied(weight, max_weight, replicas + 1), floor,
             replicas + 1}};
  const Option* best = nullptr;
  double best_delta = 0;
  for (const Option& option : options) {
    if (!option.allowed) continue;
    const double actual =
        static_cast<double>(option.canary * max_weight) / static_cast<double>(option.total);
    const double delta = std::abs(actual - static_cast<double>(weight));
    if (best != nullptr && delta >= best_delta) continue;
    best = &option;
    best_delta = delta;
  }
  if (best == nullptr) return {0, replicas};
  return {best->canary, best->total - best->canary};
}

Counts BasicCanaryCounts(std::int32_t replicas, std::int32_t weight, std::int32_t max_weight,
                         const Fenceposts& posts, const SetSizes& sets) {
  const bool stable_is_other = StableIsOther(sets);
  // argo R9: without another stable set, the new one goes straight to all.
  const Counts desired = stable_is_other
                             ? ApproximateCounts(replicas, weight, max_weight, posts.max_surge)
                             : Counts{replicas, 0};
  const Limits limits{replicas + posts.max_surge, replicas - posts.max_unavailable};
  const std::int32_t present = sets.others + (sets.canary ? sets.canary->spec : 0) +
                               (stable_is_other ? sets.stable->spec : 0);
  Counts counts = ScaledUp(sets, desired, limits.most - present);
  if (sets.others > 0) return counts;  // those go first

  // The availability of the set that shrinks does not count: a canary that crashes can go at once.
  const bool increasing = !sets.canary || desired.canary >= sets.canary->spec;
  const auto ignore_if = [](bool ignored) {
    return ignored ? Availability::kIgnored : Availability::kRespected;
  };
  const std::int32_t present_pods = ForScaleDown(sets.canary, ignore_if(!increasing)) +
                                    ForScaleDown(sets.stable, ignore_if(increasing));
  if (present_pods <= limits.min_available) return counts;
  const std::int32_t scale_down = present_pods - limits.min_available;
  if (!increasing) {
    counts.canary = ScaledDown(sets.canary, desired.canary, scale_down, counts.canary);
    const Adjusted adjusted =
        AdjustWithinLimits(sets.canary, sets.stable, {counts.canary, counts.stable}, limits);
    return {adjusted.drained, adjusted.other};
  }
  if (!stable_is_other) return counts;
  counts.stable = ScaledDown(sets.stable, desired.stable, scale_down, counts.stable);
  const Adjusted adjusted =
      AdjustWithinLimits(sets.stable, sets.canary, {counts.stable, counts.canary}, limits);
  return {adjusted.other, adjusted.drained};
}

}  // namespace gate::argo
