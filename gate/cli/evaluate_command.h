#pragma once

#include <string>
#include <vector>

#include "gate/cli/platform.h"

namespace gate::cli {

// `rollout-gate evaluate`: one gate run, answered with the exit code (evaluate::ExitCode; always 0
// in a dry run, in which however broken a command line is none).
int RunEvaluate(const std::vector<std::string>& arguments, const std::string& version,
                Platform& platform);

}  // namespace gate::cli
