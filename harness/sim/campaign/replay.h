#pragma once

#include <string>

#include "gate/base/result.h"
#include "gate/seams/files.h"
#include "harness/runner/backend.h"
#include "harness/sim/campaign/play_case.h"

namespace drill::sim {

// Plays a scenario that has `replay`, exactly as the campaign did that wrote it. `manifests` is
// kind/scenario. An error: its world cannot be made.
gate::Result<ObservedCase> ReplayCase(gate::Files& files, const std::string& manifests,
                                      const Scenario& scenario);

// The same for a backend. What kept it from being played is the reason of its ending.
gate::Result<Replayed> ReplayScenario(gate::Files& files, const std::string& manifests,
                                      const Scenario& scenario);

}  // namespace drill::sim
