#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/sim/campaign/case.h"
#include "harness/sim/campaign/judge.h"
#include "harness/sim/campaign/stage_template.h"
#include "harness/sim/stage/programs.h"
#include "harness/trace/trace.h"

namespace drill::sim {

struct CaseResult {
  std::optional<Violation> violation;
  // Not empty: the case could not be played, which says nothing about the gate.
  std::string trouble;
  std::array<std::uint64_t, kInvariants> evaluated{};
  std::array<bool, kMarks> marks{};
  std::vector<std::uint64_t> faults;  // how often each kind began
  std::uint64_t trace = 0;            // hash of everything that happened
  std::uint64_t events = 0;
  gate::Nanos virtual_time{0};

  bool passed() const { return !violation && trouble.empty(); }
};

// How long a case may take, in virtual time.
inline constexpr gate::Nanos kPrepareTime = std::chrono::minutes(3);
// From the end of the last fault: longer than everything that a controller, the kubelet or the gate
// waits for by itself (docs/campaign.md lists it).
inline constexpr gate::Nanos kSettleTime = std::chrono::minutes(20);
// After that, until people are told: longer than the longest back-off of a gate that keeps
// crashing, of a lease that nobody holds and of a delivery together.
inline constexpr gate::Nanos kTellTime = std::chrono::minutes(10);
// What goes on after a rollout has settled: the gate's notes, pods that end.
inline constexpr gate::Nanos kTailTime = std::chrono::seconds(5);

// Plays one case in a world of its own: the stable release is brought up; then the canary is
// deployed and the faults happen; then, without faults, the rollout must come to an end. It ends at
// the first thing that is wrong. `scripts` is a cache and changes nothing.
CaseResult PlayCase(const Case& one, const StageTemplate& stage, ScriptCache& scripts);

// The same, and what a scenario's watches would have seen of it, with an event `broken` if an
// invariant was.
struct ObservedCase {
  CaseResult result;
  Trace trace;                              // ordered by `at`
  std::map<std::string, std::string> logs;  // what pods wrote, by "namespace/pod"
};
ObservedCase PlayObserved(const Case& one, const StageTemplate& stage, ScriptCache& scripts);

}  // namespace drill::sim
