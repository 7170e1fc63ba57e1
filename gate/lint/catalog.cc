#include "gate/lint/catalog.h"

#include <algorithm>

#include "gate/lint/gate_use.h"

namespace gate::lint {

const AnalysisTemplate* FindTemplate(const TemplateRef& ref, const std::string& ns,
                                     const std::vector<AnalysisTemplate>& templates) {
  for (const AnalysisTemplate& each : templates) {
    if (each.identity.name != ref.name || each.cluster_scope != ref.cluster_scope) continue;
    // A manifest without namespace goes wherever it is applied to.
    const std::string& its = each.identity.ns;
    if (ref.cluster_scope || ns.empty() || its.empty() || its == ns) return &each;
  }
  return nullptr;
}

bool Expanded::HasGate() const {
  return std::any_of(metrics.begin(), metrics.end(), [](const MetricUse& use) {
    return GateKindOf(*use.metric) != GateKind::kNone;
  });
}

Expanded Expand(const std::vector<TemplateRef>& refs, const std::string& ns,
                const std::vector<AnalysisTemplate>& templates) {
  Expanded expanded;
  std::vector<TemplateRef> open(refs.begin(), refs.end());
  // Every template is taken once, so that a ring of references ends.
  for (std::size_t i = 0; i < open.size(); ++i) {
    const TemplateRef ref = open[i];
    const AnalysisTemplate* found = FindTemplate(ref, ns, templates);
    if (found == nullptr) {
      expanded.missing.push_back(ref);
      continue;
    }
    auto& taken = expanded.templates;
    if (std::find(taken.begin(), taken.end(), found) != taken.end()) continue;
    taken.push_back(found);
    for (const Metric& metric : found->metrics) expanded.metrics.push_back({found, &metric});
    open.insert(open.end(), found->templates.begin(), found->templates.end());
  }
  return expanded;
}

}  // namespace gate::lint
