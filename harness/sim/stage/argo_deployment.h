#pragma once

#include <memory>

#include "harness/sim/argo/argo_controller.h"
#include "harness/sim/cluster/container.h"
#include "harness/sim/kube/api_server.h"
#include "harness/sim/world/world.h"

namespace drill::sim {

inline constexpr const char* kArgoImage = "argo-rollouts:simulated";
inline constexpr const char* kArgoNamespace = "argo-rollouts";
inline constexpr const char* kArgoName = "argo-rollouts";  // of the Deployment

// Argo Rollouts as it is installed in a cluster: a Deployment of one pod, whose process starts
// `argo` when it leads. Whoever deletes the pod restarts the controller, and that takes a while: a
// process that ends does not give its lease back, so that the next one first sees it expire (argo
// R4).
class ArgoDeployment {
 public:
  // All must outlive it, but containers may outlive it and `argo`.
  ArgoDeployment(World& world, ApiServer& server, ArgoController& argo);
  ~ArgoDeployment();
  ArgoDeployment(const ArgoDeployment&) = delete;
  ArgoDeployment& operator=(const ArgoDeployment&) = delete;

  // Creates the namespace and the Deployment, once.
  void Install();

  // The container of kArgoImage.
  std::unique_ptr<Container> Start(ContainerEvents events);

  // What the processes know of each other.
  struct Election;

 private:
  ApiServer& server_;
  const std::shared_ptr<Election> election_;
};

}  // namespace drill::sim
