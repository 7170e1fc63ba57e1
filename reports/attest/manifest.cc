#include "reports/attest/manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "gate/base/digest.h"
#include "gate/base/encoding.h"
#include "reports/file_io.h"

namespace reports {
namespace {

namespace fs = std::filesystem;
using gate::Error;
using gate::ErrorCode;
using gate::Result;

constexpr std::string_view kAttestationEnding = ".sigstore.json";
constexpr std::size_t kLargestFile = std::size_t{1} << 30U;

bool IsPlainName(std::string_view name) {
  return gate::IsValidUtf8(name) && std::none_of(name.begin(), name.end(), [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte < ' ' || byte == 0x7F;
         });
}

// Names below the folder of what is to be listed.
Result<std::vector<std::string>> NamesIn(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  // Does not follow symbolic links.
  fs::recursive_directory_iterator at(folder, error);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    const fs::file_type type = at->symlink_status(error).type();
    if (error) break;
    if (type == fs::file_type::directory) continue;
    std::string name = at->path().lexically_relative(folder).string();
    if (!IsPlainName(name)) {
      return Error{ErrorCode::kInvalidArgument,
                   folder + ": holds a file whose name is not printable UTF-8"};
    }
    if (type != fs::file_type::regular) {
      return Error{ErrorCode::kInvalidArgument, fmt::format("{}/{}: is no file", folder, name)};
    }
    if (IsAttestation(name)) continue;
    names.push_back(std::move(name));
    if (names.size() > kMostReportFiles) {
      return Error{ErrorCode::kInvalidArgument,
                   fmt::format("{}: holds more than {} files", folder, kMostReportFiles)};
    }
  }
  if (error) return FileError(folder, error.value());
  std::sort(names.begin(), names.end());
  return names;
}

// Of the attestations in `folder`, by name.
Result<std::vector<std::string>> FindAttestations(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  fs::directory_iterator at(folder, error);
  for (; !error && at != fs::directory_iterator(); at.increment(error)) {
    std::string name = at->path().filename().string();
    if (IsAttestation(name)) names.push_back(std::move(name));
  }
  if (error) return FileError(folder, error.value());
  std::sort(names.begin(), names.end());
  return names;
}

Result<void> SetAside(const std::string& folder, const std::string& name) {
  constexpr int kMostNumbers = 10'000;
  const std::string from = folder + "/" + name;
  const std::string stem = name.substr(0, name.size() - std::string_view(".json").size());
  std::error_code error;
  for (int number = 1; number <= kMostNumbers; ++number) {
    const std::string to = fmt::format("{}/{}.{}.json", folder, stem, number);
    if (fs::exists(fs::symlink_status(to, error))) continue;
    fs::rename(from, to, error);
    if (error) return FileError(from, error.value());
    return {};
  }
  return Error{ErrorCode::kUnavailable, folder + ": holds too many attestations; remove some"};
}

}  // namespace

bool IsAttestation(std::string_view name) {
  return name.find('/') == std::string_view::npos && name.ends_with(kAttestationEnding) &&
         (name == kReportBundle || name.starts_with("approval-"));
}

Result<std::vector<std::string>> FindApprovals(const std::string& folder) {
  auto names = FindAttestations(folder);
  if (names) std::erase(*names, kReportBundle);
  return names;
}

Result<std::vector<SignedFile>> ListReportFiles(const std::string& folder) {
  auto names = NamesIn(folder);
  if (!names) return std::move(names).error();
  std::vector<SignedFile> files;
  for (std::string& name : *names) {
    const auto text = ReadWholeFile(folder + "/" + name, kLargestFile);
    if (!text) return text.error();
    files.push_back({std::move(name), gate::Sha256Hex(*text)});
  }
  return files;
}

Result<void> SetAttestationsAside(const std::string& folder) {
  const auto names = FindAttestations(folder);
  if (!names) return names.error();
  for (const std::string& name : *names) {
    if (auto moved = SetAside(folder, name); !moved) return moved;
  }
  return {};
}

}  // namespace reports
