#pragma once

#include <map>
#include <string>
#include <vector>

#include "gate/cli/command_line.h"
#include "gate/evaluate/settings.h"

namespace gate::cli {

// The flags of a subcommand that set settings.
class SettingFlags {
 public:
  // Adds them to `app`. Only those that `arguments` may name, or all for --help: CLI11 compares
  // every option with all others, and most runs name none.
  SettingFlags(CLI::App& app, const std::vector<evaluate::Setting>& settings,
               const std::vector<std::string>& arguments);

  // Those that were given, once `app` has parsed the arguments.
  evaluate::Overrides Given() const;

 private:
  CLI::App& app_;
  std::map<std::string, std::string> values_;  // by path
};

// The settings that environment variables set.
evaluate::Overrides FromEnvironment(const std::vector<evaluate::Setting>& settings,
                                    const GetEnv& get_env);

}  // namespace gate::cli
