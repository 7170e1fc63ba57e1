#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gate/base/strict_json.h"
#include "gate/base/time.h"

namespace gate::watch {

// An inline analysis step that asks the gate.
struct GateStep {
  std::string stage;       // "20"
  std::int64_t index = 0;  // of the analysis step
  bool operator==(const GateStep&) const = default;
};

// What the watch needs to know of a Rollout, in little memory: there may be ten thousand.
struct RolloutFacts {
  std::string ns;
  std::string name;
  std::string uid;
  std::string release;  // label release-id; empty if absent
  std::int64_t replicas = 1;
  std::vector<GateStep> gates;  // of the canary strategy, in order

  bool observed = false;     // the status speaks of the latest spec (argo R81)
  std::string current_hash;  // pod hash of the latest template
  std::string stable_hash;   // of the last fully promoted one; empty before the first
  std::int64_t step = 0;     // index of the current step
  bool aborted = false;
  std::optional<WallTime> aborted_at;  // kept after the abort (argo R65)
  bool awaits_people = false;          // paused by an inconclusive analysis (argo R64)
  std::int64_t canary_pods = 0;        // of the latest ReplicaSet, by its status
  std::int64_t all_pods = 0;
  std::int64_t available_pods = 0;
  std::int64_t canary_weight = 0;  // by a traffic router; 0 without one

  // A release is being rolled out: it is neither the stable one nor given up.
  bool InProgress() const {
    return observed && !stable_hash.empty() && current_hash != stable_hash && !aborted;
  }
  // The counts in the status leave no pod but the stable version's. Whether these are indeed of
  // the stable ReplicaSet only the ReplicaSets can say (argo R68). Where the spec is back at the
  // stable version (argo R76), the latest ReplicaSet is the stable one.
  bool LooksRestored() const {
    const bool no_canary = canary_pods == 0 || current_hash == stable_hash;
    return observed && no_canary && canary_weight == 0 && all_pods == replicas &&
           available_pods == replicas;
  }
};

// Reads what the API server serves; what is absent has its default. Gates are the analysis steps
// behind `weights`, each of which is also the stage. If there are none: the analysis steps that
// give a value to an argument `stage`, which is what the gate's templates ask about; and of a
// Rollout that has no such steps, those behind 20 and 50.
RolloutFacts ReadRollout(const Json& rollout, const std::vector<std::string>& weights);

// argo R68, by the ReplicaSets of the Rollout: the one with `canary_hash` has no pods and wants
// none, and the stable one has all that it should, available.
bool IsRestored(const RolloutFacts& facts, const std::string& canary_hash,
                const std::vector<Json>& replica_sets);

}  // namespace gate::watch
