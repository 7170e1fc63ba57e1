#include "harness/sim/cluster/cluster.h"

#include <algorithm>
#include <utility>

#include "gate/base/check.h"

namespace drill::sim {
namespace {

// The pod's status with condition Ready false, or nothing if it is that already.
std::shared_ptr<const gate::Json> UnreadyStatus(const Object& pod, const std::string& now) {
  if (!pod.status) return nullptr;
  gate::Json status = *pod.status;
  const auto conditions = status.find("conditions");
  if (conditions == status.end()) return nullptr;
  for (gate::Json& condition : *conditions) {
    if (gate::JsonString(condition, "/type") != "Ready" ||
        gate::JsonString(condition, "/status") != "True") {
      continue;
    }
    condition["status"] = "False";
    condition["lastTransitionTime"] = now;
    return Share(std::move(status));
  }
  return nullptr;
}

}  // namespace

Cluster::Cluster(World& world, ApiServer& server, ContainerRuntime& runtime,
                 const ClusterOptions& options)
    : world_(world),
      server_(server),
      options_(options),
      controller_link_(world, "watch-controllers"),
      node_link_(world, "watch-node"),
      pods_(world, server, Type::kPod, controller_link_),
      replica_sets_(world, server, Type::kReplicaSet, controller_link_),
      jobs_(world, server, Type::kJob, controller_link_),
      deployments_(world, server, Type::kDeployment, controller_link_),
      node_pods_(server, node_link_),
      pod_index_(pods_),
      manager_{world, server, options_, pods_, pod_index_},
      replica_set_controller_(manager_, replica_sets_),
      job_controller_(manager_, jobs_),
      deployment_controller_(manager_, deployments_, replica_sets_),
      garbage_collector_(world, server, options_),
      namespace_controller_(world, server, options_),
      scheduler_(world, server, options_, node_pods_),
      kubelet_(world, server, runtime, options_, node_pods_) {}

void Cluster::Start() {
  for (Informer* informer : {&replica_sets_, &jobs_, &deployments_, &pods_}) {
    informer->Relist();
  }
  node_pods_.Relist();
}

void Cluster::SlowPods(int percent) {
  GATE_CHECK(percent >= 1);
  kubelet_.faults().slowness_percent = percent;
}

void Cluster::FailImage(std::string prefix) {
  kubelet_.faults().failing_images.push_back(std::move(prefix));
}

void Cluster::HealImage(std::string_view prefix) {
  std::erase(kubelet_.faults().failing_images, prefix);
}

void Cluster::CrashPods(const PodSelector& selector) {
  kubelet_.faults().crashing.push_back(selector);
  kubelet_.Crash(selector, /*exit_code=*/1);
}

void Cluster::HealPods(const PodSelector& selector) {
  std::erase(kubelet_.faults().crashing, selector);
}

void Cluster::KillPods(const PodSelector& selector, int exit_code) {
  kubelet_.Crash(selector, exit_code);
}

void Cluster::SetScheduling(Scheduling scheduling) {
  scheduling_ = scheduling;
  UpdateObstacle();
}

void Cluster::UpdateObstacle() {
  if (node_missed_) {
    scheduler_.SetObstacle("1 node(s) had untolerated taint {node.kubernetes.io/unreachable: }");
  } else if (scheduling_ == Scheduling::kClosed) {
    scheduler_.SetObstacle("1 node(s) were unschedulable");
  } else {
    scheduler_.SetObstacle({});
  }
}

void Cluster::StopNode() {
  if (!kubelet_.on()) return;
  kubelet_.PowerOff();
  node_timer_ = world_.After(options_.node_grace, Rank::kController, [this] { NodeIsMissed(); });
}

void Cluster::NodeIsMissed() {
  node_missed_ = true;
  UpdateObstacle();
  const auto now = FormatSeconds(std::chrono::floor<std::chrono::seconds>(world_.WallNow()));
  for (const ObjectPtr& pod : server_.List(Type::kPod, "")) {
    auto status = UnreadyStatus(*pod, now);
    if (!status) continue;
    // Nothing else writes at this instant.
    static_cast<void>(WriteStatus(server_, kControllerManager, *pod, std::move(status)));
  }
  node_timer_ = world_.After(options_.node_toleration, Rank::kController, [this] { EvictAll(); });
}

void Cluster::EvictAll() {
  for (const ObjectPtr& pod : server_.List(Type::kPod, "")) {
    const gate::Json& spec = SpecOf(*pod);
    if (pod->meta.deleted || spec.find("nodeName") == spec.end()) continue;
    static_cast<void>(server_.Delete(kControllerManager, Type::kPod, pod->meta.ns, pod->meta.name));
  }
}

void Cluster::StartNode() {
  if (kubelet_.on()) return;
  world_.Cancel(node_timer_);
  node_missed_ = false;
  UpdateObstacle();
  kubelet_.PowerOn();
}

void Cluster::StopControllers() {
  replica_set_controller_.queue().Stop();
  job_controller_.queue().Stop();
  deployment_controller_.queue().Stop();
}

void Cluster::StartControllers() {
  replica_set_controller_.queue().Start();
  job_controller_.queue().Start();
  deployment_controller_.queue().Start();
  for (const ObjectPtr& ns : server_.List(Type::kNamespace, "")) {
    const std::string& name = ns->meta.name;
    for (const ObjectPtr& set : replica_sets_.List(name)) {
      replica_set_controller_.queue().Add({name, set->meta.name});
    }
    for (const ObjectPtr& job : jobs_.List(name)) {
      job_controller_.queue().Add({name, job->meta.name});
    }
    for (const ObjectPtr& deployment : deployments_.List(name)) {
      deployment_controller_.queue().Add({name, deployment->meta.name});
    }
  }
}

}  // namespace drill::sim
