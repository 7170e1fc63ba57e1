#include "harness/sim/cluster/kubelet.h"

#include <utility>

namespace drill::sim {

Kubelet::Kubelet(World& world, ApiServer& server, ContainerRuntime& runtime,
                 const ClusterOptions& options, PodWatch& pods)
    : node_{world,
            server,
            runtime,
            options,
            {},
            EventRecorder(world, server, std::string(kKubelet)),
            world.Stream("kubelet"),
            {},
            {}} {
  pods.Subscribe(
      [this](const ObjectPtr& pod, PodWatch::Presence presence) { OnPod(pod, presence); });
  for (const Type type : {Type::kConfigMap, Type::kSecret}) {
    server.Listen(type, [this](const Change& change) {
      if (change.type == gate::KubeEventType::kModified ||
          change.type == gate::KubeEventType::kAdded) {
        OnSource(change.after);
      }
    });
  }
}

void Kubelet::OnPod(const ObjectPtr& pod, PodWatch::Presence presence) {
  const std::string& uid = pod->meta.uid;
  if (presence == PodWatch::Presence::kGone) {
    Forget(*pod);
    missed_.erase(uid);
    return;
  }
  if (SpecOf(*pod).find("nodeName") == SpecOf(*pod).end()) return;
  if (node_.stopped) {
    missed_[uid] = pod;
    return;
  }
  auto& worker = workers_[uid];
  if (worker) {
    worker->Saw(pod);
  } else {
    worker = std::make_unique<PodWorker>(node_, pod);
    by_namespace_[pod->meta.ns][uid] = worker.get();
  }
}

void Kubelet::Forget(const Object& pod) {
  workers_.erase(pod.meta.uid);
  const auto space = by_namespace_.find(pod.meta.ns);
  if (space == by_namespace_.end()) return;
  space->second.erase(pod.meta.uid);
  if (space->second.empty()) by_namespace_.erase(space);
}

void Kubelet::OnSource(const ObjectPtr& source) {
  if (node_.stopped) return;
  const auto space = by_namespace_.find(source->meta.ns);
  if (space == by_namespace_.end()) return;
  for (const auto& [uid, worker] : space->second) worker->SawSource(*source);
}

void Kubelet::Crash(const PodSelector& selector, int exit_code) {
  if (node_.stopped) return;
  for (const auto& [uid, worker] : workers_) {
    if (selector.Matches(*worker->pod())) worker->Crash(exit_code);
  }
}

void Kubelet::PowerOff() {
  if (node_.stopped) return;
  node_.stopped = true;
  for (const auto& [uid, worker] : workers_) worker->PowerOff();
}

void Kubelet::PowerOn() {
  if (!node_.stopped) return;
  node_.stopped = false;
  for (const auto& [uid, worker] : workers_) worker->PowerOn();
  for (const auto& [uid, pod] : std::exchange(missed_, {})) OnPod(pod, PodWatch::Presence::kThere);
}

}  // namespace drill::sim
