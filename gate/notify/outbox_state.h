#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "gate/base/strict_json.h"
#include "gate/base/time.h"
#include "gate/notify/config.h"
#include "gate/notify/notice.h"

namespace gate::notify {

// A notice that one sink has not got yet.
struct Pending {
  Notice notice;
  WallTime posted;
  std::size_t bytes = 0;  // of its line
};

// What has been posted of late, so that nothing is told twice, whoever sees the same fact again.
// Holds the last 24 hours, by the second in which things happened, and at most 2,000 keys. What
// happened at or before the horizon and is not in here has been forgotten, and counts as told.
class Ledger {
 public:
  static constexpr std::size_t kMostKeys = 2000;
  static constexpr Nanos kMemory = std::chrono::hours(24);

  struct Entry {
    std::string digest;  // of the dedup key: 16 hex digits of its SHA-256
    WallTime happened_at;
  };

  explicit Ledger(WallTime horizon) : horizon_(horizon) {}

  WallTime horizon() const { return horizon_; }
  const std::map<std::string, WallTime>& entries() const { return entries_; }

  bool Knows(const Notice& notice) const;
  bool IsForgotten(const Notice& notice) const;
  void Add(const Notice& notice, WallTime now);
  void Restore(Entry entry);
  // Forgets what is too old or too much.
  void Trim(WallTime now);

 private:
  std::map<std::string, WallTime> entries_;  // by digest
  WallTime horizon_;
};

// Why a notice is given up without having been delivered. The names are stable: metrics use them.
enum class DropReason {
  kOverflow,     // "overflow": the outbox was full, and this was the oldest of the least severe
  kTooOld,       // "too-old": not delivered within giveUpAfter
  kRefused,      // "refused": the sink will never take it
  kUnknownSink,  // "unknown-sink": the sink is no longer configured
  kUnreadable,   // "unreadable": the stored line is not a notice
};

std::string_view ToString(DropReason reason);

// The outbox as stored. The ConfigMap's keys:
//   pending-<sink>  one JSON object {"posted", "notice"} a line, oldest first
//   ledger          one "<digest> <seconds since 1970>" a line
//   horizon         RFC 3339
struct OutboxState {
  // A new outbox remembers nothing, so it takes what happened before it was made for told: else the
  // first start in a cluster would announce the history of all its Rollouts. The ten minutes are
  // for what happened while it was being installed.
  static constexpr Nanos kNewsBeforeBirth = std::chrono::minutes(10);

  std::map<std::string, std::vector<Pending>> pending;  // by sink
  Ledger ledger;
  std::map<std::string, std::size_t> unreadable;  // lines that were skipped, by sink
};

// Lines that cannot be read are skipped and counted; a lost ledger is begun anew at `now`.
OutboxState ReadOutbox(const Json& data, WallTime now);

// The keys to write: those that are to differ from `data`, null for those that it has too much.
Json WriteOutbox(const OutboxState& state, const Json& data);

// All sinks' queues together stay below this many bytes, with the ledger below 512 KiB; a
// ConfigMap holds 1 MiB. Each sink has an equal share, so that one which is down takes nothing from
// the others.
inline constexpr std::size_t kQueueBytes = std::size_t{400} << 10U;

struct PostOutcome {
  int accepted = 0;                       // will be told, unless no sink wants this kind
  int duplicates = 0;                     // told or pending already
  int forgotten = 0;                      // too old to know
  std::map<std::string, int> overflowed;  // dropped, by sink
};

// Queues the notices that are news for the sinks that want them.
PostOutcome AddNotices(OutboxState& state, const std::vector<Notice>& notices,
                       const std::vector<Sink>& sinks, WallTime now);

// Takes the notice with this key out of the sink's queue. False if it is not there.
bool RemovePending(OutboxState& state, const std::string& sink, const std::string& dedup_key);

// Takes away the queues of sinks that are not in `sinks`; how many notices each held.
std::map<std::string, int> RemoveUnknownSinks(OutboxState& state, const std::vector<Sink>& sinks);

}  // namespace gate::notify
