#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gate/base/time.h"
#include "harness/sim/kube/by_document.h"
#include "harness/sim/kube/object.h"

namespace drill::sim {

// A pod's spec as the kubelet carries it out, read once for all pods that share it. What is not
// modelled is ignored: init containers, liveness and startup probes, hooks, and volumes of other
// kinds than ConfigMap and Secret (they are there, and empty).
struct PodPlan {
  enum class RestartPolicy { kAlways, kOnFailure, kNever };
  enum class SourceKind { kConfigMap, kSecret };

  struct Volume {
    std::string name;
    std::optional<SourceKind> kind;  // nothing: one that is not modelled
    std::string object;
    bool optional = false;
    std::vector<std::pair<std::string, std::string>> items;  // key -> path; empty: all keys
  };
  struct Mount {
    std::string path;
    std::size_t volume;    // index into `volumes`
    std::string sub_path;  // empty: the whole volume
  };
  struct Env {
    std::string name;
    enum class From { kValue, kField, kKey } from = From::kValue;
    std::string value;  // kValue: itself; kField: the field's path; kKey: the key
    SourceKind kind = SourceKind::kConfigMap;
    std::string object;
    bool optional = false;
  };
  struct EnvFrom {
    SourceKind kind;
    std::string object;
    std::string prefix;
    bool optional;
  };
  struct Probe {
    gate::Nanos initial_delay;
    gate::Nanos period;
    int success_threshold;
    int failure_threshold;
  };
  struct Container {
    std::string name;
    std::string image;
    std::vector<std::string> command;
    std::vector<std::string> args;
    std::vector<Env> env;
    std::vector<EnvFrom> env_from;
    std::vector<Mount> mounts;
    std::optional<Probe> readiness;
  };

  std::shared_ptr<const gate::Json> spec;  // what this was read from
  RestartPolicy restart_policy = RestartPolicy::kAlways;
  std::vector<Container> containers;
  std::vector<Volume> volumes;
};

PodPlan ReadPodPlan(std::shared_ptr<const gate::Json> spec);

// The plans of specs: pods come in groups that share one.
class PodPlans {
 public:
  std::shared_ptr<const PodPlan> Of(const std::shared_ptr<const gate::Json>& spec);

 private:
  ByDocument<std::shared_ptr<const PodPlan>> plans_;
};

}  // namespace drill::sim
