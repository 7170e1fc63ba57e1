#pragma once

#include <string>
#include <vector>

#include "gate/cli/platform.h"
#include "gate/cli/service_host.h"

namespace gate::cli {

// `rollout-gate serve`: serves until the platform asks to stop.
enum class ServeExitCode {
  kStopped = 0,
  kConfiguration = 3,  // as of `evaluate`
  kCannotListen = 4,
};
int RunServe(const std::vector<std::string>& arguments, const std::string& version,
             Platform& platform, ServiceHost& host);

}  // namespace gate::cli
