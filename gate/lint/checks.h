#pragma once

#include <vector>

#include "gate/lint/finding.h"
#include "gate/lint/lint.h"
#include "gate/lint/objects.h"

// The rules, by what they look at. Pure: each adds what it finds.
namespace gate::lint {

struct Context {
  const Objects& objects;
  const Options& options;
  std::vector<Finding>& findings;
};

// Where the gates stand in a canary's steps, and what they are asked.
void CheckSteps(const Rollout& rollout, const Context& context);
// release-id on both sets of labels.
void CheckLabels(const Rollout& rollout, const Context& context);
// How long the way back takes, and what goes around the gate.
void CheckRollback(const Rollout& rollout, const Context& context);

// What is common to all metrics of a template, and what to each kind of gate.
void CheckTemplate(const AnalysisTemplate& analysis_template, const Context& context);
void CheckWeb(const AnalysisTemplate& analysis_template, const Metric& metric,
              const Context& context);
void CheckJob(const AnalysisTemplate& analysis_template, const Metric& metric,
              const Context& context);

// A dryRun rule (argo R40) matches the name of a metric. One that cannot be judged matches.
bool DryRunMatches(const std::string& pattern, const std::string& metric_name);

}  // namespace gate::lint
