#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "harness/sim/kube/object.h"

namespace drill::sim {

// What invariants look at in a Rollout and its ReplicaSets, as the API server has them.
class RolloutState {
 public:
  struct Status {
    std::int64_t replicas = 1;  // spec
    std::string current_hash;
    std::string stable_hash;
    std::int64_t step = 0;
    std::string phase;
    bool observed = false;  // the status speaks of the latest spec
    bool aborted = false;
    bool waits_for_people = false;  // paused for a reason that only people can end
  };

  // Both take what a listener is told; `after` null: deleted.
  void OnRollout(const Object& rollout);
  void OnReplicaSet(const Object& set, bool exists);

  const Status& now() const { return now_; }

  bool Healthy() const { return now_.observed && now_.phase == "Healthy"; }
  // argo R68: the set with this hash is gone, and the stable one is whole.
  bool Restored(const std::string& canary_hash) const;
  // Nothing will happen any more without people: promoted, rolled back, or paused until told.
  bool Settled() const;

 private:
  struct Set {
    std::int64_t spec = 0;
    std::int64_t created = 0;
    std::int64_t available = 0;
  };
  Status now_;
  std::map<std::string, Set> sets_;  // by pod hash
};

}  // namespace drill::sim
