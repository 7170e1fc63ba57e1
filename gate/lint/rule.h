#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gate::lint {

// What is checked. Each has an id that never changes and a section of that name in docs/lint.md.
enum class Rule {
  // The way of a Rollout past its gates.
  kGateMissing,
  kGateNotAdjacent,
  kGateLate,
  kGateBackground,
  kGateStage,
  kTemplateMissing,
  kArgumentMissing,
  kReleaseIdLabel,
  kReleaseIdDiffers,
  kReleaseIdSource,
  kPodHashSource,
  kNotChecked,
  // A metric that is the gate, or stands where it should be.
  kGateFailureLimit,
  kGateInconclusiveLimit,
  kGateErrorLimit,
  kGateRepeated,
  kGateDryRun,
  kDryRunUnmatched,
  kTemplateInvalid,
  // The gate as a web metric.
  kGateConditions,
  kGateJsonPath,
  kGateTransport,
  kGateMethod,
  kGateTimeout,
  kForeignMetric,
  // The gate as a Job.
  kJobDeadline,
  kJobDeadlineShort,
  kJobBackoffLimit,
  kJobTtl,
  kJobRestartPolicy,
  kTokenNotMounted,
  kSecretInArguments,
  // The way back.
  kRollbackTooSlow,
  kReadinessProbe,
  kRollbackWindow,
  kProgressDeadline,
  kAbortScaleDownDelay,
};

enum class Severity { kError, kWarning };
std::string_view ToString(Severity severity);  // "error", "warning"

struct RuleInfo {
  Rule rule;
  std::string_view id;  // "gate-missing"
  Severity severity;
  std::string_view summary;  // what is right, one sentence
};

// All rules, in the order of the enumeration.
const std::vector<RuleInfo>& AllRules();
const RuleInfo& InfoOf(Rule rule);
std::optional<Rule> FindRule(std::string_view id);
std::vector<std::string> RuleIds();

}  // namespace gate::lint
