#pragma once

#include <string>
#include <vector>

#include "gate/cli/platform.h"

namespace gate::cli {

// The program: parses the command line (argv without the program's name), does what it says, and
// returns the exit code (docs and --help list them).
int Run(const std::vector<std::string>& arguments, const std::string& version, Platform& platform);

}  // namespace gate::cli
