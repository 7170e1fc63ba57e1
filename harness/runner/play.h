#pragma once

#include <stop_token>

#include "gate/seams/runtime.h"
#include "harness/expect/evaluate.h"
#include "harness/runner/backend.h"
#include "harness/runner/recorder.h"
#include "harness/scenario/scenario.h"

namespace drill {

// How long each part of a scenario may take, besides its horizon.
struct PlayLimits {
  gate::Nanos prepare = std::chrono::minutes(3);
  gate::Nanos first_snapshots = std::chrono::seconds(30);
  gate::Nanos action = std::chrono::seconds(30);  // the deployment, and each of its timeline
  // How long to go on looking after an `until` event, so that what must never happen has a chance.
  gate::Nanos settle = std::chrono::seconds(2);
  gate::Nanos collect = std::chrono::seconds(30);
  gate::Nanos remove = std::chrono::minutes(2);
};

// Plays one scenario: prepares a stage, watches it, deploys the canary, does what its timeline says
// until one of its `until` events or its horizon, collects, removes the stage, judges. The stage is
// removed whatever happened before, also after a stop. Trouble of the harness or the backend makes
// the result inconclusive and is its reason; it is never a pass. Nor is a timeline of which
// something was left undone.
//
// Everything is also recorded. Thread-safe as far as `backend` and `recorder` are.
reports::ScenarioResult Play(const Scenario& scenario, Backend& backend, Recorder& recorder,
                             const PlayLimits& limits, const std::stop_token& stop);

}  // namespace drill
