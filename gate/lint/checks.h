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

// argo R40: dryRun rules must match some metric, and none of a gate. `complete`: these are all the
// metrics that there are.
void CheckDryRun(const std::vector<Text>& rules, const std::vector<const Metric*>& metrics,
                 bool complete, Reporter& report);

}  // namespace gate::lint
