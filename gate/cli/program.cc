#include "gate/cli/program.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <utility>

#include "gate/cli/command_line.h"
#include "gate/cli/evaluate_command.h"

namespace gate::cli {
namespace {

constexpr int kUsageError = 3;  // as evaluate::ExitCode::kConfiguration

// Programs of their own, so that what only they need does not slow down the start of Jobs.
int BecomeLint(const std::vector<std::string>& arguments, const std::string& /*version*/,
               Platform& platform) {
  return platform.Become("rollout-gate-lint", arguments);
}
// Part of the service, as it takes its configuration and its ways to tell people.
int BecomeNotify(const std::vector<std::string>& arguments, const std::string& /*version*/,
                 Platform& platform) {
  std::vector<std::string> all = {"notify"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return platform.Become("rollout-gate-serve", all);
}
int BecomeOverride(const std::vector<std::string>& arguments, const std::string& /*version*/,
                   Platform& platform) {
  return platform.Become("rollout-gate-override", arguments);
}
int BecomeResume(const std::vector<std::string>& arguments, const std::string& /*version*/,
                 Platform& platform) {
  std::vector<std::string> all = {"resume"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return platform.Become("rollout-gate-override", all);
}
int BecomeServe(const std::vector<std::string>& arguments, const std::string& /*version*/,
                Platform& platform) {
  return platform.Become("rollout-gate-serve", arguments);
}

struct Subcommand {
  const char* name;
  const char* summary;
  int (*run)(const std::vector<std::string>& arguments, const std::string& version,
             Platform& platform);
};

constexpr std::array kSubcommands = {
    Subcommand{"evaluate", "ask MC whether a release may go past a stage", RunEvaluate},
    Subcommand{"lint", "check Rollouts and analysis templates", BecomeLint},
    Subcommand{"notify", "try out how people are told", BecomeNotify},
    Subcommand{"override", "decide in MC's place, on the record", BecomeOverride},
    Subcommand{"resume", "ask a paused gate again", BecomeResume},
    Subcommand{"serve", "answer Argo's web metrics with verdicts", BecomeServe},
};

const Subcommand* FindSubcommand(const std::vector<std::string>& arguments) {
  if (arguments.empty()) return nullptr;
  for (const Subcommand& each : kSubcommands) {
    if (arguments.front() == each.name) return &each;
  }
  return nullptr;
}

// --help, --version, and everything that names no subcommand.
Farewell ParseWithoutSubcommand(const std::vector<std::string>& arguments,
                                const std::string& version) {
  CLI::App app(
      "Gates the promotion of Argo Rollouts canaries on signed evidence from the MC Evidence API.",
      "rollout-gate");
  app.set_version_flag("--version", "rollout-gate " + version);
  app.require_subcommand(1);
  app.footer("rollout-gate SUBCOMMAND --help says more.");
  for (const Subcommand& each : kSubcommands) app.add_subcommand(each.name, each.summary);
  if (auto farewell = Parse(app, arguments)) return *std::move(farewell);
  return {"rollout-gate: the subcommand comes first; see rollout-gate --help", /*is_error=*/true};
}

}  // namespace

Result<std::string> Platform::ReadInput(std::size_t /*limit*/) {
  return Error{ErrorCode::kInvalidArgument, "there is no standard input here"};
}

int Platform::Become(const std::string& program, const std::vector<std::string>& /*arguments*/) {
  err().Write("rollout-gate: there is no " + program + " here");
  return kUsageError;
}

int Run(const std::vector<std::string>& arguments, const std::string& version, Platform& platform) {
  if (const Subcommand* subcommand = FindSubcommand(arguments)) {
    return subcommand->run({arguments.begin() + 1, arguments.end()}, version, platform);
  }
  const Farewell farewell = ParseWithoutSubcommand(arguments, version);
  Say(farewell, platform);
  return farewell.is_error ? kUsageError : 0;
}

}  // namespace gate::cli
