#pragma once

#include <string>
#include <string_view>

#include "harness/sim/argo/rollout_spec.h"
#include "harness/sim/argo/rollout_status.h"

// What a Rollout says about itself: conditions, phase and message (argo R65, R70, R81). Pure.
namespace drill::sim::argo {

namespace condition {
inline constexpr std::string_view kProgressing = "Progressing";
inline constexpr std::string_view kAvailable = "Available";
inline constexpr std::string_view kPaused = "Paused";
inline constexpr std::string_view kCompleted = "Completed";
inline constexpr std::string_view kHealthy = "Healthy";
inline constexpr std::string_view kInvalidSpec = "InvalidSpec";
inline constexpr std::string_view kReplicaFailure = "ReplicaFailure";
}  // namespace condition

namespace reason {
inline constexpr std::string_view kAborted = "RolloutAborted";
inline constexpr std::string_view kPaused = "RolloutPaused";
inline constexpr std::string_view kResumed = "RolloutResumed";
inline constexpr std::string_view kRetry = "RolloutRetry";
inline constexpr std::string_view kTimedOut = "ProgressDeadlineExceeded";
inline constexpr std::string_view kNewSetAvailable = "NewReplicaSetAvailable";
inline constexpr std::string_view kNewSetCreated = "NewReplicaSetCreated";
inline constexpr std::string_view kSetUpdated = "ReplicaSetUpdated";
inline constexpr std::string_view kSetNotAvailable = "ReplicaSetNotAvailable";
inline constexpr std::string_view kCompleted = "RolloutCompleted";
inline constexpr std::string_view kHealthy = "RolloutHealthy";
inline constexpr std::string_view kAvailable = "AvailableReason";
}  // namespace reason

const Condition* FindCondition(const RolloutStatus& status, std::string_view type);

// Adds or replaces a condition. False, and nothing is changed, if it is there with the same status
// and reason, whatever its message (argo R65). A new status is a new transition.
bool SetCondition(RolloutStatus& status, Condition condition);
void RemoveCondition(RolloutStatus& status, std::string_view type);

// A condition that begins now.
Condition NewCondition(std::string_view type, std::string_view status, std::string_view reason,
                       std::string message, WallSeconds now);

// argo R81: in this order, the first that applies.
struct PhaseAndMessage {
  std::string phase;
  std::string message;
  bool operator==(const PhaseAndMessage&) const = default;
};
PhaseAndMessage CalculatePhase(const RolloutSpec& spec, const RolloutStatus& status);

// All pods are updated and available, and no old ones are left. `observed`: the stored status was
// made for the present generation.
bool IsHealthy(const RolloutSpec& spec, const RolloutStatus& next, bool observed);

// argo R70: what counts as progress.
bool IsProgressing(const RolloutStatus& before, const RolloutStatus& next);

// argo R70: no progress for longer than the deadline.
bool IsTimedOut(const RolloutSpec& spec, const RolloutStatus& status, gate::WallTime now);

inline bool IsCompleted(const RolloutStatus& status) {
  return !status.stable_hash.empty() && status.FullyPromoted();
}

}  // namespace drill::sim::argo
