#pragma once

#include <string>
#include <vector>

#include "gate/cli/platform.h"

namespace gate::cli {

// `rollout-gate lint`: what is wrong with manifests, on standard output. Returns 0 if nothing is
// (or only warnings are, unless --strict), 1 if something is, 3 if a file cannot be read or is no
// manifest, or for a usage error; then nothing is written to standard output.
int RunLint(const std::vector<std::string>& arguments, const std::string& version,
            Platform& platform);

}  // namespace gate::cli
