#pragma once

#include <string>
#include <vector>

#include "gate/base/result.h"
#include "reports/attest/finding.h"
#include "reports/attest/statement.h"

namespace reports {

// What is not in `folder` as `statement` says: files that are changed, missing or were added. Of
// the journal also which line was changed. The error is what keeps from looking.
gate::Result<std::vector<Finding>> CompareFiles(const std::string& folder,
                                                const ReportStatement& statement);

// kConflict with a line for each finding; success if there is none.
gate::Result<void> CheckNone(const std::vector<Finding>& findings);

// What the hash chain of the journal in `folder` says is wrong with it; empty if nothing, or if
// there is no journal.
std::string JournalFlaw(const std::string& folder);

}  // namespace reports
