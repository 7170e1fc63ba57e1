#pragma once

#include <string>

#include "reports/assess.h"
#include "reports/model.h"

namespace drill {

// What a run ends with on the terminal: a table, what was inconclusive, seed and trace hash of a
// simulation, the decision, and as the
// last line "N passed, N failed" (", N skipped"), where everything that was to run and did not pass
// counts as failed.
std::string Summarize(const reports::RunResult& run);

enum class ExitCode {
  kPass = 0,
  kFail = 1,          // the system under test did not do what was expected
  kInconclusive = 2,  // or incomplete
  kInvalidInput = 3,
  kAborted = 4,  // by a signal or for safety
  kInternal = 5,
};

// Of a run that was not aborted: judged by what it was asked to play.
ExitCode ExitCodeOf(const reports::RunResult& run);

// Of a report: judged by its decision.
ExitCode ExitCodeOf(reports::Decision decision);

}  // namespace drill
