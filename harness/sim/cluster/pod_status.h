#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/sim/cluster/pod_plan.h"
#include "harness/sim/kube/by_document.h"
#include "harness/sim/kube/object.h"

namespace drill::sim {

enum class PodPhase { kPending, kRunning, kSucceeded, kFailed };

// One run of a container that is over.
struct ContainerExit {
  int code = 0;
  WallSeconds started;
  WallSeconds finished;
  bool operator==(const ContainerExit&) const = default;
};

// All that a pod's status is made from, as far as it is modelled (no addresses, no ids of
// containers and images).
struct PodFacts {
  struct Container {
    enum class State { kWaiting, kRunning, kTerminated } state = State::kWaiting;
    std::string reason = "ContainerCreating";  // kWaiting
    std::string message;                       // kWaiting; may be empty
    WallSeconds started;                       // kRunning
    std::optional<ContainerExit> exit;         // kTerminated: how; else the run before, if any
    int restarts = 0;
    bool ready = false;
    bool operator==(const Container&) const = default;
  };

  PodPhase phase = PodPhase::kPending;
  WallSeconds scheduled;
  WallSeconds started;  // when the kubelet took it on
  bool ready = false;
  WallSeconds ready_since;  // when `ready` became what it is
  std::vector<Container> containers;
  bool operator==(const PodFacts&) const = default;
};

gate::Json PodStatusJson(const PodFacts& facts, const PodPlan& plan);

// The statuses that were made last for pods of each spec: those that go the same way share theirs.
class PodStatuses {
 public:
  std::shared_ptr<const gate::Json> Of(const PodFacts& facts, const PodPlan& plan);

 private:
  static constexpr std::size_t kKept = 16;
  struct Recent {
    std::vector<std::pair<PodFacts, std::shared_ptr<const gate::Json>>> made;
    std::size_t next = 0;  // is replaced next
  };
  ByDocument<Recent> recent_;
};

// A condition that says no: PodScheduled with reason Unschedulable.
gate::Json UnschedulableStatus(const std::string& message, WallSeconds since);

// What the controllers read from a pod.
struct PodView {
  ObjectPtr pod;
  bool scheduled = false;
  PodPhase phase = PodPhase::kPending;
  bool ready = false;
  WallSeconds ready_since;
  int restarts = 0;  // of its container that has most

  bool deleting() const { return pod->meta.deleted.has_value(); }
  bool finished() const { return phase == PodPhase::kSucceeded || phase == PodPhase::kFailed; }
  bool active() const { return !deleting() && !finished(); }
};

PodView ReadPod(const ObjectPtr& pod);

// True if `a` is to be deleted before `b` when there are too many: less of it is lost (client-go's
// ActivePodsWithRanks; the ranks are those of one node, all the same).
bool DeletedBefore(const PodView& a, const PodView& b, gate::WallTime now);

}  // namespace drill::sim
