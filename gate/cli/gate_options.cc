#include "gate/cli/gate_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>
#include <utility>

namespace gate::cli {
namespace {

constexpr const char* kLogFormat = "--log-format";

void AddSettings(CLI::App& app, const std::vector<evaluate::Setting>& settings,
                 const std::vector<std::string>& arguments,
                 std::map<std::string, std::string>& values) {
  const auto any = [&arguments](std::string_view prefix) {
    return std::any_of(arguments.begin(), arguments.end(), [prefix](const std::string& argument) {
      return argument.starts_with(prefix);
    });
  };
  const bool help = any("-h") || any("--help");
  for (const evaluate::Setting& setting : settings) {
    const std::string flag = evaluate::FlagName(setting.path);
    if (!help && !any(flag)) continue;
    app.add_option(flag, values[setting.path],
                   fmt::format("{} [{}]", setting.help, evaluate::EnvironmentName(setting.path)))
        ->group("Configuration (over the environment, over the file)");
  }
}

}  // namespace

GateFlags::GateFlags(CLI::App& app, GateOptions& options,
                     const std::vector<evaluate::Setting>& settings,
                     const std::vector<std::string>& arguments)
    : app_(app), options_(options), settings_(settings) {
  app.add_option("--config", options.config_file, "configuration file (YAML)");
  app.add_flag("--print-config", options.print_config,
               "print the resolved configuration as YAML and exit");
  app.add_flag("--no-kube", no_kube_, "no cluster: only decide and print");
  app.add_option("--kubeconfig", options.kubeconfig,
                 "cluster to record in; default: the Pod's service account");
  app.add_option("--context", options.context, "context of the kubeconfig");
  const std::map<std::string, LogFormat> formats = {{"json", LogFormat::kJson},
                                                    {"text", LogFormat::kText}};
  app.add_option(kLogFormat, log_format_, "json or text")
      ->transform(CLI::CheckedTransformer(formats));
  AddSettings(app, settings, arguments, values_);
}

void GateFlags::Finish(const GetEnv& get_env) {
  options_.use_kube = !no_kube_;
  if (app_.count(kLogFormat) > 0) options_.log_format = log_format_;
  for (const auto& [path, value] : values_) {
    if (app_.count(evaluate::FlagName(path)) > 0) options_.flags[path] = value;
  }
  for (const evaluate::Setting& setting : settings_) {
    if (auto value = get_env(evaluate::EnvironmentName(setting.path))) {
      options_.environment[setting.path] = *std::move(value);
    }
  }
}

}  // namespace gate::cli
