#pragma once

#include <memory>
#include <set>
#include <string>
#include <utility>

#include "harness/sim/cluster/event_recorder.h"
#include "harness/sim/cluster/options.h"
#include "harness/sim/cluster/pod_watch.h"
#include "harness/sim/kube/by_document.h"

namespace drill::sim {

inline constexpr std::string_view kNodeName = "sim-control-plane";

// Binds every new pod to the only node, unless that takes none.
class Scheduler {
 public:
  Scheduler(World& world, ApiServer& server, const ClusterOptions& options, PodWatch& pods);
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // Why the node takes no pods, in the scheduler's words; empty: it does, and what waits is bound.
  void SetObstacle(std::string obstacle);

 private:
  void Schedule(const std::string& ns, const std::string& name);
  void Bind(const ObjectPtr& pod);
  void Refuse(const ObjectPtr& pod);
  std::shared_ptr<const gate::Json> BoundSpec(const std::shared_ptr<const gate::Json>& spec);

  World& world_;
  ApiServer& server_;
  const ClusterOptions& options_;
  EventRecorder events_;
  gate::Rng rng_;
  std::string obstacle_;
  std::set<std::pair<std::string, std::string>> waiting_;  // refused pods
  // Specs with the node's name, by the spec without it: pods of a kind share.
  ByDocument<std::shared_ptr<const gate::Json>> bound_;
};

}  // namespace drill::sim
