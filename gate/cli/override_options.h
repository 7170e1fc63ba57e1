#pragma once

#include <string>
#include <vector>

#include "gate/base/result.h"
#include "gate/cli/command_line.h"
#include "gate/override/desk.h"

namespace gate::cli {

// What `rollout-gate override` and `rollout-gate resume` were told.
struct OverrideOptions {
  enum class Verb { kApprove, kReject, kList, kRevoke, kResume } verb = Verb::kList;
  enum class Output { kText, kJson } output = Output::kText;

  override::Word word;
  std::string name;      // revoke: of one override
  bool dry_run = false;  // resume
  std::string kubeconfig;
  std::string context;
};

// Parses the arguments, of which the first is the verb. What can be known to be wrong without a
// cluster is a usage error.
Result<OverrideOptions, Farewell> ParseOverride(const std::vector<std::string>& arguments,
                                                const GetEnv& get_env);

}  // namespace gate::cli
