#include "gate/notify/outbox_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <numeric>
#include <optional>
#include <set>
#include <utility>

#include "gate/base/check.h"
#include "gate/base/digest.h"
#include "gate/record/config_map.h"

namespace gate::notify {
namespace {

constexpr std::string_view kPendingPrefix = "pending-";
constexpr std::size_t kDigestDigits = 16;

std::string KeyDigest(const Notice& notice) {
  return Sha256Hex(DedupKey(notice)).substr(0, kDigestDigits);
}

// The ledger's times are stored so.
WallTime WholeSeconds(WallTime time) { return std::chrono::floor<std::chrono::seconds>(time); }

std::string LineOf(const Pending& pending) {
  return DumpJson({{"posted", FormatRfc3339(pending.posted)}, {"notice", ToJson(pending.notice)}});
}

std::optional<Pending> ReadPending(const std::string& line) {
  const auto json = ParseStrictJson(line);
  if (!json || !json->is_object() || !json->contains("notice")) return std::nullopt;
  auto notice = NoticeFromJson(json->at("notice"));
  const auto posted = ParseRfc3339(JsonString(*json, "/posted"));
  if (!notice || !posted) return std::nullopt;
  return Pending{*std::move(notice), *posted, line.size() + 1};
}

std::optional<Ledger::Entry> ReadEntry(const std::string& line) {
  if (line.size() <= kDigestDigits || line[kDigestDigits] != ' ') return std::nullopt;
  std::int64_t seconds = 0;
  const char* const first = line.data() + kDigestDigits + 1;
  const char* const last = line.data() + line.size();
  const auto [end, error] = std::from_chars(first, last, seconds);
  // Beyond the year 2200 nanoseconds would overflow; before 1970 nothing happened.
  if (error != std::errc() || end != last || seconds < 0 || seconds > 7'258'118'400) {
    return std::nullopt;
  }
  return Ledger::Entry{line.substr(0, kDigestDigits), WallTime(std::chrono::seconds(seconds))};
}

Ledger ReadLedger(const Json& data, WallTime now) {
  const auto horizon = ParseRfc3339(JsonString(data, "/horizon"));
  Ledger ledger(horizon ? std::min(*horizon, now) : now - OutboxState::kNewsBeforeBirth);
  for (const std::string& line : record::Lines(JsonString(data, "/ledger"))) {
    if (auto entry = ReadEntry(line)) ledger.Restore(*std::move(entry));
  }
  return ledger;
}

// Drops the oldest of the least severe until the queue has at most `limit` bytes.
int Shrink(std::vector<Pending>& queue, std::size_t limit) {
  std::size_t bytes = 0;
  for (const Pending& pending : queue) bytes += pending.bytes;
  if (bytes <= limit) return 0;
  std::vector<std::size_t> order(queue.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return SeverityOf(queue[a].notice) < SeverityOf(queue[b].notice);
  });
  std::set<std::size_t> dropped;
  for (auto next = order.begin(); bytes > limit && next != order.end(); ++next) {
    bytes -= queue[*next].bytes;
    dropped.insert(*next);
  }
  std::vector<Pending> kept;
  for (std::size_t i = 0; i < queue.size(); ++i) {
    if (!dropped.contains(i)) kept.push_back(std::move(queue[i]));
  }
  queue = std::move(kept);
  return static_cast<int>(dropped.size());
}

}  // namespace

std::string_view ToString(DropReason reason) {
  switch (reason) {
    case DropReason::kOverflow:
      return "overflow";
    case DropReason::kTooOld:
      return "too-old";
    case DropReason::kRefused:
      return "refused";
    case DropReason::kUnknownSink:
      return "unknown-sink";
    case DropReason::kUnreadable:
      return "unreadable";
  }
  GATE_CHECK(false);
}

bool Ledger::Knows(const Notice& notice) const { return entries_.contains(KeyDigest(notice)); }

bool Ledger::IsForgotten(const Notice& notice) const {
  return WholeSeconds(notice.happened_at) <= horizon_;
}

void Ledger::Add(const Notice& notice, WallTime now) {
  // What claims to be from the future must not push the horizon there: nothing would be news.
  entries_.emplace(KeyDigest(notice), WholeSeconds(std::min(notice.happened_at, now)));
}

void Ledger::Restore(Entry entry) { entries_.emplace(std::move(entry.digest), entry.happened_at); }

void Ledger::Trim(WallTime now) {
  horizon_ = std::max(horizon_, now - kMemory);
  if (entries_.size() > kMostKeys) {
    std::vector<WallTime> times;
    for (const auto& [digest, happened_at] : entries_) times.push_back(happened_at);
    const std::size_t excess = entries_.size() - kMostKeys;
    std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(excess) - 1,
                     times.end());
    horizon_ = std::max(horizon_, times[excess - 1]);
  }
  std::erase_if(entries_, [&](const auto& entry) { return entry.second <= horizon_; });
}

OutboxState ReadOutbox(const Json& data, WallTime now) {
  OutboxState state{.pending = {}, .ledger = ReadLedger(data, now), .unreadable = {}};
  for (const auto& [key, value] : data.items()) {
    if (!key.starts_with(kPendingPrefix) || !value.is_string()) continue;
    const std::string sink = key.substr(kPendingPrefix.size());
    for (const std::string& line : record::Lines(value.get_ref<const std::string&>())) {
      if (auto pending = ReadPending(line)) {
        state.pending[sink].push_back(*std::move(pending));
      } else {
        ++state.unreadable[sink];
      }
    }
  }
  return state;
}

Json WriteOutbox(const OutboxState& state, const Json& data) {
  Json written = Json::object();
  for (const auto& [key, value] : data.items()) {
    if (key.starts_with(kPendingPrefix)) written[key] = nullptr;
  }
  for (const auto& [sink, queue] : state.pending) {
    if (queue.empty()) continue;
    std::string lines;
    for (const Pending& pending : queue) lines += LineOf(pending) + '\n';
    written[std::string(kPendingPrefix) + sink] = std::move(lines);
  }
  std::string ledger;
  for (const auto& [digest, happened_at] : state.ledger.entries()) {
    ledger +=
        fmt::format("{} {}\n", digest, happened_at.time_since_epoch() / std::chrono::seconds(1));
  }
  written["ledger"] = std::move(ledger);
  written["horizon"] = FormatRfc3339(state.ledger.horizon(), 9);
  for (auto key = written.begin(); key != written.end();) {
    const auto stored = data.find(key.key());
    const bool same = stored != data.end() && *stored == *key;
    key = same ? written.erase(key) : std::next(key);
  }
  return written;
}

PostOutcome AddNotices(OutboxState& state, const std::vector<Notice>& notices,
                       const std::vector<Sink>& sinks, WallTime now) {
  PostOutcome outcome;
  for (const Notice& notice : notices) {
    if (state.ledger.Knows(notice)) {
      ++outcome.duplicates;
      continue;
    }
    // The horizon does not move before all are in, so that a batch does not make its own old news.
    if (state.ledger.IsForgotten(notice)) {
      ++outcome.forgotten;
      continue;
    }
    ++outcome.accepted;
    state.ledger.Add(notice, now);
    Pending pending{Bounded(notice), now, 0};
    pending.bytes = LineOf(pending).size() + 1;
    for (const Sink& sink : sinks) {
      if (sink.Wants(notice.kind)) state.pending[sink.name].push_back(pending);
    }
  }
  state.ledger.Trim(now);
  for (const Sink& sink : sinks) {
    const int dropped = Shrink(state.pending[sink.name], kQueueBytes / sinks.size());
    if (dropped > 0) outcome.overflowed[sink.name] = dropped;
  }
  return outcome;
}

bool RemovePending(OutboxState& state, const std::string& sink, const std::string& dedup_key) {
  const auto queue = state.pending.find(sink);
  if (queue == state.pending.end()) return false;
  return std::erase_if(queue->second, [&](const Pending& pending) {
           return DedupKey(pending.notice) == dedup_key;
         }) > 0;
}

std::map<std::string, int> RemoveUnknownSinks(OutboxState& state, const std::vector<Sink>& sinks) {
  std::map<std::string, int> removed;
  std::erase_if(state.pending, [&](const auto& entry) {
    const auto& [name, queue] = entry;
    const bool known = std::any_of(sinks.begin(), sinks.end(),
                                   [&name = name](const Sink& sink) { return sink.name == name; });
    if (!known) removed[name] = static_cast<int>(queue.size());
    return !known;
  });
  return removed;
}

}  // namespace gate::notify
