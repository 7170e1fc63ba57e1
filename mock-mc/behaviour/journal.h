#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gate/base/time.h"
#include "mock-mc/behaviour/plan.h"
#include "mock-mc/behaviour/request.h"
#include "mock-mc/behaviour/script.h"

namespace mock_mc {

// How an answer ended, seen from the server's socket.
enum class Ending {
  kComplete,         // everything sent; the connection was kept
  kFin,              // closed in an orderly way, by plan or because the client asked for it
  kRst,              // reset, by plan
  kClientWentFirst,  // the client closed or reset, or took no more bytes
  kCancelled,        // a new script or the end of the server cut it off
  kHandshakeFailed,  // of a connection: TLS did not come about, and nobody planned that
};
// "complete", "fin", "rst", "client-went-first", "cancelled", "handshake-failed"
std::string_view ToString(Ending ending);
std::optional<Ending> ParseEnding(std::string_view text);

struct Completion {
  Ending ending;
  Moment at;
  std::optional<gate::Instant> first_byte;  // when the first byte was handed to the kernel
  std::uint64_t bytes_written = 0;
  std::uint64_t bytes_read = 0;  // of the request, and what came after a half-close
  std::string detail;            // what the socket or TLS said about it; often empty
};

struct JournalEntry {
  std::uint64_t sequence = 0;  // from 1, never used twice
  std::uint64_t connection = 0;
  Moment arrived;
  std::string method;
  std::string path;  // decoded
  Fields query;
  Fields headers;  // Authorization only as a fingerprint
  std::string body;
  std::size_t body_bytes = 0;  // before it was cut to JournalLimits::body_bytes
  Decision decision;
  std::optional<Completion> completion;
};

// What was asked and what was answered, without the token: the credentials in Authorization are
// replaced by "sha256:" and the first 12 hex digits of their SHA-256.
JournalEntry MakeJournalEntry(const Request& request, const Decision& decision,
                              const Moment& arrived, std::size_t body_limit);

// An entry and an estimate of the memory that it takes. To make one and to destroy one is most of
// the work of journalling, and can be done while others use the journal.
struct WeighedEntry {
  std::unique_ptr<JournalEntry> entry;
  std::size_t bytes = 0;
};
WeighedEntry Weigh(JournalEntry entry);

// Every given part must fit; the texts are compared exactly.
struct JournalFilter {
  std::optional<std::string> space;
  std::optional<std::string> release;
  std::optional<std::string> stage;
  std::optional<std::string> path;
  std::optional<std::string> rule;
  std::optional<std::string> response;
  std::optional<Ending> ending;         // only answers that ended so
  std::optional<gate::WallTime> since;  // arrived then or later

  bool Matches(const JournalEntry& entry) const;
};

enum class Truth { kTrue, kFalse, kUnknown };
std::string_view ToString(Truth truth);

// The last requests, bounded in number and bytes; what had to be dropped is counted, and questions
// whose answer may depend on it are answered with "unknown". Not thread-safe.
class Journal {
 public:
  explicit Journal(const JournalLimits& limits) : limits_(limits) {}

  // Called when a request has arrived, before anything is sent. Returns the entry as kept, with its
  // sequence number; the newest is kept even if it alone is beyond the limits. What has to make
  // room for it is added to `dropped`.
  const JournalEntry& Arrive(WeighedEntry entry, std::vector<WeighedEntry>& dropped);

  // The completed entry, or nullptr if it has been dropped or cleared.
  const JournalEntry* Complete(std::uint64_t sequence, const Completion& completion);

  // The entries with a sequence number greater than `after`, oldest first, at most `limit`.
  std::vector<const JournalEntry*> Find(const JournalFilter& filter, std::uint64_t after,
                                        std::size_t limit) const;

  std::size_t Count(const JournalFilter& filter) const;

  // Is the number of matching requests between `min` and `max`, both included?
  Truth Verify(const JournalFilter& filter, std::size_t min, std::optional<std::size_t> max) const;

  std::size_t entries() const { return entries_.size(); }
  std::size_t bytes() const { return bytes_; }

  // Forgets everything, and that anything was dropped.
  void Clear();
  void SetLimits(const JournalLimits& limits);

  const JournalLimits& limits() const { return limits_; }
  std::uint64_t dropped() const { return dropped_; }
  std::uint64_t last_sequence() const { return last_sequence_; }

 private:
  void DropBeyondLimits(std::vector<WeighedEntry>& dropped);

  JournalLimits limits_;
  std::deque<WeighedEntry> entries_;  // consecutive sequence numbers
  std::size_t bytes_ = 0;             // of all
  std::uint64_t last_sequence_ = 0;
  std::uint64_t dropped_ = 0;
  gate::WallTime last_dropped_arrival_{};
};

}  // namespace mock_mc
