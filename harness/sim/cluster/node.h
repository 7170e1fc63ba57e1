#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "harness/sim/cluster/container.h"
#include "harness/sim/cluster/event_recorder.h"
#include "harness/sim/cluster/options.h"
#include "harness/sim/cluster/pod_plan.h"
#include "harness/sim/cluster/pod_status.h"
#include "harness/sim/kube/api_server.h"
#include "harness/sim/world/world.h"

namespace drill::sim {

// Pods of a namespace (empty: of all) that have these labels.
struct PodSelector {
  std::string ns;
  StringMap labels;

  bool Matches(const Object& pod) const {
    return (ns.empty() || ns == pod.meta.ns) &&
           std::includes(pod.meta.labels.begin(), pod.meta.labels.end(), labels.begin(),
                         labels.end());
  }
  bool operator==(const PodSelector&) const = default;
};

// What is wrong with the node at present.
struct NodeFaults {
  int slowness_percent = 100;               // of the time that a pod's start takes otherwise
  std::vector<std::string> failing_images;  // prefixes
  std::vector<PodSelector> crashing;
};

// What the pods of a node share.
struct Node {
  World& world;
  ApiServer& server;
  ContainerRuntime& runtime;
  const ClusterOptions& options;
  NodeFaults faults;
  EventRecorder events;
  gate::Rng rng;
  PodPlans plans;
  PodStatuses statuses;
  bool stopped = false;  // the machine is off

  WallSeconds WallNow() const { return std::chrono::floor<std::chrono::seconds>(world.WallNow()); }
};

}  // namespace drill::sim
