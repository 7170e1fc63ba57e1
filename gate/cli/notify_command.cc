#include "gate/cli/notify_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <utility>

#include "gate/base/encoding.h"
#include "gate/cli/config_files.h"
#include "gate/notify/test_notice.h"
#include "gate/service/config.h"

namespace gate::cli {
namespace {

// Of all sinks together.
constexpr Nanos kPatience = std::chrono::minutes(1);

constexpr const char* kTestDescription =
    "Sends every sink of the section `notify` a message that is marked as a test, past the "
    "outbox,\n"
    "and says what came of it. PagerDuty's incident is resolved at once.\n\n"
    "Exit codes: 0 all sinks have taken it, 1 at least one has not, 3 configuration error.";

Result<GateOptions, Farewell> ParseNotify(const std::vector<std::string>& arguments,
                                          const std::string& version, const GetEnv& get_env) {
  GateOptions options;
  CLI::App app("Tries out how people are told.", "rollout-gate notify");
  app.set_version_flag("--version", "rollout-gate " + version);
  app.require_subcommand(1);
  CLI::App* const test = app.add_subcommand("test", kTestDescription);
  service::Config config;
  const std::vector<evaluate::Setting> settings = service::Settings(config);
  GateFlags flags(*test, options, settings, arguments);
  if (auto farewell = Parse(app, arguments)) return *std::move(farewell);
  flags.Finish(get_env);
  return options;
}

NotifyExitCode Complain(Platform& platform, const std::string& message) {
  platform.err().Write("rollout-gate: " + message);
  return NotifyExitCode::kConfiguration;
}

NotifyExitCode Test(const GateOptions& options, Platform& platform) {
  auto sources = ReadSources(options, platform.files());
  if (!sources) return Complain(platform, sources.error().message);
  const auto config = service::ResolveConfig(*sources);
  if (!config) return Complain(platform, config.error().message);
  if (config->notify.sinks.empty()) {
    return Complain(platform, "notify.sinks is empty: there is nobody to tell");
  }
  Runtime& runtime = platform.runtime();
  const auto http = platform.NewHttpClient({}, notify::kMostSinks);
  const notify::Notice notice =
      notify::TestNotice(config->gate.environment, /*actor=*/"",
                         HexEncode(platform.NewEntropy().rng.Bytes(8)), runtime.WallNow());
  NotifyExitCode code = NotifyExitCode::kDelivered;
  for (const notify::TestResult& result :
       SendTest({*http, platform.files(), runtime}, config->notify, notice,
                {runtime.Now() + kPatience, platform.StopToken()})) {
    platform.out().Write(result.delivered ? result.sink + ": delivered"
                                          : fmt::format("{}: not delivered: {}", result.sink,
                                                        result.delivered.error().message));
    if (!result.delivered) code = NotifyExitCode::kNotDelivered;
  }
  return code;
}

}  // namespace

int RunNotify(const std::vector<std::string>& arguments, const std::string& version,
              Platform& platform) {
  const auto options = ParseNotify(
      arguments, version, [&platform](const std::string& name) { return platform.GetEnv(name); });
  if (options) return static_cast<int>(Test(*options, platform));
  Say(options.error(), platform);
  return static_cast<int>(options.error().is_error ? NotifyExitCode::kConfiguration
                                                   : NotifyExitCode::kDelivered);
}

}  // namespace gate::cli
