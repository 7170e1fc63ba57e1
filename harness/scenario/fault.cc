#include "harness/scenario/fault.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "gate/base/check.h"

namespace drill {
namespace {

using Extent = FaultInfo::Extent;
using Parameter = FaultInfo::Parameter;
using Rollback = FaultInfo::Rollback;
using Pods = FaultInfo::Pods;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr auto kGoesOn = Rollback::kGoesOn;
constexpr auto kHeldUp = Rollback::kIsHeldUp;
constexpr gate::Nanos kNothing{0};
// What a controller has failed at comes again after a back-off that has grown meanwhile, and a call
// whose answer never came keeps it for half a minute (argo::Api).
constexpr gate::Nanos kBackoff = minutes(2);
// A ReplicaSet controller that waits for events which were lost gives them up after 5 min, and a
// pod that has crashed may wait as long for its restart.
constexpr gate::Nanos kForgotten = minutes(6);

constexpr FaultInfo Share(FaultKind kind, std::string_view name, Rollback rollback,
                          gate::Nanos aftermath) {
  return {kind, name, Extent::kSpan, Parameter::kShare, rollback, aftermath, Pods::kLeft};
}

constexpr FaultInfo Span(FaultKind kind, std::string_view name, Rollback rollback,
                         gate::Nanos aftermath, Pods pods = Pods::kLeft) {
  return {kind, name, Extent::kSpan, Parameter::kNone, rollback, aftermath, pods};
}

constexpr std::array kFaults = {
    Share(FaultKind::kApiThrottled, "api.throttled", kGoesOn, kNothing),
    Share(FaultKind::kApiUnavailable, "api.unavailable", kGoesOn, kNothing),
    Share(FaultKind::kApiLost, "api.lost", kGoesOn, kNothing),
    Share(FaultKind::kApiUnanswered, "api.unanswered", kGoesOn, kNothing),
    Share(FaultKind::kApiReset, "api.reset", kGoesOn, kNothing),
    Share(FaultKind::kApiConflict, "api.conflict", kGoesOn, kNothing),
    Span(FaultKind::kApiDown, "api.down", kGoesOn, kNothing),
    Share(FaultKind::kArgoApiThrottled, "argo-api.throttled", kHeldUp, kBackoff),
    Share(FaultKind::kArgoApiUnavailable, "argo-api.unavailable", kHeldUp, kBackoff),
    Share(FaultKind::kArgoApiLost, "argo-api.lost", kHeldUp, kBackoff),
    Share(FaultKind::kArgoApiUnanswered, "argo-api.unanswered", kHeldUp, kBackoff),
    Share(FaultKind::kArgoApiReset, "argo-api.reset", kHeldUp, kBackoff),
    Share(FaultKind::kArgoApiConflict, "argo-api.conflict", kHeldUp, kBackoff),
    Span(FaultKind::kArgoApiDown, "argo-api.down", kHeldUp, kBackoff),
    Span(FaultKind::kWatchArgoStalled, "watch.argo-stalled", kHeldUp, seconds(10)),
    Share(FaultKind::kWatchArgoLost, "watch.argo-lost", kHeldUp, seconds(10)),
    Share(FaultKind::kWatchArgoDoubled, "watch.argo-doubled", kGoesOn, kNothing),
    Span(FaultKind::kWatchControllersStalled, "watch.controllers-stalled", kHeldUp, seconds(10)),
    Share(FaultKind::kWatchControllersLost, "watch.controllers-lost", kHeldUp, kForgotten),
    Share(FaultKind::kWatchControllersDoubled, "watch.controllers-doubled", kGoesOn, kNothing),
    FaultInfo{FaultKind::kArgoRestart, "argo.restart", Extent::kMoment, Parameter::kNone, kGoesOn,
              kNothing, Pods::kLeft},
    Span(FaultKind::kArgoDown, "argo.down", kHeldUp, seconds(10)),
    Span(FaultKind::kControllersDown, "controllers.down", kHeldUp, seconds(10)),
    FaultInfo{FaultKind::kGateCrash, "gate.crash", Extent::kMoment, Parameter::kSeam, kGoesOn,
              kNothing, Pods::kLeft},
    FaultInfo{FaultKind::kGateClockSkew, "gate.clock-skew", Extent::kWholeRun, Parameter::kSkew,
              kGoesOn, kNothing, Pods::kLeft},
    FaultInfo{FaultKind::kArgoClockSkew, "argo.clock-skew", Extent::kWholeRun, Parameter::kSkew,
              kGoesOn, kNothing, Pods::kLeft},
    FaultInfo{FaultKind::kPodsSlow, "pods.slow", Extent::kSpan, Parameter::kSlowness, kHeldUp,
              minutes(1), Pods::kLeft},
    Span(FaultKind::kCanaryCrash, "canary.crash", kGoesOn, kForgotten, Pods::kTaken),
    FaultInfo{FaultKind::kWorkloadKilled, "workload.killed", Extent::kMoment, Parameter::kNone,
              kHeldUp, kForgotten, Pods::kTaken},
    FaultInfo{FaultKind::kGateKilled, "gate.killed", Extent::kMoment, Parameter::kNone, kGoesOn,
              kNothing, Pods::kLeft},
    Span(FaultKind::kMcCrash, "mc.crash", kGoesOn, kNothing),
    Span(FaultKind::kNodeClosed, "node.closed", kHeldUp, minutes(1)),
    Span(FaultKind::kNodeStopped, "node.stopped", kHeldUp, kForgotten, Pods::kTaken),
    Share(FaultKind::kNetworkRefused, "network.refused", kGoesOn, kNothing),
    Share(FaultKind::kNetworkLost, "network.lost", kGoesOn, kNothing),
    Share(FaultKind::kNetworkReset, "network.reset", kGoesOn, kNothing),
    Share(FaultKind::kNetworkUnresolved, "network.unresolved", kGoesOn, kNothing),
    Span(FaultKind::kNetworkCut, "network.cut", kGoesOn, kNothing),
    FaultInfo{FaultKind::kTokenRotated, "token.rotated", Extent::kMoment, Parameter::kNone, kGoesOn,
              kNothing, Pods::kLeft},
    Span(FaultKind::kTokenDeleted, "token.deleted", kGoesOn, kNothing),
    FaultInfo{FaultKind::kMcClockSkew, "mc.clock-skew", Extent::kWholeRun, Parameter::kSkew,
              kGoesOn, kNothing, Pods::kLeft},
    Share(FaultKind::kApiWriteReset, "api.write-reset", kGoesOn, kNothing),
    Share(FaultKind::kApiStaleList, "api.stale-list", kGoesOn, kNothing),
    Share(FaultKind::kApiWatchCut, "api.watch-cut", kGoesOn, kNothing),
    FaultInfo{FaultKind::kApiRestart, "api.restart", Extent::kMoment, Parameter::kNone, kGoesOn,
              kNothing, Pods::kLeft},
    Span(FaultKind::kReceiversDown, "receivers.down", kGoesOn, kNothing),
};

constexpr bool InOrder() {
  for (std::size_t i = 0; i < kFaults.size(); ++i) {
    if (kFaults[i].kind != static_cast<FaultKind>(i)) return false;
  }
  return true;
}
static_assert(InOrder());

std::string DescribeAmount(const Fault& fault) {
  switch (InfoOf(fault.kind).parameter) {
    case Parameter::kNone:
      return "";
    case Parameter::kShare:
      return fmt::format(" {}%", static_cast<double>(fault.amount) * 100 / kWholeShare);
    case Parameter::kSkew:
      return " " + gate::FormatDuration(gate::Nanos(fault.amount));
    case Parameter::kSlowness:
      return fmt::format(" {}%", fault.amount);
    case Parameter::kSeam:
      return fmt::format(" of process {} at its call {}{}{}", fault.process, fault.amount,
                         fault.seam.empty() ? "" : " of ", fault.seam);
  }
  GATE_CHECK(false);
}

std::string ForHowLong(const Fault& fault) {
  if (InfoOf(fault.kind).extent != Extent::kSpan) return "";
  return " for " + gate::FormatDuration(fault.length);
}

}  // namespace

std::span<const FaultInfo> KnownFaults() { return kFaults; }

const FaultInfo& InfoOf(FaultKind kind) { return kFaults.at(static_cast<std::size_t>(kind)); }

std::optional<FaultKind> ParseFaultKind(std::string_view name) {
  const auto* found = std::find_if(kFaults.begin(), kFaults.end(),
                                   [name](const FaultInfo& info) { return info.name == name; });
  if (found == kFaults.end()) return std::nullopt;
  return found->kind;
}

bool IsFromTheStart(const FaultInfo& info) {
  return info.extent == Extent::kWholeRun || info.parameter == Parameter::kSeam;
}

std::string DescribeWhat(const Fault& fault) {
  return fmt::format("{}{}", InfoOf(fault.kind).name, DescribeAmount(fault));
}

std::string DescribeUntimed(const Fault& fault) { return DescribeWhat(fault) + ForHowLong(fault); }

std::string Describe(const Fault& fault) {
  if (IsFromTheStart(InfoOf(fault.kind))) return DescribeWhat(fault);
  return DescribeWhat(fault) + " from " + gate::FormatDuration(fault.at) + ForHowLong(fault);
}

}  // namespace drill
