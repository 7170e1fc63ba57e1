#pragma once

#include "gate/base/result.h"
#include "harness/runner/summary.h"

namespace drill::cli {

// Says on stderr what is wrong, and returns `code`.
ExitCode Complain(const gate::Error& error, ExitCode code);

// Likewise, with the code that goes with the error: kFail if something is there but not as it
// should be, else kInvalidInput.
ExitCode Complain(const gate::Error& error);

}  // namespace drill::cli
