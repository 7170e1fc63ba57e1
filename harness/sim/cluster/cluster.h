#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "harness/sim/cluster/container.h"
#include "harness/sim/cluster/controller.h"
#include "harness/sim/cluster/deployment_controller.h"
#include "harness/sim/cluster/garbage_collector.h"
#include "harness/sim/cluster/job_controller.h"
#include "harness/sim/cluster/kubelet.h"
#include "harness/sim/cluster/namespace_controller.h"
#include "harness/sim/cluster/options.h"
#include "harness/sim/cluster/replica_set_controller.h"
#include "harness/sim/cluster/scheduler.h"

namespace drill::sim {

// What makes an API server a cluster: the built-in controllers, the scheduler, and a node with its
// kubelet. It acts on what is written from its construction on, and on what was there when Start is
// called.
//
//   Cluster cluster(world, server, runtime, {});
//   cluster.Start();
//   server.Create("test", a_replica_set);
//   world.Run(...);
//
// The faults below hold until they are taken back.
class Cluster {
 public:
  Cluster(World& world, ApiServer& server, ContainerRuntime& runtime,
          const ClusterOptions& options);
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  void Start();

  // Pods that start from now on take this share of the usual time; 100 is usual. At least 1.
  void SlowPods(int percent);

  // Images whose names begin so cannot be pulled. (Running containers keep running.)
  void FailImage(std::string prefix);
  void HealImage(std::string_view prefix);

  // The containers of these pods end with code 1 now, and again soon after every start.
  void CrashPods(const PodSelector& selector);
  void HealPods(const PodSelector& selector);
  // They end once with this code; 137 is that of a kill.
  void KillPods(const PodSelector& selector, int exit_code);

  // The node takes no new pods.
  enum class Scheduling { kOpen, kClosed };
  void SetScheduling(Scheduling scheduling);

  // The node's machine goes off and comes back. Its pods count as ready until the node is missed
  // (ClusterOptions::node_grace), and are deleted after node_toleration; their objects stay until
  // it is back.
  void StopNode();
  void StartNode();

  // kube-controller-manager is down: nothing is reconciled but garbage and namespaces. After the
  // start it looks at everything.
  void StopControllers();
  void StartControllers();

  // How events reach the controllers, and scheduler and kubelet (slow, stalled, lost).
  WatchLink& controller_link() { return controller_link_; }
  WatchLink& node_link() { return node_link_; }

 private:
  void UpdateObstacle();
  void NodeIsMissed();
  void EvictAll();

  World& world_;
  ApiServer& server_;
  const ClusterOptions options_;
  WatchLink controller_link_;
  WatchLink node_link_;
  Informer pods_;
  Informer replica_sets_;
  Informer jobs_;
  Informer deployments_;
  PodWatch node_pods_;
  PodIndex pod_index_;
  ControllerManager manager_;
  ReplicaSetController replica_set_controller_;
  JobController job_controller_;
  DeploymentController deployment_controller_;
  GarbageCollector garbage_collector_;
  NamespaceController namespace_controller_;
  Scheduler scheduler_;
  Kubelet kubelet_;
  Scheduling scheduling_ = Scheduling::kOpen;
  bool node_missed_ = false;
  World::Timer node_timer_;
};

}  // namespace drill::sim
