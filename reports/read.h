#pragma once

#include <string>
#include <string_view>

#include "gate/base/result.h"
#include "gate/base/strict_json.h"
#include "reports/model.h"

namespace reports {

// The run that a journal tells of. Errors: as in reports/file_io.h, and kProtocol if the journal
// was tampered with.
gate::Result<RunResult> ReadRun(const std::string& journal);
gate::Result<RunResult> ParseRun(std::string_view journal);  // its text

// The text of a journal, and the report.json of the report in `folder`: of any size that a run can
// come to. Errors: as in reports/file_io.h, and those of ParseStrictJson.
gate::Result<std::string> ReadJournalText(const std::string& path);
gate::Result<gate::Json> ReadReportJson(const std::string& folder);

// What another run may take from this one as a proof. kInvalidArgument if it was not finished.
gate::Result<Proof> ProofOf(const RunResult& run);

}  // namespace reports
