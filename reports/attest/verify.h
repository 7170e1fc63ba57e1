#pragma once

#include <string>
#include <vector>

#include "gate/base/result.h"
#include "gate/signing/signing_key.h"
#include "reports/attest/approval.h"
#include "reports/attest/bundle.h"
#include "reports/attest/finding.h"

// A report's signature: made over everything in its folder, and checked against it.
namespace reports {

// True if there is something that claims to be the signature of the report in `folder`.
bool IsSigned(const std::string& folder);

// Signs the report in `folder`, as it lies there, into report.sigstore.json. kAlreadyExists if it
// is signed already, kConflict if its run is still going on; other errors as ListReportFiles and
// StateReport.
gate::Result<void> SignReport(const std::string& folder, const gate::signing::SigningKey& key);

struct Verification {
  // What is not as it was signed, or not as it must be. Empty: all that was checked is.
  std::vector<Finding> mismatches;
  // What nobody has looked at, as there was no key for it.
  std::vector<Finding> unchecked;

  std::size_t files = 0;  // that the statement lists
  std::string key_id;     // of who signed; empty if that was not checked
  std::string run_id;     // these two: as signed, or as report.json says if nothing was
  std::string decision;
  std::vector<SignedApproval> approvals;  // those that count
};

struct VerifyKeys {
  const VerifyingKey* report = nullptr;  // null: the signature is not checked
  const Approvers* approvers = nullptr;  // null: approvals are not checked
};

// Compares the report in `folder` with what was signed. Its files are also held against each other:
// the journal's hash chain says in which line it was changed. An error is only what keeps from
// looking: no such folder, for example.
gate::Result<Verification> VerifyReport(const std::string& folder, const VerifyKeys& keys);

}  // namespace reports
