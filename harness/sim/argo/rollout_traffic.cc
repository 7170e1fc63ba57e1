// Services and traffic weights (argo R12 to R14, R69).

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "harness/sim/argo/names.h"
#include "harness/sim/argo/rollout_sync.h"
#include "harness/sim/kube/fields.h"

namespace drill::sim::argo {

using gate::Error;
using gate::ErrorCode;
using gate::Json;
using gate::Result;

namespace {

constexpr gate::Nanos kVerifyAgain = std::chrono::seconds(10);

}  // namespace

// With dynamicStableScale: an update was interrupted to go back to stable, which is not whole yet.
// Then: the hash that still gets traffic.
std::optional<std::string> RolloutSync::RollingBackFrom() const {
  if (!status_.FullyPromoted() || !spec_->routed || !spec_->dynamic_stable_scale ||
      !status_.weights || !new_) {
    return std::nullopt;
  }
  const std::string& from = status_.weights->canary.hash;
  if (from == new_->hash || new_->size.available >= spec_->Replicas()) return std::nullopt;
  return from;
}

Result<void> RolloutSync::ReconcileServices() {
  if (auto done = PointService(spec_->stable_service, stable_, true); !done) return done;
  if (pause_.IsAborted(status_) && !spec_->routed) {
    return PointService(spec_->canary_service, stable_, true);
  }
  if (RollingBackFrom()) return {};
  return PointService(spec_->canary_service, new_, true);
}

Result<void> RolloutSync::PointService(const std::string& name, const ReplicaSetPtr& set,
                                       bool check_availability) {
  if (!set || name.empty()) return {};
  const ObjectPtr service = env_.services.Get(rollout_->meta.ns, name);
  if (!service) return Error{ErrorCode::kNotFound, fmt::format("service \"{}\" not found", name)};
  const std::string before = TextOf(Member(SpecOf(*service), "selector"), kPodHashLabel);
  if (before == set->hash) return {};
  const bool adopted = service->meta.annotations.count(std::string(kManagedBy)) > 0;
  const SetSize& size = set->size;
  if (check_availability) {
    const bool all = size.spec != 0 && size.available != 0 && size.spec <= size.available;
    if (!adopted && !all) return {};
    if (size.available == 0) return {};
  }
  auto stored = env_.api.Get(Type::kService, rollout_->meta.ns, name);
  if (!stored) return std::move(stored).error();
  Object next = **stored;
  Json spec = SpecOf(next);
  spec["selector"][std::string(kPodHashLabel)] = set->hash;
  next.spec = Share(std::move(spec));
  if (!adopted) {
    next.meta.annotations.insert_or_assign(std::string(kManagedBy), rollout_->meta.name);
  }
  if (auto updated = env_.api.Update(std::move(next), WritePart::kMain); !updated) {
    return std::move(updated).error();
  }
  Event("SwitchService", fmt::format("Switched selector for service '{}' from '{}' to '{}'", name,
                                     before, set->hash));
  return {};
}

// The stable set can take its share of the traffic.
bool RolloutSync::StableCarries(std::int32_t weight) const {
  if (!stable_) return false;
  const std::int32_t desired = weight * spec_->Replicas() / spec_->max_weight;
  return stable_->size.available >= desired || ProgressThresholdMet(*spec_, stable_->size, desired);
}

// argo R13
std::int32_t RolloutSync::WeightOnAbort() const {
  const std::int32_t n = spec_->Replicas();
  if (!spec_->dynamic_stable_scale || !stable_ || !new_ || n == 0) return 0;
  const std::int32_t most = spec_->max_weight;
  const std::int32_t desired = DesiredCanaryWeight(*spec_, status_, Sizes());
  const std::int32_t carried = most * stable_->size.available / n;
  const std::int32_t expected = std::max(0, most - carried);
  if (!status_.weights) return std::max(expected, desired);
  const std::int32_t current = status_.weights->canary.weight;
  if (desired <= 0) return std::min(expected, current);
  if (carried < most - desired) return current;
  return std::min(desired, current);
}

// While the new set is not at its size: the weight of the step before.
std::int32_t RolloutSync::WeightInSteps() const {
  const auto index = StepIndex(*spec_, status_);
  if (!index) return 0;
  if (!AtDesiredCounts(*spec_, status_, Sizes(), std::nullopt, Is1_10())) {
    for (std::int32_t i = std::min(*index, spec_->StepCount()) - 1; i >= 0; --i) {
      const CanaryStep& step = spec_->steps[static_cast<std::size_t>(i)];
      if (step.kind == CanaryStep::Kind::kSetWeight) return step.weight;
    }
    return 0;
  }
  return *index != spec_->StepCount() ? CurrentSetWeight(*spec_, status_) : spec_->max_weight;
}

// argo R12
Result<std::int32_t> RolloutSync::DesiredWeight(std::string& canary_hash) {
  if (const auto from = RollingBackFrom()) {
    canary_hash = *from;
    return WeightOnAbort();
  }
  if (status_.FullyPromoted()) return 0;
  if (pause_.IsAborted(status_)) {
    const std::int32_t weight = WeightOnAbort();
    if (weight == 0 || !spec_->dynamic_stable_scale) {
      auto pointed = PointService(spec_->canary_service, stable_, false);
      if (!pointed) return std::move(pointed).error();
    }
    return weight;
  }
  if (!new_ || new_->size.available == 0) return 0;
  if (status_.promote_full) {
    if (spec_->dynamic_stable_scale) {
      return spec_->max_weight * new_->size.available / std::max(1, spec_->Replicas());
    }
    return status_.weights ? status_.weights->canary.weight : 0;
  }
  return WeightInSteps();
}

bool RolloutSync::VerifiesWeight(std::int32_t weight) const {
  if (status_.stable_hash.empty() || status_.FullyPromoted()) return false;
  const CanaryStep* step = CurrentStep(*spec_, status_);
  if (step != nullptr) return step->kind == CanaryStep::Kind::kSetWeight;
  return weight == spec_->max_weight;
}

Result<void> RolloutSync::ReconcileTraffic() {
  if (!spec_->routed) {
    next_.weights.reset();
    return {};
  }
  std::string canary_hash = new_ ? new_->hash : "";
  auto weight = DesiredWeight(canary_hash);
  if (!weight) return std::move(weight).error();
  if (!StableCarries(spec_->max_weight - *weight)) return {};
  env_.router.SetWeight(rollout_->meta.uid, *weight, env_.world.Now());

  Weights weights;
  weights.canary = {*weight, spec_->canary_service, canary_hash};
  weights.stable = {spec_->max_weight - *weight, spec_->stable_service,
                    stable_ ? stable_->hash : ""};
  const auto& before = status_.weights;
  if (!before || before->canary != weights.canary || before->stable != weights.stable) {
    std::string details;
    if (!before) {
      details = fmt::format("to {}", *weight);
    } else if (before->canary.weight != *weight) {
      details = fmt::format("from {} to {}", before->canary.weight, *weight);
    }
    Event("TrafficWeightUpdated", "Traffic weight updated " + details);
    next_.weights = weights;
  }
  next_.weights->verified.reset();
  if (VerifiesWeight(*weight)) {
    next_.weights->verified = env_.router.Verify(rollout_->meta.uid, env_.world.Now());
  }
  if (next_.weights->verified.value_or(true)) return {};
  WakeAfter(kVerifyAgain);
  // At the end nothing goes on until all the traffic has moved.
  if (*weight == spec_->max_weight) {
    return Error{ErrorCode::kUnavailable,
                 fmt::format("end of rollout, desired weight {} not yet verified", *weight)};
  }
  return {};
}

}  // namespace drill::sim::argo
