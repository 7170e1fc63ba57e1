#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gate/base/result.h"
#include "harness/fidelity/milestones.h"

namespace drill {

// A trace as a file: JSON lines, the first of them about the trace itself, one milestone in each of
// the others. The same trace gives the same bytes.
std::string ToJsonLines(const MilestoneTrace& trace);

// kProtocol, naming `file` and the line, if it is no such file.
gate::Result<MilestoneTrace> ParseTrace(std::string_view text, const std::string& file);

// The traces of a run's report folder (of the scenarios that ran), or those in a folder of trace
// files; ordered by scenario. kNotFound if there are none; other errors as in reports/file_io.h.
gate::Result<std::vector<MilestoneTrace>> LoadTraces(const std::string& folder);

// Writes each as `folder`/<scenario>.jsonl.
gate::Result<void> WriteTraces(const std::string& folder,
                               const std::vector<MilestoneTrace>& traces);

}  // namespace drill
