#include "gate/cli/setting_flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>
#include <utility>

namespace gate::cli {

SettingFlags::SettingFlags(CLI::App& app, const std::vector<evaluate::Setting>& settings,
                           const std::vector<std::string>& arguments)
    : app_(app) {
  const auto any = [&arguments](std::string_view prefix) {
    return std::any_of(arguments.begin(), arguments.end(), [prefix](const std::string& argument) {
      return argument.starts_with(prefix);
    });
  };
  const bool help = any("-h") || any("--help");
  for (const evaluate::Setting& setting : settings) {
    const std::string flag = evaluate::FlagName(setting.path);
    if (!help && !any(flag)) continue;
    app.add_option(flag, values_[setting.path],
                   fmt::format("{} [{}]", setting.help, evaluate::EnvironmentName(setting.path)))
        ->group("Configuration (over the environment, over the file)");
  }
}

evaluate::Overrides SettingFlags::Given() const {
  evaluate::Overrides given;
  for (const auto& [path, value] : values_) {
    if (app_.count(evaluate::FlagName(path)) > 0) given[path] = value;
  }
  return given;
}

evaluate::Overrides FromEnvironment(const std::vector<evaluate::Setting>& settings,
                                    const GetEnv& get_env) {
  evaluate::Overrides overrides;
  for (const evaluate::Setting& setting : settings) {
    if (auto value = get_env(evaluate::EnvironmentName(setting.path))) {
      overrides[setting.path] = *std::move(value);
    }
  }
  return overrides;
}

}  // namespace gate::cli
