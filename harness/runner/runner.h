#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "gate/seams/runtime.h"
#include "harness/runner/backend.h"
#include "harness/runner/play.h"
#include "harness/runner/recorder.h"
#include "harness/scenario/load.h"

namespace drill {

struct RunOptions {
  int jobs = 2;    // scenarios played at the same time, at least 1
  int repeat = 1;  // times that each scenario is played, at least 1
  PlayLimits limits;
  gate::Nanos start_backend = std::chrono::minutes(15);
  gate::Nanos stop_backend = std::chrono::minutes(3);
};

// The scenarios of a set that a run will play, by index, in the set's order: those that were asked
// for and that the backend can play. kInvalidArgument if `only` names one that is not there, or if
// nothing is left.
gate::Result<std::vector<std::size_t>> SelectScenarios(const ScenarioSet& set,
                                                       const std::vector<std::string>& only,
                                                       std::string_view backend);

// Adds scenarios and checklist of the set to what will be the journal's first record; those that
// are not selected say why they do not run.
void DescribeScenarios(const ScenarioSet& set, const std::vector<std::size_t>& selected,
                       const std::vector<std::string>& only, reports::RunResult& head);

// Brings the backend up, plays the selected scenarios on `options.jobs` tasks, after these one by
// one those that cannot be played beside others (PlaysAlone), all of them again as often as is
// asked for, takes the backend down, whatever
// happens and also after a stop. Everything is recorded, between RunStart (before the call) and
// RunEnd (after it). After a requested stop no further scenario begins.
//
// An error is what kept the backend from starting; then no scenario ran.
gate::Result<void> RunScenarios(const ScenarioSet& set, const std::vector<std::size_t>& selected,
                                Backend& backend, gate::Runtime& runtime, Recorder& recorder,
                                const RunOptions& options, const std::stop_token& stop);

}  // namespace drill
