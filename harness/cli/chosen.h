#pragma once

#include <functional>

#include "harness/runner/summary.h"

namespace drill::cli {

// What the command line asked for: set by the subcommand that was given. Empty before parsing.
using Chosen = std::function<ExitCode()>;

}  // namespace drill::cli
