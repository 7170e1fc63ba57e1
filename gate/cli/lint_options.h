#pragma once

#include <string>
#include <vector>

#include "gate/base/result.h"
#include "gate/cli/command_line.h"
#include "gate/lint/lint.h"

namespace gate::cli {

// What `rollout-gate lint` was told.
struct LintOptions {
  enum class Format { kText, kJson, kSarif };

  std::vector<std::string> files;  // "-": standard input
  lint::Options rules;
  Format format = Format::kText;
  std::string docs_url;
  bool strict = false;
  bool list_rules = false;
};

// Parses the arguments of the subcommand, without its name.
Result<LintOptions, Farewell> ParseLint(const std::vector<std::string>& arguments);

}  // namespace gate::cli
