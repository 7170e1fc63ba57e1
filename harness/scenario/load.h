#pragma once

#include <string>
#include <vector>

#include "gate/base/result.h"
#include "harness/scenario/scenario.h"

namespace drill {

// One row of the readiness checklist (`kind: Readiness`): it is proven when all its scenarios pass.
struct ReadinessRow {
  std::string id;
  std::string text;
  std::vector<std::string> scenarios;  // ids
};

struct ScenarioSet {
  std::vector<Scenario> scenarios;  // ordered by id
  std::vector<ReadinessRow> checklist;
};

// Reads the rows of one checklist file; mistakes are reported all at once as file:line:column.
gate::Result<std::vector<ReadinessRow>> ParseReadiness(std::string_view text,
                                                       const std::string& file);

// Reads scenario and checklist files; a folder stands for the *.yaml and *.yml files in it, but not
// in its subfolders. Ids are unique over all files, without regard to case, and a checklist names
// only scenarios that exist; where there is one, scenarios name only requirements that are its
// rows. All mistakes of all files are reported at once (kInvalidArgument); what cannot be read is
// kNotFound, kPermissionDenied or kUnavailable.
gate::Result<ScenarioSet> LoadScenarios(const std::vector<std::string>& paths);

}  // namespace drill
