#pragma once

#include <string>
#include <vector>

#include "gate/lint/objects.h"

namespace gate::lint {

// A metric and the template in which it stands.
struct MetricUse {
  const AnalysisTemplate* analysis_template;
  const Metric* metric;
};

// An analysis with its templates put in, as Argo does (argo R30).
struct Expanded {
  std::vector<const AnalysisTemplate*> templates;  // each once, nested ones too
  std::vector<TemplateRef> missing;
  std::vector<MetricUse> metrics;

  // Absence of a gate can only be told if nothing is missing.
  bool HasGate() const;
  bool MayHaveGate() const { return HasGate() || !missing.empty(); }
};

// The template that `ref` names, null if it is not there.
const AnalysisTemplate* FindTemplate(const TemplateRef& ref, const std::string& ns,
                                     const std::vector<AnalysisTemplate>& templates);

// The templates that `refs` name, for a Rollout or a template in namespace `ns`.
Expanded Expand(const std::vector<TemplateRef>& refs, const std::string& ns,
                const std::vector<AnalysisTemplate>& templates);

}  // namespace gate::lint
