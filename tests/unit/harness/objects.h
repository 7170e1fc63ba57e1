#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gate/base/strict_json.h"

// Kubernetes objects shaped as an API server with Argo Rollouts 1.10 serves them, cut down to what
// surrounds the fields that the harness reads.
namespace drill {

struct RolloutSpec {
  std::string release = "shop-1.5.0";  // label; empty: absent
  std::int64_t generation = 2;
  std::int64_t observed = 2;
  std::int64_t replicas = 5;
  std::string stable = "stable";
  std::string current = "canary";
  std::string phase = "Progressing";
  std::string message = "more replicas need to be updated";
  std::int64_t step = 0;
  bool abort = false;
  std::string aborted_at = "";
  std::int64_t updated = 1;
  std::string written = "2026-03-01T12:00:10Z";  // by the controller
};
gate::Json ARollout(const RolloutSpec& spec);

struct ReplicaSetSpec {
  std::string hash = "canary";
  std::int64_t spec = 1;
  std::int64_t replicas = 1;
  std::int64_t available = 1;
  std::int64_t generation = 1;
  std::int64_t observed = 1;
  std::string written = "2026-03-01T12:00:10Z";
  std::string owner = "demo";
};
gate::Json AReplicaSet(const ReplicaSetSpec& spec);

gate::Json AnAnalysisRun(const std::string& phase, const std::string& message = "",
                         const std::string& release = "shop-1.5.0");
gate::Json AJob(const std::string& condition, const std::string& reason);  // "" while it runs
gate::Json APod(const std::string& name, const std::string& hash, const std::string& release);
gate::Json AnEvent(const std::string& uid, std::int64_t count);

// A sealed record of the gate, following `previous` (null for the first).
gate::Json ARecord(const gate::Json& previous, gate::Json changes = gate::Json::object());
// The status ConfigMap that holds these records.
gate::Json AStatus(const std::vector<gate::Json>& records);

}  // namespace drill
