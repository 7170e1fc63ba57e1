#include <fmt/format.h>

#include <algorithm>
#include <regex>
#include <set>

#include "gate/lint/checks.h"
#include "gate/lint/gate_use.h"

namespace gate::lint {
namespace {

// argo R31
void CheckValid(const AnalysisTemplate& analysis_template, Reporter& report) {
  std::set<std::string> names;
  for (const Metric& metric : analysis_template.metrics) {
    const Place& place = metric.name.place;
    if (metric.name.value.empty()) {
      report.Add(Rule::kTemplateInvalid, place, "a metric has no name", "name it");
    } else if (!names.insert(metric.name.value).second) {
      report.Add(Rule::kTemplateInvalid, place,
                 fmt::format("there are two metrics \"{}\"", metric.name.value), "rename one");
    }
    if (metric.providers.size() != 1) {
      report.Add(
          Rule::kTemplateInvalid, place,
          fmt::format("metric \"{}\" has {} providers", metric.name.value, metric.providers.size()),
          "give it exactly one");
    }
    const bool repeated = metric.count && metric.count->number.value_or(1) > 1;
    if (repeated && !metric.interval) {
      report.Add(
          Rule::kTemplateInvalid, metric.count->text.place,
          fmt::format("metric \"{}\" has a count above 1 and no interval", metric.name.value),
          "set interval");
    }
  }
}

// One that cannot be judged matches.
bool DryRunMatches(const std::string& pattern, const std::string& metric_name) {
  constexpr std::size_t kLongest = 256;
  if (pattern.size() > kLongest || metric_name.size() > kLongest) return true;
  try {
    // Polynomial: as Go's expressions, without references back and without endless matching.
    return std::regex_search(
        metric_name,
        std::regex(pattern, std::regex_constants::ECMAScript | std::regex_constants::__polynomial));
  } catch (const std::regex_error&) {
    return true;
  }
}

bool Is(const std::optional<Limit>& limit, std::int64_t value) {
  return !limit || limit->number == value;
}

// argo R34 to R37: with these, and only with these, one verdict decides.
void CheckLimits(const Metric& gate, Reporter& report) {
  if (!Is(gate.failure_limit, 0)) {
    report.Add(Rule::kGateFailureLimit, gate.failure_limit->text.place,
               fmt::format("failureLimit {} lets a failed verdict through",
                           gate.failure_limit->text.value),
               "set failureLimit: 0");
  }
  if (!Is(gate.inconclusive_limit, 0)) {
    report.Add(Rule::kGateInconclusiveLimit, gate.inconclusive_limit->text.place,
               fmt::format("inconclusiveLimit {} lets an inconclusive verdict through",
                           gate.inconclusive_limit->text.value),
               "remove it (the default is 0)");
  }
  constexpr std::int64_t kDefaultErrorLimit = 4;  // argo R36
  if (gate.error_limit && gate.error_limit->number.value_or(0) < kDefaultErrorLimit) {
    report.Add(Rule::kGateErrorLimit, gate.error_limit->text.place,
               fmt::format("with consecutiveErrorLimit {} a short outage of the gate aborts a good "
                           "release",
                           gate.error_limit->text.value),
               "remove it (the default is 4)");
  }
  if (!Is(gate.count, 1)) {
    report.Add(Rule::kGateRepeated, gate.count->text.place,
               fmt::format("the gate is measured {} times", gate.count->text.value),
               "set count: 1");
  }
  if (gate.interval) {
    report.Add(Rule::kGateRepeated, gate.interval->place,
               "the gate has an interval, as if it were measured again and again",
               "remove it and set count: 1");
  }
  if (!Is(gate.success_limit, 0)) {
    report.Add(Rule::kGateRepeated, gate.success_limit->text.place,
               "consecutiveSuccessLimit makes something else of one verdict", "remove it");
  }
}

}  // namespace

void CheckDryRun(const std::vector<Text>& rules, const std::vector<const Metric*>& metrics,
                 bool complete, Reporter& report) {
  for (const Text& pattern : rules) {
    bool matched = !complete;  // it may match one that is not here
    for (const Metric* metric : metrics) {
      if (!DryRunMatches(pattern.value, metric->name.value)) continue;
      matched = true;
      if (GateKindOf(*metric) == GateKind::kNone) continue;
      report.Add(Rule::kGateDryRun, pattern.place,
                 fmt::format("dryRun \"{}\" matches the gate's metric \"{}\", whose verdict then "
                             "counts for nothing",
                             pattern.value, metric->name.value),
                 "anchor the expression (^name$) or remove it");
    }
    if (matched) continue;
    report.Add(
        Rule::kDryRunUnmatched, pattern.place,
        fmt::format("dryRun \"{}\" matches no metric, which fails every analysis", pattern.value),
        "correct the name or remove it");
  }
}

void CheckTemplate(const AnalysisTemplate& analysis_template, const Context& context) {
  Reporter report(analysis_template.identity, context.findings);
  CheckValid(analysis_template, report);
  std::vector<const Metric*> metrics;
  for (const Metric& metric : analysis_template.metrics) metrics.push_back(&metric);
  CheckDryRun(analysis_template.dry_run, metrics, analysis_template.templates.empty(), report);
  for (const Metric& metric : analysis_template.metrics) {
    if (GateKindOf(metric) != GateKind::kNone) CheckLimits(metric, report);
    if (metric.web) CheckWeb(analysis_template, metric, context);
    if (metric.job) CheckJob(analysis_template, metric, context);
  }
}

}  // namespace gate::lint
