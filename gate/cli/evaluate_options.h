#pragma once

#include <string>
#include <vector>

#include "gate/base/result.h"
#include "gate/cli/command_line.h"
#include "gate/cli/gate_options.h"
#include "gate/evaluate/question.h"
#include "gate/evaluate/verdict_record.h"

namespace gate::cli {

// What `rollout-gate evaluate` was told on its command line and by its environment.
struct EvaluateOptions : GateOptions {
  evaluate::Question question;
  evaluate::Mode mode = evaluate::Mode::kEnforce;
  std::string job_name;
};

// Parses the arguments of the subcommand, without its name.
Result<EvaluateOptions, Farewell> ParseEvaluate(const std::vector<std::string>& arguments,
                                                const GetEnv& get_env);

}  // namespace gate::cli
