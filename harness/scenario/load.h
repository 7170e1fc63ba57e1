#pragma once

#include <string>
#include <vector>

#include "gate/base/result.h"
#include "harness/scenario/scenario.h"
#include "reports/model.h"

namespace drill {

struct ScenarioSet {
  std::vector<Scenario> scenarios;  // ordered by id
  std::vector<reports::ChecklistRow> checklist;
};

// Reads the rows of one checklist file (`kind: Readiness`); mistakes are reported all at once as
// file:line:column. The digests of the rows' files are left empty.
gate::Result<std::vector<reports::ChecklistRow>> ParseReadiness(std::string_view text,
                                                                const std::string& file);

// Reads scenario and checklist files; a folder stands for the *.yaml and *.yml files in it, but not
// in its subfolders. Ids are unique over all files, without regard to case, and a checklist names
// only scenarios that exist, of which one can be played on each backend that the row demands and
// one has the row's measure; where there is one, scenarios name only requirements that are its
// rows. Files that rows name are looked for beside the checklist, and their digests noted; those
// that are not there have none. All mistakes of all files are reported at once (kInvalidArgument);
// what cannot be read is kNotFound, kPermissionDenied or kUnavailable.
gate::Result<ScenarioSet> LoadScenarios(const std::vector<std::string>& paths);

}  // namespace drill
