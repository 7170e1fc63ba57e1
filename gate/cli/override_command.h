#pragma once

#include <string>
#include <vector>

#include "gate/cli/platform.h"

namespace gate::cli {

enum class OverrideExitCode {
  kDone = 0,
  kNotPossible = 1,    // as things are: another release, nothing to revoke, nothing paused
  kNoAnswer = 2,       // of the API server; whether it was done is unknown, and it may be repeated
  kConfiguration = 3,  // as of `evaluate`
  kForbidden = 4,
};

// `rollout-gate override VERB ...`, and, with the verb resume, `rollout-gate resume ...`.
int RunOverride(const std::vector<std::string>& arguments, const std::string& version,
                Platform& platform);

}  // namespace gate::cli
