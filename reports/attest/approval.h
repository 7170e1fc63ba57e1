#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gate/base/result.h"
#include "gate/base/time.h"
#include "gate/signing/signing_key.h"
#include "reports/attest/bundle.h"
#include "reports/attest/finding.h"
#include "reports/model.h"

// What people say about a signed report, each with a key of their own: a Verification Summary
// Attestation (SLSA VSA v1) in a file beside the report, which itself stays as it is. A report is
// approved row by row of its checklist, by somebody in a role.
namespace reports {

inline constexpr std::string_view kVerificationSummary = "https://slsa.dev/verification_summary/v1";

enum class Judgement { kApproved, kRejected };

// What somebody is about to say.
struct ApprovalRequest {
  std::string role;               // letters, digits, '.', '_', '-'; at most 64
  std::vector<std::string> rows;  // ids of rows of the checklist; at least one
  Judgement judgement = Judgement::kApproved;
  std::string comment;  // for people, at most 2000 bytes of UTF-8; may be empty
  gate::WallTime time;
};

// Who may say what.
struct Approver {
  std::string role;
  std::string name;  // of the person, for people
  VerifyingKey key;
  std::vector<std::string> rows;  // that this role may answer; empty: all
  std::optional<gate::WallTime> not_before;
  std::optional<gate::WallTime> not_after;
};

// The keys whose approvals count (docs/report-signing.md).
class Approvers {
 public:
  // kInvalidArgument lists all mistakes, a line each, as "file:line:column: what is wrong".
  static gate::Result<Approvers> Parse(std::string_view yaml, std::string_view file);

  const std::vector<Approver>& all() const { return approvers_; }

 private:
  std::vector<Approver> approvers_;
};

// What somebody said about one row.
struct SignedApproval {
  std::string file;  // that holds it
  std::string row;
  std::string role;
  std::string name;    // of the person, from the list of approvers
  std::string key_id;  // SHA-256 of the public key in hex
  gate::WallTime time;
  Judgement judgement = Judgement::kApproved;
  std::string comment;
  std::string run_id;         // of the run that was reported
  std::string report_digest;  // SHA-256 in hex of the report.sigstore.json that was approved
};

// Signs `request` about the signed report in `folder` into a new file beside it and returns the
// file's name. The report's files must be as they were signed (kConflict names what is not) and its
// checklist must have the rows. With `report_key`, its signature must verify, too.
// kInvalidArgument, kNotFound if the report is not signed, kAlreadyExists if the same was said
// already.
gate::Result<std::string> ApproveReport(const std::string& folder, const ApprovalRequest& request,
                                        const gate::signing::SigningKey& key,
                                        const VerifyingKey* report_key);

struct Approvals {
  std::vector<SignedApproval> valid;  // by row, then by time
  std::vector<Finding> mismatches;    // one for each file that does not count, with the reason
};

// The approvals of the report in `folder`: those that somebody of `approvers` signed in a role and
// for rows that are theirs, about exactly this report.sigstore.json. Whether that is signed by the
// right key, and matches the report, is for VerifyReport to say. kNotFound if the report is not
// signed.
gate::Result<Approvals> ListApprovals(const std::string& folder, const Approvers& approvers);

// What ListApprovals finds, as the checklist counts it (reports/assess.h): each approval with the
// digest of the row's file that was approved. The report's files must be as they were signed
// (kConflict names what is not); by whom that was signed is said by the approval, which binds the
// signature. Other errors as ListApprovals.
struct Answers {
  std::vector<Approval> approvals;
  std::vector<IgnoredApproval> ignored;
};
gate::Result<Answers> ReadAnswers(const std::string& folder, const Approvers& approvers);

// Adds the answers to the reports in `folders` to those in `all`. An error begins with the folder.
gate::Result<void> AddAnswers(const std::vector<std::string>& folders, const Approvers& approvers,
                              Answers& all);

}  // namespace reports
