#include "harness/scenario/vocabulary.h"

#include <algorithm>

#include "harness/scenario/fault.h"
#include "harness/scenario/replay.h"
#include "harness/scenario/timeline.h"

namespace drill {
namespace {

std::vector<std::string_view> Booleans() { return {"true", "false"}; }
std::vector<std::string_view> Verdicts() { return {"pass", "fail", "inconclusive"}; }

std::vector<std::string_view> Faults() {
  std::vector<std::string_view> names;
  for (const FaultInfo& info : KnownFaults()) names.push_back(info.name);
  return names;
}
std::vector<std::string_view> Invariants() {
  return {kInvariantNames.begin(), kInvariantNames.end()};
}

std::vector<EventKind> BuildVocabulary() {
  constexpr auto kAtTheEnd = EventKind::Known::kAtTheEnd;
  return {
      {"deployed", {{"release"}}},
      {"action", {{"do", ActionNames()}, {"ok", Booleans()}, {"detail"}}},
      {"rollout.phase", {{"phase"}, {"message"}}},
      {"rollout.step", {{"index"}, {"weight"}}},
      {"rollout.aborted", {{"message"}}},
      {"rollout.pause", {{"reason"}, {"active", Booleans()}}},
      {"promoted", {{"release"}}},
      {"replicas",
       {{"stableSpec"},
        {"stableAvailable"},
        {"canarySpec"},
        {"canaryAvailable"},
        {"olderSpec"},
        {"olderAvailable"}}},
      {"analysisrun.phase", {{"name"}, {"type"}, {"step"}, {"phase"}, {"message"}}},
      {"job.finished", {{"name"}, {"succeeded", Booleans()}, {"reason"}}},
      {"event", {{"reason"}, {"type"}, {"message"}, {"kind"}, {"name"}}},
      {"verdict",
       {{"stage"},
        {"verdict", Verdicts()},
        {"reason"},
        {"release"},
        {"dryRun", Booleans()},
        {"securityAlert", Booleans()},
        {"traceId"},
        {"message"}}},
      {"restored", {}},
      {"release.seen",
       {{"where",
         {"rollout-label", "pod-label", "analysis-arg", "mc-request", "status", "audit",
          "run-annotation"}},
        {"release"}}},
      {"mc.request",
       {{"release"}, {"stage"}, {"status"}, {"rule"}, {"evidenceOk", Booleans()}, {"traceId"}},
       kAtTheEnd},
      {"notice",
       {{"to", {"slack", "pagerduty", "pagerduty-change"}},
        {"status"},
        {"action", {"trigger", "resolve"}},
        {"key"},
        {"text"},
        {"link"},
        {"kind"},
        {"release"},
        {"stage"},
        {"reason"}},
       kAtTheEnd},
      {"alert", {{"name"}, {"severity"}, {"environment"}}, kAtTheEnd},
      {"audit",
       {{"kind"},
        {"seq"},
        {"time"},
        {"release"},
        {"stage"},
        {"environment"},
        {"namespace"},
        {"rollout"},
        {"podHash"},
        {"analysisRun"},
        {"verdict", Verdicts()},
        {"reason"},
        {"message"},
        {"securityAlert", Booleans()},
        {"dryRun", Booleans()},
        {"attempts"},
        {"evidenceDigest"},
        {"keyId"},
        {"traceId"},
        {"durationMs"},
        {"prev"},
        {"hash"}},
       kAtTheEnd},
      {"audit.chain", {{"ok", Booleans()}, {"detail"}}, kAtTheEnd},
      {"fault", {{"kind", Faults()}, {"state", {"began", "ended"}}, {"detail"}}, kAtTheEnd},
      {"broken", {{"invariant", Invariants()}, {"detail"}}, kAtTheEnd},
  };
}

}  // namespace

std::span<const EventKind> KnownEvents() {
  static const std::vector<EventKind> kinds = BuildVocabulary();
  return kinds;
}

const EventKind* FindEventKind(std::string_view name) {
  const auto kinds = KnownEvents();
  const auto found = std::find_if(kinds.begin(), kinds.end(),
                                  [&](const EventKind& kind) { return kind.name == name; });
  return found == kinds.end() ? nullptr : &*found;
}

}  // namespace drill
