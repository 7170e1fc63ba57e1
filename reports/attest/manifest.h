#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "gate/base/result.h"

// What a report folder consists of.
namespace reports {

// A file of a report: its path below the report's folder ("report.json", "traces/GATE-001.jsonl")
// and its SHA-256 in hex.
struct SignedFile {
  std::string name;
  std::string sha256;

  bool operator==(const SignedFile&) const = default;
};

inline constexpr std::string_view kReportBundle = "report.sigstore.json";
inline constexpr std::size_t kMostReportFiles = 20'000;

// True for what is said about a report instead of being part of it: its signature and its
// approvals.
bool IsAttestation(std::string_view name);

// The names of the attestations in `folder` that are approvals, sorted.
gate::Result<std::vector<std::string>> FindApprovals(const std::string& folder);

// All files below `folder` but the attestations, by name. kInvalidArgument if there is something
// that is neither a file nor a folder (a symbolic link could point to anything), whose name is not
// UTF-8 or holds control characters, or if there are more than kMostReportFiles. Other errors as in
// reports/file_io.h.
gate::Result<std::vector<SignedFile>> ListReportFiles(const std::string& folder);

// Gives the attestations of an earlier report in `folder` other names, as files of the report to
// come: report.sigstore.1.json. Call it with SetJournalAside.
gate::Result<void> SetAttestationsAside(const std::string& folder);

}  // namespace reports
