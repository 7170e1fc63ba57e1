// rollout-gate: parse, build the objects, run, exit code.
#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gate/adapters/beast_http_client.h"
#include "gate/adapters/fd_line_sink.h"
#include "gate/adapters/kube_config.h"
#include "gate/adapters/os_seed.h"
#include "gate/adapters/rest_kube_api.h"
#include "gate/adapters/signal_stop.h"
#include "gate/adapters/system_files.h"
#include "gate/adapters/system_runtime.h"
#include "gate/cli/evaluate_options.h"
#include "gate/evaluate/config.h"
#include "gate/evaluate/evaluator.h"
#include "gate/evaluate/job.h"

namespace {

using gate::cli::EvaluateOptions;
using gate::evaluate::Config;
using gate::evaluate::ExitCode;
using gate::evaluate::Mode;

std::optional<std::string> GetEnv(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

gate::Result<Config> LoadConfig(const EvaluateOptions& options, gate::Files& files) {
  gate::evaluate::ConfigSources sources;
  if (!options.config_file.empty()) {
    auto text = files.Read(options.config_file);
    if (!text) return std::move(text).error();
    sources.file_text = *std::move(text);
    sources.file_name = options.config_file;
  }
  sources.environment = options.environment;
  sources.flags = options.flags;
  return gate::evaluate::ResolveConfig(sources);
}

// What an operator must fix is found before anything is asked.
gate::Result<void> CheckFiles(const Config& config, gate::Files& files) {
  auto token = gate::evaluate::ReadToken(files, config.mc.token_file);
  if (!token) return std::move(token).error().Wrap("mc.tokenFile");
  auto keyring = gate::evaluate::ReadKeyring(files, config.mc.keyring_file);
  if (!keyring) return std::move(keyring).error().Wrap("mc.keyringFile");
  for (const auto& [setting, path] : {std::pair("mc.caFile", config.mc.ca_file),
                                      std::pair("mc.clientCertFile", config.mc.client_cert_file),
                                      std::pair("mc.clientKeyFile", config.mc.client_key_file)}) {
    if (path.empty()) continue;
    auto text = files.Read(path);
    if (!text) return std::move(text).error().Wrap(setting);
  }
  return {};
}

// The API server and what it takes to talk to it.
struct KubeConnection {
  gate::BeastHttpClient http;
  gate::RestKubeApi api;
  std::string default_namespace;

  KubeConnection(gate::KubeConfig config, gate::Files& files, gate::Runtime& runtime)
      : http({.tls = std::move(config.tls)}),
        api(http, files, runtime,
            {.server = std::move(config.server),
             .token = std::move(config.token),
             .token_file = std::move(config.token_file)}),
        default_namespace(std::move(config.default_namespace)) {}
};

gate::Result<std::unique_ptr<KubeConnection>> Connect(const EvaluateOptions& options,
                                                      gate::Files& files, gate::Runtime& runtime) {
  auto config =
      options.kubeconfig.empty()
          ? gate::KubeConfig::InCluster(files, GetEnv("KUBERNETES_SERVICE_HOST").value_or(""),
                                        GetEnv("KUBERNETES_SERVICE_PORT").value_or(""))
          : gate::KubeConfig::Load(files, options.kubeconfig, options.context);
  if (!config) {
    return std::move(config).error().Wrap(
        "no cluster to record in (give --kubeconfig, or --no-kube to do without)");
  }
  return std::make_unique<KubeConnection>(*std::move(config), files, runtime);
}

gate::evaluate::Entropy NewEntropy() {
  gate::Rng rng(gate::SeedFromOs());
  std::string nonce_key;
  for (int i = 0; i < 4; ++i) nonce_key += gate::Rng(gate::SeedFromOs()).Bytes(8);
  return {std::move(nonce_key), rng};
}

ExitCode Fail(gate::LineSink& err, const std::string& message) {
  err.Write("rollout-gate: " + message);
  return ExitCode::kConfiguration;
}

ExitCode Evaluate(EvaluateOptions options, gate::LineSink& out, gate::LineSink& err) {
  gate::SystemRuntime runtime;
  gate::SystemFiles files;
  auto config = LoadConfig(options, files);
  if (!config) return Fail(err, config.error().message);
  if (options.print_config) {
    out.Write(gate::evaluate::PrintConfig(*config));
    return ExitCode::kPass;
  }
  if (auto usable = CheckFiles(*config, files); !usable) return Fail(err, usable.error().message);

  std::unique_ptr<KubeConnection> kube;
  if (options.use_kube) {
    auto connection = Connect(options, files, runtime);
    if (!connection) return Fail(err, connection.error().message);
    kube = *std::move(connection);
    if (options.question.ns.empty()) options.question.ns = kube->default_namespace;
    if (options.question.ns.empty() || options.question.rollout.empty()) {
      return Fail(err, "--rollout and --namespace are needed to record the verdict (or --no-kube)");
    }
  }
  gate::BeastHttpClient http({.tls = {.ca_file = config->mc.ca_file,
                                      .client_cert_file = config->mc.client_cert_file,
                                      .client_key_file = config->mc.client_key_file}});
  const auto format = options.use_kube ? gate::LogFormat::kJson : gate::LogFormat::kText;
  gate::Log log(err, runtime, options.log_format.value_or(format));
  gate::SignalStop stop;
  gate::evaluate::JobDeps deps{runtime, http, files, out, log, std::nullopt};
  if (kube) deps.cluster.emplace(gate::evaluate::Cluster{kube->api, options.job_name});
  return gate::evaluate::RunJob(*config, options.question, options.mode, deps, NewEntropy(),
                                stop.token());
}

}  // namespace

int main(int argc, char** argv) {
  // A reader that went away must not end the gate before it has recorded its verdict.
  std::signal(SIGPIPE, SIG_IGN);
  gate::FdLineSink out(STDOUT_FILENO);
  gate::FdLineSink err(STDERR_FILENO);
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  auto options = gate::cli::ParseCommandLine(arguments, GATE_VERSION, GetEnv);
  if (!options) {
    const auto& farewell = options.error();
    (farewell.is_error ? err : out).Write(farewell.text);
    return static_cast<int>(farewell.is_error && !farewell.dry_run ? ExitCode::kConfiguration
                                                                   : ExitCode::kPass);
  }
  const bool dry_run = options->mode == Mode::kDryRun;
  const ExitCode code = Evaluate(*std::move(options), out, err);
  if (dry_run && code != ExitCode::kPass) {
    err.Write("rollout-gate: dry run: would have ended with exit code " +
              std::to_string(static_cast<int>(code)));
    return static_cast<int>(ExitCode::kPass);
  }
  return static_cast<int>(code);
}
