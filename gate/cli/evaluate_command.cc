#include "gate/cli/evaluate_command.h"

#include <algorithm>
#include <utility>

#include "gate/cli/config_files.h"
#include "gate/cli/evaluate_options.h"
#include "gate/seams/log.h"

namespace gate::cli {
namespace {

using evaluate::Config;
using evaluate::ExitCode;
using evaluate::Mode;

Result<Config> LoadConfig(const EvaluateOptions& options, Files& files) {
  auto sources = ReadSources(options, files);
  if (!sources) return std::move(sources).error();
  return evaluate::ResolveConfig(*sources);
}

ExitCode Fail(LineSink& err, const std::string& message) {
  err.Write("rollout-gate: " + message);
  return ExitCode::kConfiguration;
}

ExitCode Evaluate(EvaluateOptions options, Platform& platform) {
  LineSink& err = platform.err();
  auto config = LoadConfig(options, platform.files());
  if (!config) return Fail(err, config.error().message);
  if (options.print_config) {
    platform.out().Write(evaluate::PrintConfig(*config));
    return ExitCode::kPass;
  }
  // What an operator must fix is found before anything is asked.
  if (auto usable = CheckMcFiles(*config, platform.files(), platform.keyrings()); !usable) {
    return Fail(err, usable.error().message);
  }
  auto connection = Connect(options, platform);
  if (!connection) return Fail(err, connection.error().message);
  const std::unique_ptr<KubeConnection> kube = *std::move(connection);
  if (kube) {
    if (options.question.ns.empty()) options.question.ns = kube->default_namespace();
    if (options.question.ns.empty() || options.question.rollout.empty()) {
      return Fail(err, "--rollout and --namespace are needed to record the verdict (or --no-kube)");
    }
  }
  const std::unique_ptr<HttpClient> http =
      platform.NewHttpClient(TlsFilesOf(config->mc), /*at_once=*/1);
  const auto format = options.use_kube ? LogFormat::kJson : LogFormat::kText;
  Log log(err, platform.runtime(), options.log_format.value_or(format));
  const std::stop_token stop = platform.StopToken();
  evaluate::JobDeps deps{platform.runtime(), *http, platform.files(), platform.keyrings(),
                         platform.out(),     log,   std::nullopt};
  if (kube) deps.cluster.emplace(evaluate::Cluster{kube->api(), options.job_name});
  return evaluate::RunJob(*config, options.question, options.mode, deps, platform.NewEntropy(),
                          stop);
}

bool WantsDryRun(const std::vector<std::string>& arguments) {
  return std::any_of(arguments.begin(), arguments.end(), [](const std::string& argument) {
    return argument == "--dry-run" || argument == "--dry-run=true";
  });
}

int EndDryRun(ExitCode code, LineSink& err) {
  if (code != ExitCode::kPass) {
    err.Write("rollout-gate: dry run: would have ended with exit code " +
              std::to_string(static_cast<int>(code)));
  }
  return static_cast<int>(ExitCode::kPass);
}

}  // namespace

int RunEvaluate(const std::vector<std::string>& arguments, const std::string& /*version*/,
                Platform& platform) {
  auto options = ParseEvaluate(
      arguments, [&platform](const std::string& name) { return platform.GetEnv(name); });
  if (!options) {
    Say(options.error(), platform);
    const bool failed = options.error().is_error && !WantsDryRun(arguments);
    return static_cast<int>(failed ? ExitCode::kConfiguration : ExitCode::kPass);
  }
  const bool dry_run = options->mode == Mode::kDryRun;
  const ExitCode code = Evaluate(*std::move(options), platform);
  return dry_run ? EndDryRun(code, platform.err()) : static_cast<int>(code);
}

}  // namespace gate::cli
