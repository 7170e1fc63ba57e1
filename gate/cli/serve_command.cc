#include "gate/cli/serve_command.h"

#include <memory>
#include <optional>
#include <utility>

#include "gate/cli/config_files.h"
#include "gate/cli/leader.h"
#include "gate/cli/serve_options.h"
#include "gate/evaluate/breaking_http_client.h"
#include "gate/seams/log.h"
#include "gate/seams/secret_file.h"
#include "gate/service/config.h"
#include "gate/service/gate_handler.h"
#include "gate/service/metered_http_client.h"
#include "gate/service/verdict_service.h"

namespace gate::cli {
namespace {

using service::Config;

// What a request may take beyond its evaluation: to find the AnalysisRun, and to record.
constexpr Nanos kForRecords = std::chrono::seconds(30);

Result<Config> LoadConfig(const ServeOptions& options, Files& files) {
  auto sources = ReadSources(options, files);
  if (!sources) return std::move(sources).error();
  return service::ResolveConfig(*sources);
}

ServeExitCode Fail(LineSink& err, const std::string& message,
                   ServeExitCode code = ServeExitCode::kConfiguration) {
  err.Write("rollout-gate: " + message);
  return code;
}

// Nothing of this keeps it from serving. Without an answer Argo would take the gate for broken and
// abort good releases (argo R36); "inconclusive" makes it pause.
void WarnOfTrouble(const Config& config, bool watches, Platform& platform, Log& log) {
  if (!config.notify.sinks.empty() && !watches) {
    log.Warn("nobody is told anything: the watch is off, or there is no cluster");
  }
  if (auto good = CheckMcFiles(config.gate, platform.files(), platform.keyrings()); !good) {
    log.Warn("verdicts will be inconclusive", {{"error", good.error().message}});
  }
  const std::string& token_file = config.serve.caller_token_file;
  if (token_file.empty()) {
    log.Warn("serve.callerTokenFile is not set: whoever reaches this service may ask");
  } else if (auto token = ReadSecrets(platform.files(), token_file); !token) {
    log.Warn("nobody will be answered", {{"error", token.error().message}});
  }
}

// Serves until the stop.
ServeExitCode ServeUntilStopped(const Config& config, const ServeOptions& options,
                                KubeConnection* cluster, Platform& platform, ServiceHost& host,
                                Log& log) {
  Runtime& runtime = platform.runtime();
  const std::stop_token stop = platform.StopToken();
  const std::size_t at_once = config.serve.most_at_once;
  KubeApi* const kube = cluster != nullptr ? &cluster->api() : nullptr;
  const auto meter = host.NewMeter(config);
  const auto http = platform.NewHttpClient(TlsFilesOf(config.gate.mc), at_once);
  service::MeteredHttpClient metered(*http, runtime, *meter);
  evaluate::BreakingHttpClient mc(
      metered, runtime, config.breaker(),
      [&meter](decide::CircuitBreaker::State state) { meter->BreakerState(state); });
  const evaluate::Trail trail{runtime, platform.out(), log, kube};
  service::VerdictService verdicts(config.gate,
                                   {.runtime = runtime,
                                    .mc = mc,
                                    .files = platform.files(),
                                    .keyrings = platform.keyrings(),
                                    .trail = trail,
                                    .meter = *meter},
                                   platform.NewEntropy(), at_once);
  service::GateHandler handler(
      verdicts, *meter, platform.files(),
      {.callers = config.serve.caller_token_file, .token_issued = config.serve.token_issued_file});
  auto server = host.StartServer(
      handler, {.listen = config.serve.listen,
                .cert_file = config.serve.cert_file,
                .key_file = config.serve.key_file,
                .most_requests = at_once,
                .answer_timeout = config.gate.timing.budget + kForRecords,
                .warn = [&log](const std::string& message) { log.Warn(message); }});
  if (!server) {
    return Fail(platform.err(), server.error().message,
                server.error().code == ErrorCode::kInvalidArgument ? ServeExitCode::kConfiguration
                                                                   : ServeExitCode::kCannotListen);
  }
  std::optional<Leader> leader;
  if (cluster != nullptr && config.watch.enabled) {
    // As kubectl takes a context that names none.
    const std::string& ns = cluster->default_namespace();
    leader.emplace(config, ns.empty() ? "default" : ns,
                   Leader::Deps{cluster->api(), platform, log, *meter, mc, trail});
  }
  std::unique_ptr<Task> leading;
  if (leader) leading = runtime.Spawn("leader", [&] { leader->Run(stop); });
  WarnOfTrouble(config, leader.has_value(), platform, log);
  log.Info("serving on " + (*server)->url());
  if (options.print_ready) platform.out().Write("ready " + (*server)->url());
  (void)runtime.Sleep({Instant::max(), stop});
  log.Info("stopping");
  (*server)->Stop();
  log.Info("stopped");
  return ServeExitCode::kStopped;
}

ServeExitCode Serve(const ServeOptions& options, Platform& platform, ServiceHost& host) {
  const auto config = LoadConfig(options, platform.files());
  if (!config) return Fail(platform.err(), config.error().message);
  if (options.print_config) {
    platform.out().Write(service::PrintConfig(*config));
    return ServeExitCode::kStopped;
  }
  const auto kube = Connect(options, platform);
  if (!kube) return Fail(platform.err(), kube.error().message);
  Log log(platform.err(), platform.runtime(), options.log_format.value_or(LogFormat::kJson));
  return ServeUntilStopped(*config, options, kube->get(), platform, host, log);
}

}  // namespace

int RunServe(const std::vector<std::string>& arguments, const std::string& version,
             Platform& platform, ServiceHost& host) {
  const auto options = ParseServe(
      arguments, version, [&platform](const std::string& name) { return platform.GetEnv(name); });
  if (options) return static_cast<int>(Serve(*options, platform, host));
  Say(options.error(), platform);
  return static_cast<int>(options.error().is_error ? ServeExitCode::kConfiguration
                                                   : ServeExitCode::kStopped);
}

}  // namespace gate::cli
