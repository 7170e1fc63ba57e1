#include "gate/cli/serve_options.h"

#include <CLI/CLI.hpp>
#include <utility>

#include "gate/service/config.h"

namespace gate::cli {
namespace {

constexpr const char* kServeDescription =
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
  CLI::App app(kServeDescription, "rollout-gate serve");
  app.set_version_flag("--version", "rollout-gate " + version);
  app.add_flag("--print-ready", options.print_ready,
               "say \"ready URL\" on standard output once it listens");
  service::Config config;
  const std::vector<evaluate::Setting> settings = service::Settings(config);
  GateFlags flags(app, options, settings, arguments);
  if (auto farewell = Parse(app, arguments)) return *std::move(farewell);
  flags.Finish(get_env);
  return options;
}

}  // namespace gate::cli
