#include "reports/attest/compare.h"

#include <fmt/format.h>

#include <map>

#include "gate/base/check.h"
#include "reports/journal.h"
#include "reports/read.h"

namespace reports {
namespace {

using gate::ErrorCode;
using gate::Result;

constexpr std::string_view kJournalName = "journal.jsonl";

// What can be said about a journal whose bytes are not those that were signed.
std::string ExplainJournal(const std::string& folder, const ReportStatement& statement) {
  if (std::string flaw = JournalFlaw(folder); !flaw.empty()) return flaw;
  const auto text = ReadJournalText(JournalPath(folder));
  if (!text) return text.error().message;
  const auto journal = ParseJournal(*text);
  if (!journal) return journal.error().message;
  const auto records = static_cast<std::int64_t>(journal->records.size());
  if (records != statement.journal_records) {
    return fmt::format("it holds {} records that follow each other, {} were signed", records,
                       statement.journal_records);
  }
  if (journal->head != statement.journal_head) return "it is another run's, or was written anew";
  return "only the half-written line at its end differs";
}

std::map<std::string, std::string> ByName(const std::vector<SignedFile>& files) {
  std::map<std::string, std::string> digests;
  for (const SignedFile& file : files) digests[file.name] = file.sha256;
  return digests;
}

}  // namespace

std::string JournalFlaw(const std::string& folder) {
  const auto text = ReadJournalText(JournalPath(folder));
  if (!text) return text.error().code == ErrorCode::kNotFound ? "" : text.error().message;
  const auto journal = ParseJournal(*text);
  return journal ? "" : journal.error().message;
}

Result<std::vector<Finding>> CompareFiles(const std::string& folder,
                                          const ReportStatement& statement) {
  std::vector<Finding> findings;
  const auto files = ListReportFiles(folder);
  if (!files && files.error().code != ErrorCode::kInvalidArgument) return files.error();
  if (!files) return std::vector<Finding>{{folder, files.error().message}};
  std::map<std::string, std::string> there = ByName(*files);
  for (const SignedFile& file : statement.files) {
    const auto found = there.extract(file.name);
    if (!found) {
      findings.push_back({file.name, "is missing"});
    } else if (found.mapped() != file.sha256) {
      std::string what =
          fmt::format("was changed: its SHA-256 is {}, signed was {}", found.mapped(), file.sha256);
      if (file.name == kJournalName) what += "; " + ExplainJournal(folder, statement);
      findings.push_back({file.name, std::move(what)});
    }
  }
  for (const auto& [name, digest] : there) {
    findings.push_back({name, "was added: it is no part of what was signed"});
  }
  return findings;
}

Result<void> CheckNone(const std::vector<Finding>& findings) {
  if (findings.empty()) return {};
  std::string lines;
  for (const Finding& finding : findings) {
    lines += (lines.empty() ? "" : "\n") + finding.file + ": " + finding.what;
  }
  return gate::Error{ErrorCode::kConflict, lines};
}

}  // namespace reports
