#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gate/base/result.h"
#include "gate/cli/command_line.h"
#include "gate/evaluate/config.h"
#include "gate/evaluate/question.h"
#include "gate/evaluate/verdict_record.h"
#include "gate/seams/log.h"

namespace gate::cli {

// What `rollout-gate evaluate` was told on its command line and by its environment.
struct EvaluateOptions {
  std::string config_file;
  evaluate::Overrides flags;
  evaluate::Overrides environment;
  evaluate::Question question;
  evaluate::Mode mode = evaluate::Mode::kEnforce;
  bool use_kube = true;
  bool print_config = false;
  std::string kubeconfig;  // empty: the Pod's service account
  std::string context;     // of the kubeconfig; empty: its current one
  std::string job_name;
  std::optional<LogFormat> log_format;
};

// Parses the arguments of the subcommand, without its name.
Result<EvaluateOptions, Farewell> ParseEvaluate(const std::vector<std::string>& arguments,
                                                const GetEnv& get_env);

}  // namespace gate::cli
