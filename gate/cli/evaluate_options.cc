#include "gate/cli/evaluate_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <sstream>
#include <utility>

namespace gate::cli {
namespace {

constexpr const char* kDescription =
    "Gates the promotion of Argo Rollouts canaries on signed evidence from the MC Evidence API.";

constexpr const char* kEvaluateDescription =
    "Ask MC whether a release may go past a stage, and answer with the exit code.\n"
    "Made for the Job of an AnalysisTemplate; with --no-kube it runs anywhere.\n\n"
    "Exit codes: 0 pass, 1 fail, 2 inconclusive at the deadline, 3 configuration error;\n"
    "with --dry-run always 0.";

void AddQuestion(CLI::App& command, evaluate::Question& question) {
  command.add_option("--release-id", question.release_id,
                     "release to ask about; an empty one is inconclusive, never a pass");
  command.add_option("--stage", question.stage, "weight at which the gate stands, such as 20");
  command.add_option("--namespace", question.ns, "namespace of the Rollout; default: the Pod's");
  command.add_option("--rollout", question.rollout, "name of the Rollout");
  command.add_option("--pod-hash", question.pod_hash,
                     "rollouts-pod-template-hash of the canary, for the record");
  command.add_option("--digest", question.digests,
                     "image digest (sha256:...) that the evidence must name; may be repeated");
}

void AddSettings(CLI::App& command, std::map<std::string, std::string>& values) {
  for (const evaluate::Setting& setting : evaluate::Settings()) {
    command
        .add_option(evaluate::FlagName(setting.path), values[setting.path],
                    fmt::format("{} [{}]", setting.help, evaluate::EnvironmentName(setting.path)))
        ->group("Configuration (over the environment, over the file)");
  }
}

evaluate::Overrides FromFlags(const CLI::App& command,
                              const std::map<std::string, std::string>& values) {
  evaluate::Overrides flags;
  for (const auto& [path, value] : values) {
    if (command.count(evaluate::FlagName(path)) > 0) flags[path] = value;
  }
  return flags;
}

evaluate::Overrides FromEnvironment(const GetEnv& get_env) {
  evaluate::Overrides overrides;
  for (const evaluate::Setting& setting : evaluate::Settings()) {
    if (auto value = get_env(evaluate::EnvironmentName(setting.path))) {
      overrides[setting.path] = *std::move(value);
    }
  }
  return overrides;
}

// CLI11 takes the next argument as the value of "--release-id=". A release-id label that is absent
// arrives just so (argo R30), and must stay an empty value.
std::vector<std::string> KeepEmptyValues(const std::vector<std::string>& arguments) {
  std::vector<std::string> kept;
  for (const std::string& argument : arguments) {
    if (argument.starts_with("--") && argument.ends_with("=") &&
        argument.find('=') == argument.size() - 1) {
      kept.push_back(argument.substr(0, argument.size() - 1));
      kept.emplace_back();
    } else {
      kept.push_back(argument);
    }
  }
  return kept;
}

std::string WithoutNewline(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

}  // namespace

Result<EvaluateOptions, Farewell> ParseCommandLine(std::vector<std::string> arguments,
                                                   const std::string& version,
                                                   const GetEnv& get_env) {
  const bool wants_dry_run =
      std::any_of(arguments.begin(), arguments.end(), [](const std::string& argument) {
        return argument == "--dry-run" || argument == "--dry-run=true";
      });
  EvaluateOptions options;
  CLI::App app(kDescription, "rollout-gate");
  app.set_version_flag("--version", "rollout-gate " + version);
  app.require_subcommand(1);
  CLI::App& command = *app.add_subcommand("evaluate", kEvaluateDescription);
  command.add_option("--config", options.config_file, "configuration file (YAML)");
  AddQuestion(command, options.question);
  bool no_kube = false;
  bool dry_run = false;
  command.add_flag("--no-kube", no_kube, "no cluster: only decide and print");
  command.add_flag("--dry-run", dry_run, "say what the verdict would have been; exit 0");
  command.add_flag("--print-config", options.print_config,
                   "print the resolved configuration as YAML and exit");
  command.add_option("--kubeconfig", options.kubeconfig,
                     "cluster to record in; default: the Pod's service account");
  command.add_option("--context", options.context, "context of the kubeconfig");
  command.add_option("--job-name", options.job_name,
                     "Job that runs this, to find its AnalysisRun [JOB_NAME]");
  const std::map<std::string, LogFormat> formats = {{"json", LogFormat::kJson},
                                                    {"text", LogFormat::kText}};
  LogFormat format = LogFormat::kJson;
  CLI::Option* format_option =
      command.add_option("--log-format", format, "json, or text (the default with --no-kube)")
          ->transform(CLI::CheckedTransformer(formats));
  std::map<std::string, std::string> values;
  AddSettings(command, values);
  try {
    arguments = KeepEmptyValues(arguments);
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
    app.parse(std::move(arguments));
  } catch (const CLI::Success& success) {
    std::ostringstream text;
    app.exit(success, text, text);
    return Farewell{WithoutNewline(text.str()), /*is_error=*/false, wants_dry_run};
  } catch (const CLI::ParseError& error) {
    return Farewell{fmt::format("rollout-gate: {}; see rollout-gate evaluate --help", error.what()),
                    /*is_error=*/true, wants_dry_run};
  }
  options.flags = FromFlags(command, values);
  options.environment = FromEnvironment(get_env);
  options.use_kube = !no_kube;
  options.mode = dry_run ? evaluate::Mode::kDryRun : evaluate::Mode::kEnforce;
  if (format_option->count() > 0) options.log_format = format;
  if (options.job_name.empty()) options.job_name = get_env("JOB_NAME").value_or("");
  return options;
}

}  // namespace gate::cli
