#pragma once

#include <cstdint>

#include "harness/sim/campaign/play_case.h"

namespace drill::sim {

struct Shrunk {
  Case smallest;
  CaseResult result;  // of playing it
  std::uint64_t replays = 0;
};

// Looks for a smaller case that breaks the same invariant: without faults that do not matter, with
// shorter faults, round times, a plainer MC, fewer replicas, the usual steps, ties in order and the
// newer Argo Rollouts. Greedy, with at most `most_replays` replays. `result` is that of `one`,
// which failed.
Shrunk Shrink(const Case& one, const CaseResult& result, const StageTemplate& stage,
              std::uint64_t most_replays);

}  // namespace drill::sim
