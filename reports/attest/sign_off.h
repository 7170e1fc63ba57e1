#pragma once

#include <string>
#include <vector>

#include "gate/base/result.h"
#include "gate/base/time.h"
#include "reports/attest/approval.h"
#include "reports/attest/bundle.h"
#include "reports/model.h"

// A signed report and what people said about it, put together to a report of its own: its journal
// is that of the run with a record more. What was signed and approved stays as it is.
namespace reports {

// What the answers are taken from, and whose count. Keys come from whoever asks, never from a
// folder of reports.
struct AnswerSources {
  const VerifyingKey& report_key;  // that the report is signed with
  const Approvers& approvers;
  std::vector<std::string> earlier =
      {};  // folders of other signed reports, whose answers count too
};

// The signed report in `folder` as it stands with the answers at the time `at`. kConflict if the
// report is not as it was signed, and says what is not; kInvalidArgument if its run was not
// finished or it is signed off already; other errors as in reports/file_io.h.
gate::Result<RunResult> JudgeAnswers(const std::string& folder, const AnswerSources& sources,
                                     gate::WallTime at);

// Writes that as a report into `out`, which is made: its journal and formats, and in answers/ the
// signature and the approvals that it rests on. kAlreadyExists if `out` holds anything.
gate::Result<RunResult> WriteSignOff(const std::string& folder, const AnswerSources& sources,
                                     gate::WallTime at, const std::string& out);

}  // namespace reports
