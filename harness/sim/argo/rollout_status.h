#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/sim/kube/object.h"

namespace drill::sim::argo {

struct Condition {
  std::string type;
  std::string status;
  std::string reason;
  std::string message;
  WallSeconds updated{};
  WallSeconds transitioned{};
  bool operator==(const Condition&) const = default;
};

// argo R19
inline constexpr std::string_view kInconclusiveAnalysis = "InconclusiveAnalysisRun";
inline constexpr std::string_view kCanaryPauseStep = "CanaryPauseStep";

struct PauseCondition {
  std::string reason;
  WallSeconds start{};
  bool operator==(const PauseCondition&) const = default;
};

// argo R26: what the Rollout mirrors of an AnalysisRun.
struct RunMirror {
  std::string name;
  std::string phase;
  std::string message;
  bool operator==(const RunMirror&) const = default;
};

struct WeightDestination {
  std::int32_t weight = 0;
  std::string service;
  std::string hash;
  bool operator==(const WeightDestination&) const = default;
};

struct Weights {
  WeightDestination canary;
  WeightDestination stable;
  std::optional<bool> verified;
  bool operator==(const Weights&) const = default;
};

// The status of a canary Rollout (argo R81).
struct RolloutStatus {
  bool abort = false;
  std::vector<PauseCondition> pause_conditions;
  bool controller_pause = false;
  std::optional<WallSeconds> aborted_at;
  std::string current_pod_hash;
  std::string current_step_hash;
  std::int32_t replicas = 0;
  std::int32_t updated_replicas = 0;
  std::int32_t ready_replicas = 0;
  std::int32_t available_replicas = 0;
  std::optional<std::int32_t> step_index;
  std::optional<std::int32_t> collision_count;
  std::string observed_generation;
  std::vector<Condition> conditions;
  std::optional<RunMirror> step_run;
  std::optional<RunMirror> background_run;
  std::optional<Weights> weights;
  std::int32_t hpa_replicas = 0;
  std::string selector;
  std::string stable_hash;
  bool promote_full = false;
  std::string phase;
  std::string message;
  bool operator==(const RolloutStatus&) const = default;

  bool HasPause(std::string_view reason) const;
  // The stable hash is the current one. Also so while both are unknown.
  bool FullyPromoted() const { return stable_hash == current_pod_hash; }
};

RolloutStatus ReadRolloutStatus(const gate::Json& json);
gate::Json ToJson(const RolloutStatus& status);

}  // namespace drill::sim::argo
