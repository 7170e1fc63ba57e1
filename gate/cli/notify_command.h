#pragma once

#include <string>
#include <vector>

#include "gate/cli/platform.h"

namespace gate::cli {

// `rollout-gate notify test`: tells every configured sink that this is a test, and says what came
// of it.
enum class NotifyExitCode {
  kDelivered = 0,     // every sink has taken it
  kNotDelivered = 1,  // at least one has not
  kConfiguration = 3,
};
int RunNotify(const std::vector<std::string>& arguments, const std::string& version,
              Platform& platform);

}  // namespace gate::cli
