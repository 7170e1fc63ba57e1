#pragma once

#include <chrono>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gate/base/result.h"
#include "gate/base/time.h"
#include "gate/lint/finding.h"

// Checks of Rollouts and analysis templates for what would let a release past the gate, hang or
// lose its way back: what the controller accepts and its own linter does not look at.
namespace gate::lint {

struct Options {
  std::vector<int> gates = {20, 50};             // weights after which a gate must stand, below 100
  Nanos gate_budget = std::chrono::seconds(30);  // in which the service answers (timing.budget)
  Nanos gate_hold = std::chrono::minutes(5);     // timing.hold where the manifests do not say
  Nanos rollback_limit = std::chrono::minutes(5);
  // From a pod's creation until its first probe, besides what the manifest says: scheduling,
  // pulling the image, starting.
  Nanos pod_start = std::chrono::seconds(5);
  int replicas = 1;  // of a Rollout whose manifest does not say (an autoscaler does)
  std::set<Rule> ignored;
};

struct SourceFile {
  std::string name;
  std::string text;  // YAML documents; JSON is YAML
};

struct Report {
  std::vector<Finding> findings;  // by file in the order given, line, column, rule
  int rollouts = 0;               // how many objects there were to check
  int templates = 0;

  int Count(Severity severity) const;
};

// kInvalidArgument if a file is no YAML, or a field that matters has a value of the wrong type: all
// such mistakes, a line each, as "file:line:column: what is wrong".
Result<Report> Lint(const std::vector<SourceFile>& files, const Options& options);

}  // namespace gate::lint
