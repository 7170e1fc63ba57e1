#include "gate/cli/serve_options.h"

#include <CLI/CLI.hpp>
#include <map>
#include <utility>

#include "gate/cli/setting_flags.h"
#include "gate/service/config.h"

namespace gate::cli {
namespace {

constexpr const char* kDescription =
    "Answer POST /v1/verdicts with pass, fail or inconclusive, for the web provider of an\n"
    "AnalysisTemplate; and GET /healthz, /readyz and /metrics. Runs until SIGTERM or SIGINT;\n"
    "then it lets the requests under way end.\n\n"
    "The file and variables of its configuration are those of rollout-gate evaluate, and the\n"
    "section `serve`. Token, keyring and certificates are read again when they change; while MC's\n"
    "cannot be read, the verdict is inconclusive.\n\n"
    "Exit codes: 0 asked to stop, 3 configuration error, 4 cannot listen.";

}  // namespace

Result<ServeOptions, Farewell> ParseServe(const std::vector<std::string>& arguments,
                                          const std::string& version, const GetEnv& get_env) {
  ServeOptions options;
  CLI::App app(kDescription, "rollout-gate serve");
  app.set_version_flag("--version", "rollout-gate " + version);
  app.add_option("--config", options.config_file, "configuration file (YAML)");
  bool no_kube = false;
  app.add_flag("--no-kube", no_kube, "no cluster: decide and print audit records only");
  app.add_flag("--print-config", options.print_config,
               "print the resolved configuration as YAML and exit");
  app.add_flag("--print-ready", options.print_ready,
               "say \"ready URL\" on standard output once it listens");
  app.add_option("--kubeconfig", options.kubeconfig,
                 "cluster to record in; default: the Pod's service account");
  app.add_option("--context", options.context, "context of the kubeconfig");
  const std::map<std::string, LogFormat> formats = {{"json", LogFormat::kJson},
                                                    {"text", LogFormat::kText}};
  app.add_option("--log-format", options.log_format, "json (the default) or text")
      ->transform(CLI::CheckedTransformer(formats));
  service::Config config;
  const std::vector<evaluate::Setting> settings = service::Settings(config);
  const SettingFlags flags(app, settings, arguments);
  if (auto farewell = Parse(app, arguments)) return *std::move(farewell);
  options.flags = flags.Given();
  options.environment = FromEnvironment(settings, get_env);
  options.use_kube = !no_kube;
  return options;
}

}  // namespace gate::cli
