#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "harness/sim/argo/rollout_sync.h"
#include "harness/sim/argo/wake_list.h"
#include "harness/sim/kube/work_queue.h"

namespace drill::sim::argo {

// The controller of Rollouts: keeps what is the same between reconciles, and the queue.
class RolloutController {
 public:
  RolloutController(const RolloutEnvironment& env, Informer& rollouts);
  RolloutController(const RolloutController&) = delete;
  RolloutController& operator=(const RolloutController&) = delete;

  // Nothing is remembered across a stop.
  void Stop();
  void Start() { queue_.Start(); }

  void Enqueue(const ObjectKey& key);
  // Something that specs refer to has changed: what was valid may not be.
  void ForgetValidity() { ++references_; }

 private:
  // What is computed once per spec.
  struct Known {
    std::int64_t generation = 0;
    std::shared_ptr<const RolloutSpec> spec;  // null: it is invalid in itself
    std::string invalid;                      // why
    std::string pod_hash;
    std::uint64_t references = 0;  // at which `invalid_reference` was found
    std::string invalid_reference;
    KnownStatus status;
  };

  WorkQueue::Outcome Reconcile(const ObjectKey& key);
  WorkQueue::Outcome Sync(const ObjectKey& key, const ObjectPtr& rollout);
  Known& Know(const Object& rollout);
  // Empty if it is valid.
  std::string WhyInvalid(const Object& rollout, Known& known) const;
  ObjectPtr Newest(const ObjectKey& key) const;

  const RolloutEnvironment& env_;
  Informer& rollouts_;
  WorkQueue queue_;
  WakeList wakes_;
  std::map<std::string, Known> known_;      // by uid
  std::map<ObjectKey, ObjectPtr> written_;  // what was written last
  std::uint64_t references_ = 1;
};

}  // namespace drill::sim::argo
