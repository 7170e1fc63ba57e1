#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gate/argo/replica_counts.h"
#include "gate/base/result.h"
#include "harness/sim/kube/object.h"

namespace drill::sim::argo {

using gate::argo::IntOrPercent;

struct TemplateRef {
  std::string name;
  bool cluster_scope = false;
};

// An argument as a Rollout gives it (argo R30).
struct RolloutArg {
  enum class From { kValue, kStableHash, kLatestHash, kField } from = From::kValue;
  std::string name;
  std::string value;  // kField: the path
};

// spec.strategy.canary.analysis or an analysis step.
struct AnalysisSpec {
  std::vector<TemplateRef> templates;
  std::vector<RolloutArg> args;
  gate::Json dry_run;    // null or an array
  gate::Json retention;  // null or an array
  StringMap labels;      // analysisRunMetadata
  StringMap annotations;
  std::optional<std::int32_t> starting_step;  // background only
};

struct CanaryScale {
  std::optional<std::int32_t> weight;
  std::optional<std::int32_t> replicas;
  bool match_traffic_weight = false;
};

struct PauseSpec {
  std::optional<std::int32_t> seconds;  // none: until somebody resumes. -1: not a duration
  std::string text;                     // as written
};

struct CanaryStep {
  enum class Kind { kSetWeight, kPause, kAnalysis, kSetCanaryScale, kRoute } kind;
  std::int32_t weight = 0;
  PauseSpec pause;
  AnalysisSpec analysis;
  CanaryScale scale;
  std::string text;  // "setWeight: 20", as events name it (argo R17)
};

// What the controller reads in the spec of a canary Rollout.
struct RolloutSpec {
  std::optional<std::int32_t> replicas;
  StringMap selector;                      // matchLabels
  std::shared_ptr<const gate::Json> json;  // the whole spec
  std::int32_t min_ready_seconds = 0;
  std::int32_t revision_history_limit = 10;
  std::int32_t progress_deadline_seconds = 600;
  bool progress_deadline_abort = false;
  bool paused = false;
  std::int32_t rollback_window = 0;  // revisions; 0: none (argo R77)
  std::int32_t keep_successful_runs = 5;
  std::int32_t keep_unsuccessful_runs = 5;

  std::vector<CanaryStep> steps;
  std::string step_hash;
  std::optional<AnalysisSpec> background;
  IntOrPercent max_surge;
  IntOrPercent max_unavailable;
  std::string canary_service;
  std::string stable_service;
  bool routed = false;  // trafficRouting is set
  std::int32_t max_weight = 100;
  bool dynamic_stable_scale = false;
  std::optional<std::int32_t> scale_down_delay_seconds;
  std::optional<std::int32_t> abort_scale_down_delay_seconds;
  std::optional<std::int32_t> scale_down_delay_revision_limit;
  std::optional<std::int32_t> min_pods_per_replica_set;
  std::optional<IntOrPercent> progress_threshold;

  std::int32_t Replicas() const { return replicas.value_or(1); }
  std::int32_t StepCount() const { return static_cast<std::int32_t>(steps.size()); }
  const gate::Json& Template() const;
};

// Errors (kInvalidArgument) are the text that an InvalidSpec condition gives (argo R31): what the
// controller refuses, and what this model does not play (blue-green, experiments, step plugins,
// workloadRef, ephemeral metadata, anti-affinity, restartAt).
gate::Result<RolloutSpec> ReadRolloutSpec(const std::shared_ptr<const gate::Json>& spec);

}  // namespace drill::sim::argo
