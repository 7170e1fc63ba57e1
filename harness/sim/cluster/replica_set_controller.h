#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/sim/cluster/controller.h"

namespace drill::sim {

// Keeps as many pods as each ReplicaSet wants, and says how they are. As the real one
// (pkg/controller/replicaset), except that pods are its own by their controller reference alone:
// it adopts and releases none.
class ReplicaSetController {
 public:
  ReplicaSetController(ControllerManager& manager, Informer& replica_sets);
  ReplicaSetController(const ReplicaSetController&) = delete;
  ReplicaSetController& operator=(const ReplicaSetController&) = delete;

  WorkQueue& queue() { return queue_; }

 private:
  struct Counts {
    std::int64_t replicas = 0;
    std::int64_t labelled = 0;
    std::int64_t ready = 0;
    std::int64_t available = 0;
    std::int64_t generation = 0;
    bool operator==(const Counts&) const = default;
  };
  struct State {
    std::string uid;
    Expectations expectations;
    std::shared_ptr<const gate::Json> read_from;  // the ReplicaSet's spec that `pods` is from
    PodTemplate pods;
    std::optional<Counts> written;  // the last status that was written, if there was no failure
  };

  void OnPod(const ObjectPtr& before, const ObjectPtr& after);
  State* StateOf(const Object& pod);  // null if no ReplicaSet that is known controls it
  WorkQueue::Outcome Reconcile(const ObjectKey& key);
  gate::Result<void> Manage(const Object& set, State& state,
                            const std::vector<const PodView*>& active);
  gate::Result<void> CreatePods(const Object& set, State& state, std::int64_t count);
  void DeletePods(const Object& set, State& state, std::vector<const PodView*> pods,
                  std::size_t count);
  const PodTemplate& TemplateOf(const Object& set, State& state);
  // Puts into `next_available` when the next ready pod becomes available; 0: none.
  Counts Count(const Object& set, State& state, const std::vector<const PodView*>& active,
               gate::Nanos& next_available);
  bool WriteCounts(const Object& set, State& state, const Counts& counts,
                   const gate::Result<void>& managed);

  ControllerManager& manager_;
  Informer& replica_sets_;
  EventRecorder events_;
  gate::Rng rng_;
  std::map<ObjectKey, State> states_;
  WorkQueue queue_;
};

}  // namespace drill::sim
