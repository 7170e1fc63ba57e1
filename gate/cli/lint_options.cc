#include "gate/cli/lint_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <utility>

#include "gate/argo/replica_counts.h"
#include "gate/evaluate/config.h"

namespace gate::cli {
namespace {

constexpr const char* kLintDescription =
    "Check Rollouts and analysis templates for what lets a release past the gate, hangs it, or\n"
    "makes its rollback too slow. Reads YAML or JSON files with any Kubernetes objects in them;\n"
    "give the Rollouts together with the templates that they use, rendered (no placeholders).\n\n"
    "  rollout-gate lint rollout.yaml analysis-template.yaml\n"
    "  helm template my-chart | rollout-gate lint -\n"
    "  kustomize build overlays/production | rollout-gate lint --format sarif -\n\n"
    "Exit codes: 0 no errors (with --strict: nothing found), 1 errors found, 3 a file cannot be\n"
    "read or is no valid manifest. docs/lint.md explains every rule.";

Farewell Mistake(std::string message) {
  return {fmt::format("rollout-gate: {}; see rollout-gate lint --help", std::move(message)),
          /*is_error=*/true};
}

// Durations and rules as they were written.
struct Written {
  std::string gate_budget;
  std::string gate_hold;
  std::string rollback_limit;
  std::string pod_start;
  std::vector<std::string> ignored;
};

void AddLimits(CLI::App& app, LintOptions& options, Written& written) {
  app.add_option("--gates", options.rules.gates,
                 "weights after which a gate must stand; default: 20,50")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::Range(1, 99))
      ->option_text("WEIGHT,...");
  const auto add = [&app](const char* flag, std::string& value, Nanos standard, const char* help) {
    value = FormatDuration(standard);
    app.add_option(flag, value, fmt::format("{}; default: {}", help, value))
        ->option_text("DURATION");
  };
  add("--gate-budget", written.gate_budget, options.rules.gate_budget,
      "in which the gate's service answers (its timing.budget)");
  add("--gate-hold", written.gate_hold, options.rules.gate_hold,
      "how long a Job holds (its timing.hold), where the manifests do not say");
  add("--rollback-limit", written.rollback_limit, options.rules.rollback_limit,
      "how long a rollback may take");
  add("--pod-start", written.pod_start, options.rules.pod_start,
      "from a pod's creation until its containers run");
  app.add_option("--replicas", options.rules.replicas,
                 "pods of a Rollout whose manifest does not say, as with an autoscaler; default: 1")
      ->check(CLI::Range(1, static_cast<int>(argo::kMaxReplicas)))
      ->option_text("NUMBER");
}

std::optional<Farewell> ReadDurations(const Written& written, lint::Options& rules) {
  const struct {
    const char* flag;
    const std::string& text;
    Nanos& value;
  } durations[] = {{"--gate-budget", written.gate_budget, rules.gate_budget},
                   {"--gate-hold", written.gate_hold, rules.gate_hold},
                   {"--rollback-limit", written.rollback_limit, rules.rollback_limit},
                   {"--pod-start", written.pod_start, rules.pod_start}};
  constexpr Nanos kMost = std::chrono::hours(24);
  for (const auto& [flag, text, value] : durations) {
    const auto parsed = ParseDuration(text);
    if (!parsed) return Mistake(fmt::format("{}: {}", flag, parsed.error().message));
    if (*parsed < Nanos{0} || *parsed > kMost) {
      return Mistake(fmt::format("{}: expected 0s to {}", flag, FormatDuration(kMost)));
    }
    value = *parsed;
  }
  return std::nullopt;
}

std::optional<Farewell> ReadIgnored(const Written& written, lint::Options& rules) {
  for (const std::string& id : written.ignored) {
    const auto rule = lint::FindRule(id);
    if (!rule) {
      return Mistake(
          fmt::format("--ignore: there is no rule \"{}\" (--list-rules lists them)", id));
    }
    rules.ignored.insert(*rule);
  }
  return std::nullopt;
}

}  // namespace

Result<LintOptions, Farewell> ParseLint(const std::vector<std::string>& arguments) {
  LintOptions options;
  const evaluate::Config defaults;
  options.rules.gate_budget = defaults.timing.budget;
  options.rules.gate_hold = defaults.timing.hold;
  Written written;
  CLI::App app(kLintDescription, "rollout-gate lint");
  app.add_option("FILE", options.files, "files to read; - is standard input")->option_text(" ");
  AddLimits(app, options, written);
  app.add_option("--ignore", written.ignored, "rule not to check; may be repeated")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->option_text("RULE,...");
  const std::map<std::string, LintOptions::Format> formats = {
      {"text", LintOptions::Format::kText},
      {"json", LintOptions::Format::kJson},
      {"sarif", LintOptions::Format::kSarif}};
  app.add_option("--format", options.format, "text (the default), json, or sarif (SARIF 2.1.0)")
      ->transform(CLI::CheckedTransformer(formats))
      ->option_text("FORMAT");
  app.add_option("--docs-url", options.docs_url,
                 "where docs/lint.md is published, for the links in SARIF")
      ->option_text("URL");
  app.add_flag("--strict", options.strict, "end with exit code 1 for warnings too");
  app.add_flag("--list-rules", options.list_rules, "list all rules and exit");
  if (auto farewell = Parse(app, arguments)) return *std::move(farewell);
  if (auto mistake = ReadDurations(written, options.rules)) return *std::move(mistake);
  if (auto mistake = ReadIgnored(written, options.rules)) return *std::move(mistake);
  if (options.files.empty() && !options.list_rules) return Mistake("no FILE is given");
  if (std::count(options.files.begin(), options.files.end(), "-") > 1) {
    return Mistake("standard input (-) can be read only once");
  }
  std::sort(options.rules.gates.begin(), options.rules.gates.end());
  return options;
}

}  // namespace gate::cli
