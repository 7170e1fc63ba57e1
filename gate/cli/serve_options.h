#pragma once

#include <string>
#include <vector>

#include "gate/base/result.h"
#include "gate/cli/command_line.h"
#include "gate/cli/gate_options.h"

namespace gate::cli {

// What `rollout-gate serve` was told on its command line and by its environment.
struct ServeOptions : GateOptions {
  bool print_ready = false;
};

// Parses the arguments of the subcommand, without its name.
Result<ServeOptions, Farewell> ParseServe(const std::vector<std::string>& arguments,
                                          const std::string& version, const GetEnv& get_env);

}  // namespace gate::cli
