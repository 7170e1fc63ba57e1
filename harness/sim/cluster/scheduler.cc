#include "harness/sim/cluster/scheduler.h"

#include <utility>

#include "harness/sim/cluster/controller.h"
#include "harness/sim/cluster/pod_status.h"

namespace drill::sim {
namespace {

constexpr std::string_view kScheduler = "kube-scheduler";

bool IsBound(const Object& pod) {
  const gate::Json& spec = SpecOf(pod);
  return spec.find("nodeName") != spec.end();
}

}  // namespace

Scheduler::Scheduler(World& world, ApiServer& server, const ClusterOptions& options, PodWatch& pods)
    : world_(world),
      server_(server),
      options_(options),
      events_(world, server, "default-scheduler"),
      rng_(world.Stream("scheduler")) {
  pods.Subscribe([this](const ObjectPtr& pod, PodWatch::Presence presence) {
    const std::pair<std::string, std::string> key(pod->meta.ns, pod->meta.name);
    if (presence == PodWatch::Presence::kGone) {
      waiting_.erase(key);
    } else if (!IsBound(*pod) && waiting_.find(key) == waiting_.end()) {
      world_.After(options_.schedule.Draw(rng_), Rank::kController,
                   [this, key] { Schedule(key.first, key.second); });
    }
  });
}

void Scheduler::SetObstacle(std::string obstacle) {
  obstacle_ = std::move(obstacle);
  if (!obstacle_.empty()) return;
  for (const auto& [ns, name] : std::exchange(waiting_, {})) {
    world_.After(options_.schedule.Draw(rng_), Rank::kController,
                 [this, ns = ns, name = name] { Schedule(ns, name); });
  }
}

void Scheduler::Schedule(const std::string& ns, const std::string& name) {
  const ObjectPtr pod = server_.Get(Type::kPod, ns, name);
  if (!pod || pod->meta.deleted || IsBound(*pod)) return;
  if (obstacle_.empty()) {
    Bind(pod);
  } else {
    Refuse(pod);
  }
}

void Scheduler::Bind(const ObjectPtr& pod) {
  Object bound = *pod;
  bound.spec = BoundSpec(pod->spec);
  // Nothing else writes at this instant.
  static_cast<void>(server_.Update(kScheduler, std::move(bound), WritePart::kMain));
}

void Scheduler::Refuse(const ObjectPtr& pod) {
  const std::string message = "0/1 nodes are available: " + obstacle_ + ".";
  const auto now = std::chrono::floor<std::chrono::seconds>(world_.WallNow());
  static_cast<void>(
      WriteStatus(server_, kScheduler, *pod, Share(UnschedulableStatus(message, now))));
  events_.Warn(*pod, "FailedScheduling", message);
  waiting_.insert({pod->meta.ns, pod->meta.name});
}

std::shared_ptr<const gate::Json> Scheduler::BoundSpec(
    const std::shared_ptr<const gate::Json>& spec) {
  return bound_.Of(spec, [&spec] {
    gate::Json json = spec ? *spec : gate::Json::object();
    json["nodeName"] = kNodeName;
    return Share(std::move(json));
  });
}

}  // namespace drill::sim
