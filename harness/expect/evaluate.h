#pragma once

#include <string>

#include "harness/scenario/scenario.h"
#include "harness/trace/trace.h"
#include "reports/model.h"

namespace drill {

// How the observation of a scenario ended.
struct Ending {
  enum class Kind {
    kUntil,    // one of the scenario's `until` events was seen
    kHorizon,  // the horizon was reached
    kStopped,  // somebody stopped the run
    kTrouble,  // the harness or the backend failed
  };
  Kind kind;
  std::string reason;   // for kStopped and kTrouble, one line
  gate::Instant start;  // of the scenario: the zero of the times in the result

  // Everything that happened was seen, so that what was not seen did not happen.
  bool IsComplete() const { return kind == Kind::kUntil || kind == Kind::kHorizon; }
};

reports::TraceEntry ToEntry(const TraceEvent& event, gate::Instant start);

// What is known about a scenario before it runs; it did not run.
reports::ScenarioResult ResultHead(const Scenario& scenario);

// Judges a trace, which must be ordered by `at`. Looks only at what happened since the event
// `deployed`. Times are asserted on their upper bound: an event that may have been too late was too
// late. What could not be seen because the observation broke off is inconclusive, never a pass;
// what was seen to be wrong is a failure even then.
//
// Start, duration, notes and timeline of the result are left for the caller to fill in.
reports::ScenarioResult Evaluate(const Scenario& scenario, const Trace& trace,
                                 const Ending& ending);

}  // namespace drill
