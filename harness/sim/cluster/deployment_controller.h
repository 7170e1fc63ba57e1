#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/sim/cluster/controller.h"
#include "harness/sim/kube/by_document.h"

namespace drill::sim {

// Keeps one ReplicaSet per Deployment and template. A changed template gets a new one; the old ones
// go to zero once it is available. (No surge arithmetic, history or rollback: the drills'
// Deployments are the things around the rollout under test.)
class DeploymentController {
 public:
  DeploymentController(ControllerManager& manager, Informer& deployments, Informer& replica_sets);
  DeploymentController(const DeploymentController&) = delete;
  DeploymentController& operator=(const DeploymentController&) = delete;

  WorkQueue& queue() { return queue_; }

 private:
  WorkQueue::Outcome Reconcile(const ObjectKey& key);
  gate::Result<void> Create(const Object& deployment, const std::string& hash);
  gate::Result<void> Scale(const ObjectPtr& set, std::int64_t replicas);
  // What a status is made from.
  struct Counts {
    std::int64_t generation = 0;
    std::int64_t wanted = 0;
    std::int64_t replicas = 0;
    std::int64_t updated = 0;
    std::int64_t ready = 0;
    std::int64_t available = 0;
    bool operator==(const Counts&) const = default;
  };
  static gate::Json StatusJson(const Counts& counts, const gate::Json& before,
                               const std::string& now);
  void WriteCounts(const Object& deployment, const Counts& counts);

  ControllerManager& manager_;
  Informer& deployments_;
  Informer& replica_sets_;
  gate::Rng rng_;
  ByDocument<std::string> hashes_;  // of templates, by the Deployment's spec
  // The last status of each that was seen to agree with these counts.
  struct Written {
    std::shared_ptr<const gate::Json> status;
    Counts counts;
  };
  std::map<ObjectKey, Written> written_;
  WorkQueue queue_;
};

}  // namespace drill::sim
