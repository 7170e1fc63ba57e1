#include "gate/lint/rule.h"

#include <algorithm>

#include "gate/base/check.h"

namespace gate::lint {
namespace {

constexpr Severity kError = Severity::kError;
constexpr Severity kWarning = Severity::kWarning;

std::vector<RuleInfo> GateRules() {
  return {
      {Rule::kGateMissing, "gate-missing", kError,
       "An inline analysis step with the gate follows every gated weight."},
      {Rule::kGateNotAdjacent, "gate-not-adjacent", kError,
       "The gate is the step directly after its setWeight."},
      {Rule::kGateLate, "gate-late", kError,
       "No higher weight is reached before the gate has passed."},
      {Rule::kGateBackground, "gate-background", kError,
       "The gate is an inline step, not background analysis only."},
      {Rule::kGateStage, "gate-stage", kError,
       "The gate asks about the weight at which it stands."},
      {Rule::kTemplateMissing, "template-missing", kError,
       "Every analysis template that is referred to is among the files."},
      {Rule::kArgumentMissing, "argument-missing", kError,
       "Every argument of an analysis template gets a value."},
      {Rule::kReleaseIdLabel, "release-id-label", kError,
       "The label release-id is on the Rollout and on its pod template."},
      {Rule::kReleaseIdDiffers, "release-id-differs", kError,
       "The label release-id says the same on the Rollout and on its pod template."},
      {Rule::kReleaseIdSource, "release-id-source", kError,
       "The gate is asked about the release in the Rollout's label release-id."},
      {Rule::kPodHashSource, "pod-hash-source", kWarning,
       "The gate is told the pod template hash of the canary."},
      {Rule::kNotChecked, "not-checked", kWarning, "Everything about a Rollout can be checked."},
  };
}

std::vector<RuleInfo> MetricRules() {
  return {
      {Rule::kGateFailureLimit, "gate-failure-limit", kError,
       "One failed verdict is enough to abort."},
      {Rule::kGateInconclusiveLimit, "gate-inconclusive-limit", kError,
       "One inconclusive verdict is enough to pause."},
      {Rule::kGateErrorLimit, "gate-error-limit", kWarning,
       "A short outage of the gate does not abort a good release."},
      {Rule::kGateRepeated, "gate-repeated", kError, "The gate is measured exactly once."},
      {Rule::kGateDryRun, "gate-dry-run", kError, "The gate's verdict counts."},
      {Rule::kDryRunUnmatched, "dry-run-unmatched", kError, "Every dryRun rule matches a metric."},
      {Rule::kTemplateInvalid, "template-invalid", kError,
       "Argo Rollouts accepts the analysis template."},
      {Rule::kGateConditions, "gate-conditions", kError,
       "The conditions of a web gate tell pass, fail and inconclusive apart."},
      {Rule::kGateJsonPath, "gate-json-path", kError,
       "jsonPath selects what the conditions look at."},
      {Rule::kGateTransport, "gate-transport", kError,
       "The gate is asked over verified HTTPS, or inside the cluster."},
      {Rule::kGateMethod, "gate-method", kError, "The gate is asked by POST with a JSON body."},
      {Rule::kGateTimeout, "gate-timeout", kError,
       "Argo waits longer for the gate than the gate takes."},
      {Rule::kForeignMetric, "foreign-metric", kError,
       "No web metric asks a server that can answer anything but JSON."},
  };
}

std::vector<RuleInfo> JobAndRollbackRules() {
  return {
      {Rule::kJobDeadline, "job-deadline", kError, "Every analysis Job has a deadline."},
      {Rule::kJobDeadlineShort, "job-deadline-short", kError,
       "The Job's deadline is longer than the gate holds."},
      {Rule::kJobBackoffLimit, "job-backoff-limit", kError, "The gate's Job is not retried."},
      {Rule::kJobTtl, "job-ttl", kWarning, "Finished Jobs of the gate are removed in time."},
      {Rule::kJobRestartPolicy, "job-restart-policy", kError,
       "The gate's container is not restarted."},
      {Rule::kTokenNotMounted, "token-not-mounted", kError,
       "The gate's token is a mounted Secret."},
      {Rule::kSecretInArguments, "secret-in-arguments", kError,
       "No secret is in an argument, an environment value or a header."},
      {Rule::kRollbackTooSlow, "rollback-too-slow", kError,
       "The stable version can serve alone again within the time allowed."},
      {Rule::kReadinessProbe, "readiness-probe", kWarning, "Pods say when they are ready."},
      {Rule::kRollbackWindow, "rollback-window", kWarning, "No release goes around the gate."},
      {Rule::kProgressDeadline, "progress-deadline", kWarning,
       "A canary that cannot start is aborted in time."},
      {Rule::kAbortScaleDownDelay, "abort-scale-down-delay", kWarning,
       "The pods of an aborted canary go in time."},
  };
}

}  // namespace

std::string_view ToString(Severity severity) {
  return severity == Severity::kError ? "error" : "warning";
}

const std::vector<RuleInfo>& AllRules() {
  static const std::vector<RuleInfo> rules = [] {
    std::vector<RuleInfo> all = GateRules();
    for (const RuleInfo& each : MetricRules()) all.push_back(each);
    for (const RuleInfo& each : JobAndRollbackRules()) all.push_back(each);
    return all;
  }();
  return rules;
}

const RuleInfo& InfoOf(Rule rule) {
  const auto index = static_cast<std::size_t>(rule);
  GATE_CHECK(index < AllRules().size() && AllRules()[index].rule == rule);
  return AllRules()[index];
}

std::optional<Rule> FindRule(std::string_view id) {
  for (const RuleInfo& each : AllRules()) {
    if (each.id == id) return each.rule;
  }
  return std::nullopt;
}

std::vector<std::string> RuleIds() {
  std::vector<std::string> ids;
  for (const RuleInfo& each : AllRules()) ids.emplace_back(each.id);
  return ids;
}

}  // namespace gate::lint
