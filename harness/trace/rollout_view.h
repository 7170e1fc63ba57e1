#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gate/base/strict_json.h"

namespace drill {

// What the observer looks at in a Rollout (argo R81).
struct RolloutView {
  std::string name;
  std::int64_t generation = 0;  // of the spec
  bool observed = false;        // the controller has seen the latest spec: the status speaks of it
  std::int64_t replicas = 1;    // spec
  std::string stable_hash;      // status.stableRS
  std::string current_hash;     // status.currentPodHash
  std::string phase;
  std::string message;
  bool abort = false;
  std::string aborted_at;
  std::optional<std::int64_t> step;  // status.currentStepIndex
  std::int64_t weight = 0;           // that the step asks for (argo R8)
  // Why it is paused, each with when that began: the reasons of status.pauseConditions (argo R19),
  // and kPausedBySpec, which has no time.
  std::vector<std::pair<std::string, std::string>> pauses;
  std::int64_t updated_replicas = 0;  // of the current hash, as the controller last saw it
  std::string release;                // label release-id
};

inline constexpr const char* kPausedBySpec = "spec.paused";

RolloutView ReadRollout(const gate::Json& object);

// What it looks at in a ReplicaSet.
struct ReplicaSetView {
  std::string hash;
  bool observed = false;
  std::int64_t spec = 0;
  std::int64_t replicas = 0;   // status
  std::int64_t available = 0;  // status
};

ReplicaSetView ReadReplicaSet(const gate::Json& object);

// True if a controller of this kind and name owns the object.
bool IsOwnedBy(const gate::Json& object, const std::string& kind, const std::string& name);

// The labels and annotations by which the release id travels.
inline constexpr const char* kReleaseLabel = "release-id";
inline constexpr const char* kPodHashLabel = "rollouts-pod-template-hash";

// A label, "" if it is absent.
std::string Label(const gate::Json& object, const std::string& name);

}  // namespace drill
