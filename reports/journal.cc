#include "reports/journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <mutex>
#include <optional>

#include "gate/base/check.h"
#include "gate/base/digest.h"
#include "reports/codec.h"
#include "reports/file_io.h"

namespace reports {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Json;
using gate::Result;

// A record can hold all expectations of a scenario with their events.
constexpr std::size_t kLongestLine = std::size_t{16} << 20U;

std::string NoHash() { return std::string(64, '0'); }

// Chains a record to the one before it: its line, and its hash into `head`.
std::string Chain(Json record, std::int64_t seq, std::string& head) {
  GATE_CHECK(record.is_object() && !record.contains("hash"));
  record["seq"] = seq;
  record["prev"] = head;
  head = gate::Sha256Hex(gate::DumpJson(record));
  record["hash"] = head;
  return gate::DumpJson(record) + "\n";
}

class FileJournal : public Journal {
 public:
  FileJournal(int descriptor, std::string path)
      : descriptor_(descriptor), path_(std::move(path)), head_(NoHash()) {}
  ~FileJournal() override { ::close(descriptor_); }

  Result<void> AppendAll(std::vector<Json> records) override {
    const std::lock_guard lock(mutex_);
    if (failure_) return *failure_;
    std::string lines;
    for (Json& record : records) lines += Chain(std::move(record), ++seq_, head_);
    auto written = Write(lines);
    if (!written) failure_ = written.error();
    return written;
  }

 private:
  Result<void> Write(std::string_view lines) {
    while (!lines.empty()) {
      const ssize_t written = ::write(descriptor_, lines.data(), lines.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return FileError(path_, errno);
      lines.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::fsync(descriptor_) != 0) return FileError(path_, errno);
    return {};
  }

  const int descriptor_;
  const std::string path_;
  std::mutex mutex_;
  std::int64_t seq_ = 0;
  std::string head_;
  std::optional<Error> failure_;
};

// Checks one line against the chain so far.
Result<Json> ParseLine(std::string_view line, std::int64_t expected_seq, const std::string& prev) {
  auto record = gate::ParseStrictJson(line, {.max_bytes = kLongestLine});
  if (!record) return std::move(record).error();
  if (!record->is_object()) return Error{ErrorCode::kProtocol, "is not an object"};
  if (gate::DumpJson(*record) != line) {
    return Error{ErrorCode::kProtocol, "is not as this program writes it: it was changed"};
  }
  const std::string hash = gate::JsonString(*record, "/hash");
  const std::int64_t seq = gate::JsonInt(*record, "/seq", -1);
  const std::string claimed_prev = gate::JsonString(*record, "/prev");
  Json body = *record;
  body.erase("hash");
  if (hash != gate::Sha256Hex(gate::DumpJson(body))) {
    return Error{ErrorCode::kProtocol, "does not match its own hash: it was changed"};
  }
  if (seq != expected_seq) {
    return Error{
        ErrorCode::kProtocol,
        fmt::format("has seq {} where {} is due: a record is missing, was inserted or moved", seq,
                    expected_seq)};
  }
  if (claimed_prev != prev) {
    return Error{ErrorCode::kProtocol, "does not follow the record before it"};
  }
  return record;
}

}  // namespace

Result<std::unique_ptr<Journal>> Journal::Create(const std::string& path) {
  const int descriptor =
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
  if (descriptor < 0 && errno == EEXIST) {
    return Error{ErrorCode::kAlreadyExists, path + ": exists already"};
  }
  if (descriptor < 0) return FileError(path, errno);
  auto journal = std::make_unique<FileJournal>(descriptor, path);
  // Held until the descriptor is closed; tells IsBeingWritten that this run is still going on.
  // Waits, as whoever looks there holds a lock for a moment.
  while (::flock(descriptor, LOCK_EX) != 0) {
    if (errno != EINTR) return FileError(path, errno);
  }
  if (auto synced = SyncFolderOf(path); !synced) return std::move(synced).error();
  return std::unique_ptr<Journal>(std::move(journal));
}

std::string JournalPath(const std::string& folder) { return folder + "/journal.jsonl"; }

bool IsBeingWritten(const std::string& folder) {
  const int descriptor = ::open(JournalPath(folder).c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool locked = ::flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  ::close(descriptor);
  return locked;
}

Result<void> SetJournalAside(const std::string& folder) {
  constexpr int kMostJournals = 10'000;
  const std::string path = JournalPath(folder);
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return {};
  if (IsBeingWritten(folder)) {
    return Error{ErrorCode::kConflict, folder + ": another run is still writing its report there"};
  }
  for (int number = 1; number <= kMostJournals; ++number) {
    const std::string other = fmt::format("{}/journal.{}.jsonl", folder, number);
    if (std::filesystem::exists(other, error)) continue;
    std::filesystem::rename(path, other, error);
    if (error) return FileError(path, error.value());
    return SyncFolderOf(path);
  }
  return Error{ErrorCode::kUnavailable, folder + ": holds too many journals; remove some"};
}

Result<std::string> ExtendJournal(std::string_view text, Json record) {
  auto content = ParseJournal(text);
  if (!content) return std::move(content).error();
  if (content->torn) return Error{ErrorCode::kConflict, "its last line is only half written"};
  const auto seq = static_cast<std::int64_t>(content->records.size()) + 1;
  return std::string(text) + Chain(std::move(record), seq, content->head);
}

Result<JournalContent> ParseJournal(std::string_view text) {
  JournalContent content;
  content.head = NoHash();
  std::int64_t line_number = 0;
  while (!text.empty()) {
    ++line_number;
    const auto end = text.find('\n');
    if (end == std::string_view::npos) {
      content.torn = true;
      break;
    }
    auto record = ParseLine(text.substr(0, end), line_number, content.head);
    if (!record) {
      return Error{ErrorCode::kProtocol,
                   fmt::format("line {}: {}", line_number, record.error().message)};
    }
    content.head = gate::JsonString(*record, "/hash");
    content.records.push_back(*std::move(record));
    text.remove_prefix(end + 1);
  }
  return content;
}

}  // namespace reports
