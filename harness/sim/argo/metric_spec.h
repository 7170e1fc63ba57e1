#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gate/base/result.h"
#include "gate/base/time.h"
#include "harness/sim/kube/object.h"

// The specs of AnalysisRuns: metrics, arguments, and how one is put into the other.
namespace drill::sim::argo {

struct SecretKey {
  std::string name;
  std::string key;
};

// An argument of an AnalysisRun.
struct Argument {
  std::string name;
  std::optional<std::string> value;
  std::optional<SecretKey> secret;
};
std::vector<Argument> ReadArguments(const gate::Json& args);

// argo R55: {{args.x}} in every text of `json` (keys too) replaced by the argument's value. Error
// kInvalidArgument: what is not resolved, in the controller's words.
gate::Result<gate::Json> Substitute(const gate::Json& json, const std::vector<Argument>& args);

struct MetricSpec {
  enum class Provider { kJob, kWeb, kOther };

  std::string name;
  std::string interval;       // as written; empty: none
  std::string initial_delay;  // as written; empty: none
  std::optional<std::int64_t> count;
  std::optional<std::int64_t> failure_limit;
  std::optional<std::int64_t> inconclusive_limit;
  std::optional<std::int64_t> consecutive_error_limit;
  std::optional<std::int64_t> consecutive_success_limit;
  std::string success_condition;
  std::string failure_condition;
  Provider provider = Provider::kOther;
  std::size_t providers = 0;                          // how many are set
  std::shared_ptr<const gate::Json> provider_config;  // of the provider; null if there is none

  // argo R34; nothing: endless.
  std::optional<std::int64_t> EffectiveCount() const;
};

MetricSpec ReadMetric(gate::Json json);

// argo R31, R40: what the controller refuses, in its words (kInvalidArgument).
gate::Result<void> ValidateMetrics(const std::vector<MetricSpec>& metrics);

// What is the same for the whole life of a run.
struct RunSpec {
  std::vector<gate::Json> metric_json;  // as in the spec, not substituted; only if has_secrets
  std::vector<MetricSpec> metrics;      // substituted, with a placeholder for secrets
  std::vector<Argument> args;
  bool has_secrets = false;
  bool terminate = false;
  std::vector<bool> dry_run;              // per metric (argo R40)
  std::vector<std::size_t> measurements;  // how many to keep, per metric (argo R41)
  std::optional<std::int64_t> ttl_after_completion;
  std::optional<std::int64_t> ttl_after_failure;
  std::optional<std::int64_t> ttl_after_success;
};

// Errors (kInvalidArgument) are the message that the run ends with, phase Error.
gate::Result<RunSpec> ReadRunSpec(const gate::Json& spec);

}  // namespace drill::sim::argo
