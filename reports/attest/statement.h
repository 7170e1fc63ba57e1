#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gate/base/result.h"
#include "gate/base/strict_json.h"
#include "reports/attest/manifest.h"

// What is signed: in-toto statements v1 as JSON text. Pure.
namespace reports {

inline constexpr std::string_view kTestResult = "https://in-toto.io/attestation/test-result/v0.1";
inline constexpr std::string_view kReadiness = "urn:rollout-gate:readiness:v1";

// The statement about a report: its files are the subjects, its result and what was tested are the
// predicate, as test-result v0.1. `report` is its report.json; kInvalidArgument if that lacks what
// is needed.
gate::Result<std::string> StateReport(const std::vector<SignedFile>& files,
                                      const gate::Json& report);

struct ReportStatement {
  std::vector<SignedFile> files;
  std::string run_id;
  std::string decision;
  std::string journal_head;
  std::int64_t journal_records = 0;
  gate::Json subject;  // as it stands there
};

// kProtocol, and says what is wrong, if it is no such statement.
gate::Result<ReportStatement> ReadReportStatement(std::string_view payload);

// A statement that has this predicate. kProtocol.
gate::Result<gate::Json> ReadStatement(std::string_view payload, std::string_view predicate_type);

}  // namespace reports
