#pragma once

#include <string>

#include "gate/base/result.h"
#include "reports/model.h"

namespace reports {

// The run that a journal tells of. Errors: as in reports/file_io.h, and kProtocol if the journal
// was tampered with.
gate::Result<RunResult> ReadRun(const std::string& journal);

// What another run may take from this one as a proof. kInvalidArgument if it was not finished.
gate::Result<Proof> ProofOf(const RunResult& run);

}  // namespace reports
