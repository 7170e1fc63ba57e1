#pragma once

#include <functional>
#include <string>
#include <vector>

#include "gate/base/result.h"
#include "harness/sim/argo/rollout_spec.h"
#include "harness/sim/kube/object.h"

// From AnalysisTemplates to the spec of an AnalysisRun (argo R30, R31).
namespace drill::sim::argo {

// The template of that name, null if there is none.
using FindTemplate = std::function<ObjectPtr(const TemplateRef& ref)>;

// The templates named, those that they name, each once: those of the namespace before those of the
// cluster. `field` is where the first names stand. Error: the text for InvalidSpec.
gate::Result<std::vector<ObjectPtr>> CollectTemplates(const std::vector<TemplateRef>& refs,
                                                      const FindTemplate& find,
                                                      const std::string& field);

// What the arguments of a Rollout's analysis are worth now: pairs of name and value. Error: a field
// path that leads nowhere.
struct Hashes {
  std::string stable;
  std::string latest;
};
using NamedValues = std::vector<std::pair<std::string, std::string>>;
gate::Result<NamedValues> ResolveRolloutArgs(const std::vector<RolloutArg>& args,
                                             const Hashes& hashes, const Object& rollout);

// The spec of the run: metrics, args, dryRun and measurementRetention of all the templates.
gate::Result<gate::Json> FlattenTemplates(const std::vector<ObjectPtr>& templates,
                                          const NamedValues& args, const AnalysisSpec& analysis);

// True if a collision of names is the same run (only metrics, args and rules count).
bool SameRunSpec(const gate::Json& a, const gate::Json& b);

// argo R31: everything about the Rollout's analyses that makes its spec invalid.
gate::Result<void> ValidateAnalyses(const RolloutSpec& spec, const Object& rollout,
                                    const FindTemplate& find);

}  // namespace drill::sim::argo
