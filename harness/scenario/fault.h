#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "gate/base/time.h"

namespace drill {

// What can go wrong around a rollout, for scenarios and campaigns alike. docs/scenario-language.md
// describes each.
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
  kMcClockSkew,
  kApiWriteReset,
  // What the gate's lists and watches see.
  kApiStaleList,
  kApiWatchCut,
  kApiRestart,
  // Slack and PagerDuty.
  kReceiversDown,
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
    kSeam,      // which process, counted from 0, and at which of its calls to the outside it dies
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
// It has no time of its own: it is set up before the canary is deployed.
bool IsFromTheStart(const FaultInfo& info);

// The calls to the outside that a process of the gate can die at. Each counts twice: before it has
// an effect, and after.
inline constexpr std::array<std::string_view, 7> kGateSeams = {
    "files.read", "http.send", "kube.create", "kube.get", "kube.patch", "log.write", "runtime.wait",
};

inline constexpr std::int64_t kWholeShare = 1'000'000;  // 100 % in ppm

struct Fault {
  FaultKind kind = FaultKind::kApiThrottled;
  gate::Nanos at{0};          // since the deployment of the canary
  gate::Nanos length{0};      // kSpan only
  std::int64_t amount = 0;    // kShare, kSkew, kSlowness; kSeam: the call's number, from 0
  std::uint32_t process = 0;  // kSeam
  std::string seam;           // kSeam: only calls of this name are counted; empty: all

  gate::Nanos end() const { return at + length; }
  bool operator==(const Fault&) const = default;
};

// For people: "api.throttled 20%", "api.throttled 20% for 10s", and with the time at which it
// begins, "api.throttled 20% from 3s for 10s".
std::string DescribeWhat(const Fault& fault);
std::string DescribeUntimed(const Fault& fault);
std::string Describe(const Fault& fault);

}  // namespace drill
