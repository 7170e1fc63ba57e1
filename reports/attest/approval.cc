#include "reports/attest/approval.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "gate/base/digest.h"
#include "gate/base/encoding.h"
#include "gate/base/strict_json.h"
#include "reports/attest/bundle.h"
#include "reports/attest/compare.h"
#include "reports/attest/manifest.h"
#include "reports/attest/role.h"
#include "reports/attest/statement.h"
#include "reports/file_io.h"
#include "reports/read.h"

namespace reports {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Json;
using gate::Result;

constexpr std::size_t kLongestComment = 2000;

Result<void> CheckRequest(const ApprovalRequest& request) {
  if (!IsRole(request.role)) return gate::InvalidArgument(std::string(kRoleRule));
  if (request.rows.empty()) {
    return gate::InvalidArgument("an approval names at least one row of the checklist");
  }
  const std::set<std::string> distinct(request.rows.begin(), request.rows.end());
  if (distinct.size() != request.rows.size()) return gate::InvalidArgument("a row is named twice");
  if (request.comment.size() > kLongestComment || !gate::IsValidUtf8(request.comment)) {
    return gate::InvalidArgument(
        fmt::format("a comment is UTF-8 of at most {} bytes", kLongestComment));
  }
  return {};
}

// A report that is signed, as somebody is about to approve it.
struct SignedReport {
  std::string digest;  // of its bundle
  ReportStatement statement;
};

Result<SignedReport> OpenReport(const std::string& folder, const VerifyingKey* report_key) {
  const std::string path = folder + "/" + std::string(kReportBundle);
  const auto text = ReadWholeFile(path, kLargestBundle);
  if (!text && text.error().code == ErrorCode::kNotFound) {
    return Error{ErrorCode::kNotFound, path + ": is missing: only a signed report can be approved"};
  }
  if (!text) return text.error();
  const auto bundle = ReadBundle(*text);
  if (!bundle) return Error(bundle.error()).Wrap(path);
  if (report_key != nullptr) {
    if (auto good = CheckSignature(*bundle, *report_key); !good) {
      return std::move(good).error().Wrap(path);
    }
  }
  auto statement = ReadReportStatement(bundle->payload);
  if (!statement) return std::move(statement).error().Wrap(path);
  return SignedReport{gate::Sha256Hex(*text), *std::move(statement)};
}

Result<void> CheckFiles(const std::string& folder, const ReportStatement& statement) {
  const auto findings = CompareFiles(folder, statement);
  if (!findings) return findings.error();
  return CheckNone(*findings);
}

// What somebody who approves a row has looked at.
struct SeenRow {
  std::string text;
  std::string digest;  // of its file; empty if it has none
};

std::map<std::string, SeenRow> RowsOf(const Json& report) {
  std::map<std::string, SeenRow> rows;
  for (const Json& row : gate::JsonArray(report, "/checklist")) {
    rows.emplace(gate::JsonString(row, "/id"),
                 SeenRow{gate::JsonString(row, "/text"), gate::JsonString(row, "/files/0/sha256")});
  }
  return rows;
}

// That the checklist has the rows.
Result<void> CheckRows(const std::string& folder, const std::vector<std::string>& rows) {
  const auto report = ReadReportJson(folder);
  if (!report) return report.error();
  const auto known = RowsOf(*report);
  for (const std::string& row : rows) {
    if (!known.contains(row)) {
      return gate::InvalidArgument(folder + "/report.json: its checklist has no row " + row);
    }
  }
  return {};
}

std::string State(const ApprovalRequest& request, const SignedReport& report) {
  const bool approved = request.judgement == Judgement::kApproved;
  Json levels = Json::array();
  if (!approved) levels.push_back("FAILED");
  for (const std::string& row : request.rows) {
    if (approved) levels.push_back("READINESS_" + row);
  }
  const Json statement = {
      {"_type", "https://in-toto.io/Statement/v1"},
      {"subject", report.statement.subject},
      {"predicateType", kVerificationSummary},
      {"predicate",
       {{"verifier", {{"id", "urn:rollout-gate:approver:" + request.role}}},
        {"timeVerified", gate::FormatRfc3339(request.time, 0)},
        {"resourceUri", "urn:rollout-gate:run:" + report.statement.run_id},
        {"policy", {{"uri", kReadiness}}},
        {"inputAttestations",
         Json::array({{{"uri", kReportBundle}, {"digest", {{"sha256", report.digest}}}}})},
        {"verificationResult", approved ? "PASSED" : "FAILED"},
        {"verifiedLevels", std::move(levels)},
        {"slsaVersion", "1.0"},
        {kReadiness,
         {{"runId", report.statement.run_id},
          {"role", request.role},
          {"rows", request.rows},
          {"comment", request.comment}}}}}};
  return gate::DumpJson(statement);
}

// What an approval says, whoever signed it.
struct Said {
  std::string role;
  std::vector<std::string> rows;
  SignedApproval common;  // for each row
};

Result<Said> ReadApproval(std::string_view payload) {
  const auto json = ReadStatement(payload, kVerificationSummary);
  if (!json) return json.error();
  const Json& predicate = gate::JsonAt(*json, "/predicate");
  const Json& extension = gate::JsonAt(predicate, "/urn:rollout-gate:readiness:v1");
  Said said;
  said.role = gate::JsonString(extension, "/role");
  for (const Json& row : gate::JsonArray(extension, "/rows")) {
    if (!row.is_string()) return gate::ProtocolError("a row is not a text");
    said.rows.push_back(row.get<std::string>());
  }
  if (said.rows.empty()) return gate::ProtocolError("it names no row of a checklist");
  const auto time = gate::ParseRfc3339(gate::JsonString(predicate, "/timeVerified"));
  if (!time) return gate::ProtocolError("it does not say when");
  const std::string result = gate::JsonString(predicate, "/verificationResult");
  if (result != "PASSED" && result != "FAILED") {
    return gate::ProtocolError("it neither approves nor rejects");
  }
  said.common.role = said.role;
  said.common.time = *time;
  said.common.judgement = result == "PASSED" ? Judgement::kApproved : Judgement::kRejected;
  said.common.comment = gate::JsonString(extension, "/comment");
  said.common.run_id = gate::JsonString(extension, "/runId");
  said.common.report_digest = gate::JsonString(predicate, "/inputAttestations/0/digest/sha256");
  return said;
}

Result<void> CheckApprover(const Approver& approver, const Said& said) {
  const gate::WallTime time = said.common.time;
  if ((approver.not_before && time < *approver.not_before) ||
      (approver.not_after && time > *approver.not_after)) {
    return gate::ProtocolError(
        fmt::format("its key did not count at {}", gate::FormatRfc3339(time, 0)));
  }
  for (const std::string& row : said.rows) {
    const bool allowed =
        approver.rows.empty() ||
        std::find(approver.rows.begin(), approver.rows.end(), row) != approver.rows.end();
    if (!allowed) {
      return gate::ProtocolError(
          fmt::format("row {} is not for role {} to answer", row, said.role));
    }
  }
  return {};
}

// The entry for who signed in this role.
Result<const Approver*> FindApprover(const Approvers& approvers, const Bundle& bundle,
                                     std::string_view role) {
  const Approver* signer = nullptr;
  for (const Approver& approver : approvers.all()) {
    if (approver.key.id != bundle.key_id) continue;
    signer = &approver;
    if (approver.role == role) break;
  }
  if (signer == nullptr) {
    return gate::ProtocolError(
        fmt::format("is signed with key \"{}\", which is no approver's", bundle.key_id));
  }
  if (auto good = CheckSignature(bundle, signer->key); !good) return std::move(good).error();
  if (signer->role != role) {
    return gate::ProtocolError(
        fmt::format("the key of {} does not speak for role \"{}\"", signer->name, role));
  }
  return signer;
}

// What one file says, if it counts.
Result<Said> CheckApproval(std::string_view text, const std::string& report_digest,
                           const Approvers& approvers) {
  const auto bundle = ReadBundle(text);
  if (!bundle) return bundle.error();
  auto said = ReadApproval(bundle->payload);
  // Whose word it is comes first: what nobody known signed is not worth reading.
  const auto approver = FindApprover(approvers, *bundle, said ? said->role : "");
  if (!approver) return approver.error();
  if (!said) return said;
  if (said->common.report_digest != report_digest) {
    return gate::ProtocolError("is about another report, or this one before it was signed anew");
  }
  if (auto good = CheckApprover(**approver, *said); !good) return std::move(good).error();
  said->common.name = (*approver)->name;
  said->common.key_id = (*approver)->key.id;
  return said;
}

}  // namespace

Result<std::string> ApproveReport(const std::string& folder, const ApprovalRequest& request,
                                  const gate::signing::SigningKey& key,
                                  const VerifyingKey* report_key) {
  if (auto good = CheckRequest(request); !good) return std::move(good).error();
  const auto report = OpenReport(folder, report_key);
  if (!report) return report.error();
  if (auto good = CheckFiles(folder, report->statement); !good) return std::move(good).error();
  if (auto good = CheckRows(folder, request.rows); !good) return std::move(good).error();
  const std::string statement = State(request, *report);
  const auto bundle = SealBundle(statement, key);
  if (!bundle) return bundle.error();
  constexpr std::size_t kDigits = 12;
  const std::string name = fmt::format("approval-{}-{}.sigstore.json", request.role,
                                       gate::Sha256Hex(*bundle).substr(0, kDigits));
  const std::string path = folder + "/" + name;
  if (ReadWholeFile(path, kLargestBundle)) {
    return Error{ErrorCode::kAlreadyExists, path + ": exists already"};
  }
  if (auto written = WriteFileAtomically(path, *bundle); !written) {
    return std::move(written).error();
  }
  return name;
}

Result<Approvals> ListApprovals(const std::string& folder, const Approvers& approvers) {
  const auto report = ReadWholeFile(folder + "/" + std::string(kReportBundle), kLargestBundle);
  if (!report) return report.error();
  const std::string digest = gate::Sha256Hex(*report);
  const auto names = FindApprovals(folder);
  if (!names) return names.error();
  Approvals approvals;
  for (const std::string& name : *names) {
    const auto text = ReadWholeFile(folder + "/" + name, kLargestBundle);
    const auto said = text ? CheckApproval(*text, digest, approvers) : text.error();
    if (!said) {
      approvals.mismatches.push_back({name, said.error().message});
      continue;
    }
    for (const std::string& row : said->rows) {
      approvals.valid.push_back(said->common);
      approvals.valid.back().file = name;
      approvals.valid.back().row = row;
    }
  }
  std::stable_sort(approvals.valid.begin(), approvals.valid.end(),
                   [](const SignedApproval& a, const SignedApproval& b) {
                     return std::tie(a.row, a.time) < std::tie(b.row, b.time);
                   });
  return approvals;
}

Result<Answers> ReadAnswers(const std::string& folder, const Approvers& approvers) {
  auto listed = ListApprovals(folder, approvers);
  if (!listed) return std::move(listed).error();
  const auto signed_report = OpenReport(folder, nullptr);
  if (!signed_report) return signed_report.error();
  if (auto good = CheckFiles(folder, signed_report->statement); !good) {
    return std::move(good).error();
  }
  const auto report = ReadReportJson(folder);
  if (!report) return report.error();
  Answers answers;
  for (Finding& finding : listed->mismatches) {
    answers.ignored.push_back({std::move(finding.file), std::move(finding.what)});
  }
  const auto rows = RowsOf(*report);
  for (const SignedApproval& each : listed->valid) {
    const auto row = rows.find(each.row);
    if (row == rows.end()) {
      answers.ignored.push_back({each.file, "the checklist has no row " + each.row});
      continue;
    }
    answers.approvals.push_back({each.row, each.role, each.name, each.time,
                                 each.judgement == Judgement::kApproved, row->second.digest,
                                 each.comment, each.key_id, row->second.text});
  }
  return answers;
}

Result<void> AddAnswers(const std::vector<std::string>& folders, const Approvers& approvers,
                        Answers& all) {
  for (const std::string& folder : folders) {
    auto answers = ReadAnswers(folder, approvers);
    if (!answers) return std::move(answers).error().Wrap(folder);
    std::move(answers->approvals.begin(), answers->approvals.end(),
              std::back_inserter(all.approvals));
    for (IgnoredApproval& each : answers->ignored) {
      all.ignored.push_back({folder + "/" + each.file, std::move(each.why)});
    }
  }
  return {};
}

}  // namespace reports
