#include "harness/sim/argo/replica_counts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

namespace drill::sim::argo {
namespace {

enum class Round { kUp, kDown };

std::int32_t Resolve(const IntOrPercent& value, std::int32_t replicas, Round round) {
  if (value.kind == IntOrPercent::Kind::kNumber) return static_cast<std::int32_t>(value.value);
  const double share = static_cast<double>(value.value) * static_cast<double>(replicas) / 100;
  return static_cast<std::int32_t>(round == Round::kUp ? std::ceil(share) : std::floor(share));
}

std::int32_t WeightToReplicas(std::int32_t replicas, std::int32_t weight, std::int32_t max_weight) {
  return static_cast<std::int32_t>(
      std::ceil(static_cast<double>(weight) * static_cast<double>(replicas) / max_weight));
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

// argo R10: what a setCanaryScale step at or before the present one asks for.
const CanaryScale* CanaryScaleInUse(const RolloutSpec& spec, const RolloutStatus& status) {
  if (!spec.routed) return nullptr;
  if (status.abort && AbortScaleDownDelay(spec).seconds) return nullptr;
  if (CurrentStep(spec, status) == nullptr) return nullptr;
  for (std::int32_t i = *StepIndex(spec, status); i >= 0; --i) {
    const CanaryStep& step = spec.steps[static_cast<std::size_t>(i)];
    if (step.kind != CanaryStep::Kind::kSetCanaryScale) continue;
    return step.scale.match_traffic_weight ? nullptr : &step.scale;
  }
  return nullptr;
}

struct CanaryTarget {
  std::optional<std::int32_t> replicas;
  std::int32_t weight = 0;
};

CanaryTarget TargetOf(const RolloutSpec& spec, const RolloutStatus& status, const SetSizes& sets) {
  if (status.promote_full || status.stable_hash.empty() || status.FullyPromoted()) {
    return {std::nullopt, spec.max_weight};
  }
  if (const CanaryScale* scale = CanaryScaleInUse(spec, status)) {
    if (scale->replicas) return {scale->replicas, 0};
    if (scale->weight) return {std::nullopt, *scale->weight};
  }
  return {std::nullopt, DesiredCanaryWeight(spec, status, sets)};
}

std::int32_t AtLeastMinPods(const RolloutSpec& spec, std::int32_t count, bool cap) {
  if (count == 0 || !spec.min_pods_per_replica_set || !spec.routed) return count;
  std::int32_t least = *spec.min_pods_per_replica_set;
  if (cap) least = std::min(least, spec.Replicas());
  return std::max(count, least);
}

// argo R11
Counts RoutedCounts(const RolloutSpec& spec, const RolloutStatus& status, const SetSizes& sets,
                    const std::optional<Weights>& weights, bool cap) {
  const std::int32_t n = spec.Replicas();
  const CanaryTarget target = TargetOf(spec, status, sets);
  std::int32_t canary =
      target.replicas
          ? *target.replicas
          : AtLeastMinPods(spec, WeightToReplicas(n, target.weight, spec.max_weight), cap);
  if (!spec.dynamic_stable_scale) return {canary, n};
  std::int32_t stable = WeightToReplicas(n, spec.max_weight - target.weight, spec.max_weight);
  if (weights) {
    stable = std::max(stable, WeightToReplicas(n, weights->stable.weight, spec.max_weight));
    if (status.abort) {
      canary = std::max(canary, WeightToReplicas(n, weights->canary.weight, spec.max_weight));
    }
  }
  return {AtLeastMinPods(spec, canary, cap), AtLeastMinPods(spec, stable, cap)};
}

bool AllCreated(const std::optional<SetSize>& set, std::int32_t desired) {
  return set && desired == set->spec && desired == set->created;
}

}  // namespace

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

std::optional<std::int32_t> StepIndex(const RolloutSpec& spec, const RolloutStatus& status) {
  if (spec.steps.empty()) return std::nullopt;
  return status.step_index.value_or(0);
}

const CanaryStep* CurrentStep(const RolloutSpec& spec, const RolloutStatus& status) {
  const auto index = StepIndex(spec, status);
  if (!index || *index < 0 || *index >= spec.StepCount()) return nullptr;
  return &spec.steps[static_cast<std::size_t>(*index)];
}

std::int32_t CurrentSetWeight(const RolloutSpec& spec, const RolloutStatus& status) {
  if (status.abort) return 0;
  if (CurrentStep(spec, status) == nullptr) return spec.max_weight;
  for (std::int32_t i = *StepIndex(spec, status); i >= 0; --i) {
    const CanaryStep& step = spec.steps[static_cast<std::size_t>(i)];
    if (step.kind == CanaryStep::Kind::kSetWeight) return step.weight;
  }
  return 0;
}

std::int32_t DesiredCanaryWeight(const RolloutSpec& spec, const RolloutStatus& status,
                                 const SetSizes& sets) {
  if (!status.abort || !spec.dynamic_stable_scale || !sets.canary || !sets.stable) {
    return CurrentSetWeight(spec, status);
  }
  const std::int32_t n = spec.Replicas();
  const std::int32_t canary = std::max(n - sets.stable->available, sets.canary->available);
  for (auto step = spec.steps.rbegin(); step != spec.steps.rend(); ++step) {
    if (step->kind != CanaryStep::Kind::kSetWeight) continue;
    if (WeightToReplicas(n, step->weight, spec.max_weight) < canary) return step->weight;
  }
  return 0;
}

Counts DesiredCounts(const RolloutSpec& spec, const RolloutStatus& status, const SetSizes& sets,
                     const std::optional<Weights>& weights, bool cap_min_pods) {
  if (spec.routed) return RoutedCounts(spec, status, sets, weights, cap_min_pods);
  const std::int32_t n = spec.Replicas();
  return BasicCanaryCounts(n, TargetOf(spec, status, sets).weight, spec.max_weight,
                           ResolveFenceposts(spec.max_surge, spec.max_unavailable, n), sets);
}

bool AtDesiredCounts(const RolloutSpec& spec, const RolloutStatus& status, const SetSizes& sets,
                     const std::optional<Weights>& weights, bool cap_min_pods) {
  const Counts desired = DesiredCounts(spec, status, sets, weights, cap_min_pods);
  if (!ProgressThresholdMet(spec, sets.canary, desired.canary)) return false;
  if ((!spec.routed || !spec.dynamic_stable_scale) && !AllCreated(sets.stable, desired.stable)) {
    return false;
  }
  return spec.routed || sets.others_available == 0;
}

bool ProgressThresholdMet(const RolloutSpec& spec, const std::optional<SetSize>& set,
                          std::int32_t desired) {
  const auto& threshold = spec.progress_threshold;
  if (!threshold || !set || threshold->value < 0) {
    return set && desired == set->spec && desired == set->available;
  }
  if (threshold->kind == IntOrPercent::Kind::kNumber) return set->available >= threshold->value;
  if (desired == 0) return true;
  const double percent = static_cast<double>(set->available) / static_cast<double>(desired) * 100;
  constexpr double kTolerance = 1e-10;
  return percent >= static_cast<double>(threshold->value) - kTolerance;
}

AbortDelay AbortScaleDownDelay(const RolloutSpec& spec) {
  constexpr std::int32_t kDefaultDelay = 30;
  if (!spec.routed) return {0, false};
  if (!spec.abort_scale_down_delay_seconds) return {kDefaultDelay, false};
  if (*spec.abort_scale_down_delay_seconds == 0) return {std::nullopt, true};
  return {*spec.abort_scale_down_delay_seconds, true};
}

}  // namespace drill::sim::argo
