#pragma once

#include <chrono>

#include "gate/base/time.h"
#include "harness/sim/world/draw.h"

namespace drill::sim {

// How fast a cluster is. The defaults are those of a small kind cluster on a quiet machine: a pod
// is ready one to two seconds after it was created.
struct ClusterOptions {
  // One API call of a controller. Calls of one reconcile run side by side.
  Delay call{std::chrono::milliseconds(1), std::chrono::milliseconds(3)};
  // From the scheduler's first sight of a pod to its binding.
  Delay schedule{std::chrono::milliseconds(1), std::chrono::milliseconds(9)};
  // Volumes, sandbox and container: until the process runs.
  Delay start{std::chrono::milliseconds(500), std::chrono::milliseconds(500)};
  // When the kubelet says that a pod is being started, if it has nothing better to say by then.
  // (The real one does at once; here it would be a write for every pod that nobody looks at.)
  gate::Nanos first_status = std::chrono::seconds(2);
  // Until the kubelet has noticed that a container started or ended, and says so (it looks once a
  // second).
  Delay notice{std::chrono::milliseconds(50), std::chrono::milliseconds(900)};
  // From the end of the last container of a deleted pod to the removal of the object.
  Delay removal{std::chrono::milliseconds(100), std::chrono::milliseconds(500)};
  // How long a failed image pull is shown as such, before it is a back-off.
  Delay pull_error{std::chrono::seconds(1), std::chrono::seconds(4)};
  // Between two attempts of the kubelet after an error.
  Delay retry{std::chrono::seconds(10), std::chrono::seconds(5)};
  // Until a changed ConfigMap or Secret is seen in the files of a pod that mounts it.
  Delay refresh{std::chrono::seconds(1), std::chrono::seconds(60)};
  // How long a container that CrashPods has hit runs before it crashes again.
  Delay crash{std::chrono::milliseconds(200), std::chrono::milliseconds(800)};
  // Until the garbage collector has dealt with what was owned by a deleted object.
  Delay collect{std::chrono::milliseconds(5), std::chrono::milliseconds(45)};

  // How long a silent node counts as alive (kube-controller-manager, since Kubernetes 1.32), and
  // how long its pods are tolerated then (default toleration of node.kubernetes.io/unreachable).
  gate::Nanos node_grace = std::chrono::seconds(50);
  gate::Nanos node_toleration = std::chrono::seconds(300);
};

}  // namespace drill::sim
