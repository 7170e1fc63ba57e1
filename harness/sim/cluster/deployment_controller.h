#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/sim/cluster/controller.h"

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
  void WriteCounts(const Object& deployment, const Object* current, std::int64_t wanted,
                   const std::vector<ObjectPtr>& sets);

  ControllerManager& manager_;
  Informer& deployments_;
  Informer& replica_sets_;
  gate::Rng rng_;
  WorkQueue queue_;
};

}  // namespace drill::sim
