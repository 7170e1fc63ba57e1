#pragma once

#include <map>
#include <memory>
#include <string>

#include "harness/sim/cluster/node.h"
#include "harness/sim/cluster/pod_watch.h"
#include "harness/sim/cluster/pod_worker.h"

namespace drill::sim {

// Runs the pods that are bound to the node.
class Kubelet {
 public:
  Kubelet(World& world, ApiServer& server, ContainerRuntime& runtime, const ClusterOptions& options,
          PodWatch& pods);
  Kubelet(const Kubelet&) = delete;
  Kubelet& operator=(const Kubelet&) = delete;

  NodeFaults& faults() { return node_.faults; }
  // The containers of these pods end at once with this code.
  void Crash(const PodSelector& selector, int exit_code);

  // The machine goes off: its containers are gone, and nobody says so. Later it comes back.
  void PowerOff();
  void PowerOn();
  bool on() const { return !node_.stopped; }

 private:
  void OnPod(const ObjectPtr& pod, PodWatch::Presence presence);
  void Forget(const Object& pod);
  void OnSource(const ObjectPtr& source);

  Node node_;
  std::map<std::string, std::unique_ptr<PodWorker>> workers_;  // by the pod's uid
  // Namespace -> uid: what changes in a namespace concerns its pods only.
  std::map<std::string, std::map<std::string, PodWorker*>> by_namespace_;
  std::map<std::string, ObjectPtr> missed_;  // what happened to pods while the machine was off
};

}  // namespace drill::sim
