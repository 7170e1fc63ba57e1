#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gate/cli/command_line.h"
#include "gate/evaluate/settings.h"
#include "gate/seams/log.h"

namespace gate::cli {

// What every subcommand that judges is told on its command line and by its environment: its
// configuration, and the cluster to record in.
struct GateOptions {
  std::string config_file;
  evaluate::Overrides flags;
  evaluate::Overrides environment;
  bool print_config = false;
  bool use_kube = true;
  std::string kubeconfig;  // empty: the Pod's service account
  std::string context;     // of the kubeconfig; empty: its current one
  std::optional<LogFormat> log_format;
};

// The flags of these options.
class GateFlags {
 public:
  // Adds them to `app`. Of those that set `settings` only the ones that `arguments` may name, or
  // all for --help: CLI11 compares every option with all others, and most runs name none.
  GateFlags(CLI::App& app, GateOptions& options, const std::vector<evaluate::Setting>& settings,
            const std::vector<std::string>& arguments);

  // Completes the options, once `app` has parsed the arguments.
  void Finish(const GetEnv& get_env);

 private:
  CLI::App& app_;
  GateOptions& options_;
  const std::vector<evaluate::Setting>& settings_;
  std::map<std::string, std::string> values_;  // of settings, by path
  bool no_kube_ = false;
  LogFormat log_format_ = LogFormat::kJson;
};

}  // namespace gate::cli
