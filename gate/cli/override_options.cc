#include "gate/cli/override_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "gate/override/object.h"

namespace gate::cli {
namespace {

using Verb = OverrideOptions::Verb;

constexpr const char* kExitCodes =
    "Exit codes: 0 done, 1 not possible as things are, 2 the API server gave no answer (repeat "
    "it),\n3 usage error, 4 not allowed. docs/override.md says more.";

struct VerbInfo {
  Verb verb;
  const char* name;
  const char* command;
  const char* summary;
  const char* description;
};

constexpr std::array kVerbs = {
    VerbInfo{
        Verb::kApprove, "approve", "rollout-gate override approve",
        "let a release past a gate in MC's place",
        "Let a release past a gate in MC's place, on the record and in your own name. Holds for "
        "one\nrelease, as it is deployed now, at one gate, while nobody can say whether it is "
        "good."},
    VerbInfo{Verb::kReject, "reject", "rollout-gate override reject",
             "stop a release at a gate, whatever MC says",
             "Stop a release at a gate, whatever MC says, on the record and in your own name."},
    VerbInfo{Verb::kList, "list", "rollout-gate override list", "list overrides",
             "List the overrides of a namespace, or of one Rollout."},
    VerbInfo{Verb::kRevoke, "revoke", "rollout-gate override revoke", "take an override back",
             "Take back what you said about a release at a gate; with --name, one of anybody."},
    VerbInfo{Verb::kResume, "resume", "rollout-gate resume", "ask a paused gate again",
             "Ask again at the gate where a Rollout is paused without a verdict. The gate is not\n"
             "skipped; nothing is changed if there is no such pause."}};

const VerbInfo* FindVerb(const std::vector<std::string>& arguments) {
  if (arguments.empty()) return nullptr;
  for (const VerbInfo& each : kVerbs) {
    if (arguments.front() == each.name) return &each;
  }
  return nullptr;
}

Farewell Mistake(const VerbInfo& verb, const std::string& message) {
  return {fmt::format("rollout-gate: {}; see {} --help", message, verb.command),
          /*is_error=*/true};
}

// --help, and everything that names no verb.
Farewell ParseWithoutVerb(const std::vector<std::string>& arguments) {
  CLI::App app("Decide in MC's place, on the record.", "rollout-gate override");
  app.require_subcommand(1);
  app.footer("rollout-gate override SUBCOMMAND --help says more.");
  for (const VerbInfo& each : kVerbs) {
    if (each.verb != Verb::kResume) app.add_subcommand(each.name, each.summary);
  }
  if (auto farewell = Parse(app, arguments)) return *std::move(farewell);
  return {"rollout-gate: the subcommand comes first; see rollout-gate override --help",
          /*is_error=*/true};
}

// As it was written.
struct Written {
  std::string expires = "30m";
};

void AddCluster(CLI::App& app, OverrideOptions& options) {
  app.add_option("-n,--namespace", options.word.ns, "of the Rollout; default: the context's");
  app.add_option("--kubeconfig", options.kubeconfig,
                 "cluster; default: the Pod's service account [KUBECONFIG]");
  app.add_option("--context", options.context, "context of the kubeconfig");
  const std::map<std::string, OverrideOptions::Output> outputs = {
      {"text", OverrideOptions::Output::kText}, {"json", OverrideOptions::Output::kJson}};
  app.add_option("-o,--output", options.output, "text (the default) or json")
      ->transform(CLI::CheckedTransformer(outputs))
      ->option_text("FORMAT");
}

void AddSubject(CLI::App& app, Verb verb, OverrideOptions& options) {
  auto* rollout = app.add_option("--rollout", options.word.rollout, "name of the Rollout");
  if (verb != Verb::kList) rollout->required();
  if (verb == Verb::kList || verb == Verb::kResume) return;
  app.add_option("--release", options.word.release, "the release, as its label release-id says");
  app.add_option("--stage", options.word.stage, "weight at which the gate stands, such as 20");
}

void AddReason(CLI::App& app, Verb verb, OverrideOptions& options) {
  if (verb == Verb::kList) return;
  auto* reason = app.add_option("--reason", options.word.reason,
                                "why, and who was asked: 10 to 500 characters, for everybody to "
                                "read");
  if (verb != Verb::kResume) reason->required();
}

void AddMore(CLI::App& app, Verb verb, OverrideOptions& options, Written& written) {
  switch (verb) {
    case Verb::kApprove:
      app.add_flag(
          "--over-refusal", options.word.over_refusal,
          "also against a fail: MC says no, or its answer cannot be trusted, and you know");
      [[fallthrough]];
    case Verb::kReject:
      app.add_option("--expires", written.expires, "how long it counts, 1m to 24h; default: 30m")
          ->option_text("DURATION");
      return;
    case Verb::kRevoke:
      app.add_option("--name", options.name, "name of the override, instead of --release, --stage");
      return;
    case Verb::kResume:
      app.add_flag("--dry-run", options.dry_run, "print the patch and change nothing");
      return;
    case Verb::kList:
      return;
  }
}

// What is wrong with the words themselves. What only the cluster knows is filled in with something
// good.
std::optional<std::string> MistakeIn(const OverrideOptions& options, Verb verb) {
  const bool by_name = verb == Verb::kRevoke && !options.name.empty();
  if (verb == Verb::kList || (verb == Verb::kResume && options.word.reason.empty())) {
    return std::nullopt;
  }
  if (by_name && !(options.word.release.empty() && options.word.stage.empty())) {
    return "--name goes without --release and --stage";
  }
  const bool needs_subject = !by_name && verb != Verb::kResume;
  if (needs_subject && options.word.release.empty()) return "--release is required";
  if (needs_subject && options.word.stage.empty()) return "--stage is required";
  const decide::Override one{.name = {},
                             .uid = {},
                             .subject = {.ns = "ns",
                                         .rollout = options.word.rollout,
                                         .release_id = needs_subject ? options.word.release : "any",
                                         .stage = needs_subject ? options.word.stage : "any",
                                         .pod_hash = "any"},
                             .decision = options.word.decision,
                             .over_refusal = options.word.over_refusal,
                             .actor = "any",
                             .reason = options.word.reason,
                             .created = {},
                             .valid_for = options.word.valid_for};
  if (auto good = override::CheckOverride(one); !good) return good.error().message;
  return std::nullopt;
}

}  // namespace

Result<OverrideOptions, Farewell> ParseOverride(const std::vector<std::string>& arguments,
                                                const GetEnv& get_env) {
  const VerbInfo* verb = FindVerb(arguments);
  if (verb == nullptr) return ParseWithoutVerb(arguments);
  OverrideOptions options;
  options.verb = verb->verb;
  Written written;
  CLI::App app(fmt::format("{}\n\n{}", verb->description, kExitCodes), verb->command);
  AddCluster(app, options);
  AddSubject(app, verb->verb, options);
  AddReason(app, verb->verb, options);
  AddMore(app, verb->verb, options, written);
  if (auto farewell = Parse(app, {arguments.begin() + 1, arguments.end()})) {
    return *std::move(farewell);
  }
  const auto expires = ParseDuration(written.expires);
  if (!expires) return Mistake(*verb, "--expires: " + expires.error().message);
  options.word.valid_for = *expires;
  options.word.decision = verb->verb == Verb::kApprove ? decide::OverrideDecision::kApprove
                                                       : decide::OverrideDecision::kReject;
  if (auto mistake = MistakeIn(options, verb->verb)) return Mistake(*verb, *mistake);
  if (options.kubeconfig.empty()) options.kubeconfig = get_env("KUBECONFIG").value_or("");
  return options;
}

}  // namespace gate::cli
