#include "harness/sim/argo/replica_counts.h"

#include <algorithm>

namespace drill::sim::argo {
namespace {

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
