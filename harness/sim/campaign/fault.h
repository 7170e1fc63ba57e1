#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "gate/base/time.h"
#include "harness/sim/world/draw.h"

namespace drill::sim {

// What can go wrong around a rollout. docs/campaign.md describes each.
enum class FaultKind : std::uint8_t {
  // Between the gate and the API server.
  kApiThrottled,
  kApiUnavailable,
  kApiLost,
  kApiUnanswered,
  kApiReset,
  kApiConflict,
  kApiDown,
  // Between Argo Rollouts and the API server.
  kArgoApiThrottled,
  kArgoApiUnavailable,
  kArgoApiLost,
  kArgoApiUnanswered,
  kArgoApiReset,
  kArgoApiConflict,
  kArgoApiDown,
  // What controllers see of the cluster.
  kWatchArgoStalled,
  kWatchArgoLost,
  kWatchArgoDoubled,
  kWatchControllersStalled,
  kWatchControllersLost,
  kWatchControllersDoubled,
  // Processes.
  kArgoRestart,
  kArgoDown,
  kControllersDown,
  kGateCrash,
  // Clocks.
  kGateClockSkew,
  kArgoClockSkew,
  // The node and its pods.
  kPodsSlow,
  kCanaryCrash,
  kWorkloadKilled,
  kGateKilled,
  kMcCrash,
  kNodeClosed,
  kNodeStopped,
  // Between the gate and MC.
  kNetworkRefused,
  kNetworkLost,
  kNetworkReset,
  kNetworkUnresolved,
  kNetworkCut,
  // The gate's token.
  kTokenRotated,
  kTokenDeleted,
};

struct FaultInfo {
  FaultKind kind;
  std::string_view name;  // "api.throttled"
  enum class Extent {
    kMoment,    // happens at `at`
    kSpan,      // from `at` for `length`
    kWholeRun,  // from the start to the end; healed all the same
  } extent;
  enum class Parameter {
    kNone,
    kShare,     // of calls, events or connections, in ppm
    kSkew,      // nanoseconds, either way
    kSlowness,  // percent of the usual time, above 100
    kSeam,      // which process, counted from 0, and at which of its calls to seams it dies
  } parameter;
  // While it lasts, and for `aftermath` after it, a rollback cannot be expected to go on.
  enum class Rollback { kGoesOn, kIsHeldUp } rollback;
  gate::Nanos aftermath;
  // It takes pods away that no controller decided to take.
  enum class Pods { kLeft, kTaken } pods;
};
std::span<const FaultInfo> KnownFaults();  // in the order of FaultKind
const FaultInfo& InfoOf(FaultKind kind);
std::optional<FaultKind> ParseFaultKind(std::string_view name);

struct Fault {
  FaultKind kind = FaultKind::kApiThrottled;
  gate::Nanos at{0};          // since the deployment of the canary
  gate::Nanos length{0};      // kSpan only
  std::int64_t amount = 0;    // kShare, kSkew, kSlowness; kSeam: the call's number
  std::uint32_t process = 0;  // kSeam

  gate::Nanos end() const { return at + length; }
  bool operator==(const Fault&) const = default;
};

// "api.throttled 20% from 3s for 10s", for people.
std::string Describe(const Fault& fault);

}  // namespace drill::sim
