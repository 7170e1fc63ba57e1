#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gate/base/result.h"
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

// Text to print and the exit code to end with: for --help, --version and usage errors.
struct Farewell {
  std::string text;  // without a final newline
  bool is_error;
  bool dry_run;  // asked for, in however broken a command line
};

using GetEnv = std::function<std::optional<std::string>(const std::string& name)>;

// Parses the command line of the whole program (argv without the program's name).
Result<EvaluateOptions, Farewell> ParseCommandLine(std::vector<std::string> arguments,
                                                   const std::string& version,
                                                   const GetEnv& get_env);

}  // namespace gate::cli
