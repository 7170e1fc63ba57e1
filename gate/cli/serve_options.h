#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gate/base/result.h"
#include "gate/cli/command_line.h"
#include "gate/evaluate/settings.h"
#include "gate/seams/log.h"

namespace gate::cli {

// What `rollout-gate serve` was told on its command line and by its environment.
struct ServeOptions {
  std::string config_file;
  evaluate::Overrides flags;
  evaluate::Overrides environment;
  bool use_kube = true;
  bool print_config = false;
  bool print_ready = false;
  std::string kubeconfig;  // empty: the Pod's service account
  std::string context;     // of the kubeconfig; empty: its current one
  LogFormat log_format = LogFormat::kJson;
};

// Parses the arguments of the subcommand, without its name.
Result<ServeOptions, Farewell> ParseServe(const std::vector<std::string>& arguments,
                                          const std::string& version, const GetEnv& get_env);

}  // namespace gate::cli
