#pragma once

#include "harness/sim/campaign/campaign.h"

namespace drill::sim {

// The worlds of generated cases, read once for all tests of the program.
const CaseWorlds& GeneratedWorlds();

// A case without faults: ten replicas, and MC answers so at 20 and at 50 %.
Case PlainCase(McAnswer at_20, McAnswer at_50);

// Plays it.
CaseResult Play(const Case& one);

}  // namespace drill::sim
