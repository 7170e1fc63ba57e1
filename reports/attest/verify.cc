#include "reports/attest/verify.h"

#include <utility>

#include "gate/base/strict_json.h"
#include "reports/attest/bundle.h"
#include "reports/attest/compare.h"
#include "reports/attest/statement.h"
#include "reports/file_io.h"
#include "reports/journal.h"
#include "reports/read.h"

namespace reports {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Result;

std::string BundlePath(const std::string& folder) {
  return folder + "/" + std::string(kReportBundle);
}

void Add(std::vector<Finding>& findings, std::string_view file, std::string what) {
  findings.push_back({std::string(file), std::move(what)});
}

// What the files say about each other, where nothing that is signed says more.
void CheckUnsigned(const std::string& folder, Verification& verification) {
  if (std::string flaw = JournalFlaw(folder); !flaw.empty()) {
    Add(verification.mismatches, "journal.jsonl", std::move(flaw));
  }
  const auto report = ReadReportJson(folder);
  if (!report) return Add(verification.mismatches, "report.json", report.error().message);
  verification.run_id = gate::JsonString(*report, "/runId");
  verification.decision = gate::JsonString(*report, "/decision");
}

Result<void> CheckBundle(const std::string& folder, const Bundle& bundle,
                         Verification& verification) {
  const auto statement = ReadReportStatement(bundle.payload);
  if (!statement) {
    Add(verification.mismatches, kReportBundle, statement.error().message);
    return {};
  }
  verification.files = statement->files.size();
  verification.run_id = statement->run_id;
  verification.decision = statement->decision;
  auto findings = CompareFiles(folder, *statement);
  if (!findings) return std::move(findings).error();
  for (Finding& finding : *findings) verification.mismatches.push_back(std::move(finding));
  return {};
}

Result<void> CheckReport(const std::string& folder, const VerifyingKey* key,
                         Verification& verification) {
  const auto text = ReadWholeFile(BundlePath(folder), kLargestBundle);
  if (!text && text.error().code != ErrorCode::kNotFound) return text.error();
  if (!text) {
    auto& findings = key != nullptr ? verification.mismatches : verification.unchecked;
    Add(findings, kReportBundle, "is missing: the report is not signed");
    CheckUnsigned(folder, verification);
    return {};
  }
  const auto bundle = ReadBundle(*text);
  if (!bundle) {
    Add(verification.mismatches, kReportBundle, bundle.error().message);
    CheckUnsigned(folder, verification);
    return {};
  }
  if (key == nullptr) {
    Add(verification.unchecked, kReportBundle,
        "its signature, which names key " + bundle->key_id + ": no key was given");
    return CheckBundle(folder, *bundle, verification);
  }
  if (auto good = CheckSignature(*bundle, *key); !good) {
    Add(verification.mismatches, kReportBundle, good.error().message);
    CheckUnsigned(folder, verification);
    return {};
  }
  verification.key_id = bundle->key_id;
  return CheckBundle(folder, *bundle, verification);
}

Result<void> CheckApprovals(const std::string& folder, const Approvers* approvers,
                            Verification& verification) {
  const auto names = FindApprovals(folder);
  if (!names) return names.error();
  if (names->empty()) return {};
  if (approvers == nullptr) {
    for (const std::string& name : *names) {
      Add(verification.unchecked, name, "who approved, and what: no list of approvers was given");
    }
    return {};
  }
  auto approvals = ListApprovals(folder, *approvers);
  if (!approvals && approvals.error().code == ErrorCode::kNotFound) return {};  // said already
  if (!approvals) return std::move(approvals).error();
  verification.approvals = std::move(approvals->valid);
  for (Finding& finding : approvals->mismatches) {
    verification.mismatches.push_back(std::move(finding));
  }
  return {};
}

}  // namespace

bool IsSigned(const std::string& folder) {
  const auto text = ReadWholeFile(BundlePath(folder), kLargestBundle);
  return text || text.error().code != ErrorCode::kNotFound;
}

Result<void> SignReport(const std::string& folder, const gate::signing::SigningKey& key) {
  const std::string path = BundlePath(folder);
  if (IsSigned(folder)) {
    return Error{ErrorCode::kAlreadyExists,
                 path + ": the report is signed already; remove the file to sign it anew"};
  }
  if (IsBeingWritten(folder)) {
    return Error{ErrorCode::kConflict, folder + ": its run is still going on"};
  }
  const auto report = ReadReportJson(folder);
  if (!report) return report.error();
  const auto files = ListReportFiles(folder);
  if (!files) return files.error();
  const auto statement = StateReport(*files, *report);
  if (!statement) return gate::Error(statement.error()).Wrap(folder);
  const auto bundle = SealBundle(*statement, key);
  if (!bundle) return bundle.error();
  return WriteFileAtomically(path, *bundle);
}

Result<Verification> VerifyReport(const std::string& folder, const VerifyKeys& keys) {
  Verification verification;
  if (auto checked = CheckReport(folder, keys.report, verification); !checked) {
    return std::move(checked).error();
  }
  if (auto checked = CheckApprovals(folder, keys.approvers, verification); !checked) {
    return std::move(checked).error();
  }
  return verification;
}

}  // namespace reports
