#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gate/argo/replica_counts.h"
#include "gate/base/time.h"

// What the rules look at in the objects of a set of manifests, with the place where it is written.
namespace gate::lint {

struct Place {
  std::string file;
  int line = 1;  // both counted from 1
  int column = 1;
  bool operator==(const Place&) const = default;
};

template <typename T>
struct At {
  T value{};
  Place place;
};
using Text = At<std::string>;
using Number = At<std::int64_t>;
using Flag = At<bool>;
using Labels = std::map<std::string, Text>;

struct Identity {
  std::string kind;
  std::string name;
  std::string ns;  // empty: that of the command that applies it
  Place place;
};

// An argument of an analysis, as a Rollout gives it or as a template declares it (argo R30).
struct Argument {
  std::string name;
  Place place;
  std::optional<Text> value;
  std::optional<Text> field_path;
  std::optional<Text> pod_hash;  // podTemplateHashValue
  bool is_secret = false;        // secretKeyRef
};

struct TemplateRef {
  std::string name;
  bool cluster_scope = false;
  Place place;
};

// An analysis step, or spec.strategy.canary.analysis.
struct Analysis {
  Place place;
  std::vector<TemplateRef> templates;
  std::vector<Argument> args;
  std::vector<Text> dry_run;  // regular expressions over metric names (argo R40)
};

struct Step {
  enum class Kind { kSetWeight, kAnalysis, kSetCanaryScale, kOther } kind = Kind::kOther;
  Place place;
  int weight = 0;
  Analysis analysis;
};

struct PodTemplate {
  Place place;
  Labels labels;
  bool has_readiness_probe = false;
  // What probes add at least before a pod that works is ready: initial delays, and one period
  // for every success that is needed.
  Nanos probe_time{0};
};

struct Rollout {
  Identity identity;
  Labels labels;
  std::optional<PodTemplate> pod_template;  // absent: workloadRef
  std::optional<Number> replicas;
  std::int64_t min_ready_seconds = 0;
  std::optional<Number> rollback_window;  // revisions
  std::optional<Number> progress_deadline;
  std::optional<Flag> progress_deadline_abort;
  Place strategy;

  // Of spec.strategy.canary.
  bool is_canary = false;
  std::vector<Step> steps;
  std::optional<Analysis> background;
  std::optional<At<argo::IntOrPercent>> max_surge;
  std::optional<At<argo::IntOrPercent>> max_unavailable;
  bool is_routed = false;  // trafficRouting
  bool dynamic_stable_scale = false;
  std::optional<Number> abort_scale_down_delay;
};

struct Header {
  std::string name;
  Text value;
};

struct WebProvider {
  Place place;
  Text url;
  std::optional<Text> method;
  std::optional<Number> timeout_seconds;
  std::optional<Text> json_path;
  std::optional<Flag> insecure;
  std::vector<Header> headers;
  bool has_json_body = false;        // jsonBody, or a body that reads as a JSON object
  std::map<std::string, Text> body;  // its fields that are scalars
};

struct EnvVariable {
  std::string name;
  Place place;
  std::optional<Text> value;
  bool is_secret = false;  // secretKeyRef
};

struct Mount {
  std::string volume;
  std::string path;
};

struct Container {
  Place place;
  bool has_command = false;
  std::vector<Text> words;  // command and args
  std::vector<EnvVariable> env;
  std::vector<Mount> mounts;
};

struct Volume {
  std::string name;
  bool holds_secret = false;
  std::string config_map;
};

struct JobProvider {
  Place place;  // of spec
  std::optional<Number> deadline_seconds;
  std::optional<Number> backoff_limit;
  std::optional<Number> ttl_seconds;
  std::optional<Text> restart_policy;
  std::vector<Container> containers;
  std::vector<Container> init_containers;
  std::vector<Volume> volumes;
};

// A limit of a metric: a number, or text with {{args...}} in it.
struct Limit {
  std::optional<std::int64_t> number;
  Text text;
};

struct Metric {
  Text name;
  std::optional<Text> success_condition;
  std::optional<Text> failure_condition;
  std::optional<Text> interval;
  std::optional<Limit> count;
  std::optional<Limit> failure_limit;
  std::optional<Limit> inconclusive_limit;
  std::optional<Limit> error_limit;    // consecutiveErrorLimit
  std::optional<Limit> success_limit;  // consecutiveSuccessLimit
  std::vector<std::string> providers;
  std::optional<WebProvider> web;
  std::optional<JobProvider> job;
};

// AnalysisTemplate or ClusterAnalysisTemplate.
struct AnalysisTemplate {
  Identity identity;
  bool cluster_scope = false;
  std::vector<Argument> args;
  std::vector<Metric> metrics;
  std::vector<Text> dry_run;
  std::vector<TemplateRef> templates;
};

struct ConfigMap {
  Identity identity;
  std::map<std::string, Text> data;
};

struct Objects {
  std::vector<Rollout> rollouts;
  std::vector<AnalysisTemplate> templates;
  std::vector<ConfigMap> config_maps;
};

}  // namespace gate::lint
