#include "mock-mc/behaviour/journal.h"

#include <algorithm>
#include <array>
#include <utility>

namespace mock_mc {
namespace {

std::size_t SizeOf(const Fields& fields) {
  std::size_t size = 0;
  for (const auto& [name, value] : fields) {
    size += sizeof(Fields::value_type) + name.size() + value.size();
  }
  return size;
}

// An estimate of the memory that an entry takes.
std::size_t SizeOf(const JournalEntry& entry) {
  const Decision& decision = entry.decision;
  return SizeOf(decision.draws) + decision.space.size() + sizeof(JournalEntry) + entry.path.size() +
         entry.body.size() + SizeOf(entry.query) + SizeOf(entry.headers) + decision.key.size() +
         decision.release.size() + decision.nonce.size() + decision.trace_id.size() +
         decision.internal_error.size();
}

constexpr std::array kEndings = {Ending::kComplete,  Ending::kFin,
                                 Ending::kRst,       Ending::kClientWentFirst,
                                 Ending::kCancelled, Ending::kHandshakeFailed};

bool Same(const std::optional<std::string>& wanted, const std::string& actual) {
  return !wanted || *wanted == actual;
}

}  // namespace

std::string_view ToString(Ending ending) {
  switch (ending) {
    case Ending::kComplete:
      return "complete";
    case Ending::kFin:
      return "fin";
    case Ending::kRst:
      return "rst";
    case Ending::kClientWentFirst:
      return "client-went-first";
    case Ending::kCancelled:
      return "cancelled";
    case Ending::kHandshakeFailed:
      return "handshake-failed";
  }
  return "complete";
}

std::optional<Ending> ParseEnding(std::string_view text) {
  for (const Ending ending : kEndings) {
    if (text == ToString(ending)) return ending;
  }
  return std::nullopt;
}

std::string_view ToString(Truth truth) {
  if (truth == Truth::kUnknown) return "unknown";
  return truth == Truth::kTrue ? "true" : "false";
}

JournalEntry MakeJournalEntry(const Request& request, const Decision& decision,
                              const Moment& arrived, std::size_t body_limit) {
  JournalEntry entry;
  entry.arrived = arrived;
  entry.method = request.method;
  if (auto target = ParseTarget(request.target)) {
    entry.path = std::move(target->path);
    entry.query = std::move(target->query);
  } else {
    entry.path = request.target;
  }
  entry.headers = request.headers;
  for (auto& [name, value] : entry.headers) {
    if (SameHeaderName(name, "Authorization") || SameHeaderName(name, "Proxy-Authorization")) {
      value = CredentialsFingerprint(value);
    }
  }
  entry.body_bytes = request.body.size();
  entry.body = request.body.substr(0, body_limit);
  entry.decision = decision;
  return entry;
}

bool JournalFilter::Matches(const JournalEntry& entry) const {
  return Same(space, entry.decision.space) && Same(release, entry.decision.release) &&
         Same(stage, entry.decision.stage) && Same(path, entry.path) &&
         Same(rule, entry.decision.rule) && Same(response, entry.decision.response) &&
         (!since || entry.arrived.wall >= *since) &&
         (!ending || (entry.completion && entry.completion->ending == *ending));
}

WeighedEntry Weigh(JournalEntry entry) {
  const std::size_t bytes = SizeOf(entry);
  return {std::make_unique<JournalEntry>(std::move(entry)), bytes};
}

const JournalEntry& Journal::Arrive(WeighedEntry entry, std::vector<WeighedEntry>& dropped) {
  entry.entry->sequence = ++last_sequence_;
  bytes_ += entry.bytes;
  entries_.push_back(std::move(entry));
  DropBeyondLimits(dropped);
  return *entries_.back().entry;
}

void Journal::DropBeyondLimits(std::vector<WeighedEntry>& dropped) {
  while (entries_.size() > 1 && (entries_.size() > limits_.entries || bytes_ > limits_.bytes)) {
    WeighedEntry& first = entries_.front();
    bytes_ -= first.bytes;
    last_dropped_arrival_ = std::max(last_dropped_arrival_, first.entry->arrived.wall);
    dropped.push_back(std::move(first));
    entries_.pop_front();
    ++dropped_;
  }
}

const JournalEntry* Journal::Complete(std::uint64_t sequence, const Completion& completion) {
  if (entries_.empty()) return nullptr;
  const std::uint64_t first = entries_.front().entry->sequence;
  if (sequence < first) return nullptr;
  JournalEntry& entry = *entries_[sequence - first].entry;
  entry.completion = completion;
  return &entry;
}

std::vector<const JournalEntry*> Journal::Find(const JournalFilter& filter, std::uint64_t after,
                                               std::size_t limit) const {
  std::vector<const JournalEntry*> found;
  for (const auto& [entry, bytes] : entries_) {
    if (found.size() >= limit) break;
    if (entry->sequence > after && filter.Matches(*entry)) found.push_back(entry.get());
  }
  return found;
}

std::size_t Journal::Count(const JournalFilter& filter) const {
  return static_cast<std::size_t>(
      std::count_if(entries_.begin(), entries_.end(),
                    [&](const auto& each) { return filter.Matches(*each.entry); }));
}

Truth Journal::Verify(const JournalFilter& filter, std::size_t min,
                      std::optional<std::size_t> max) const {
  const std::size_t count = Count(filter);
  // What was dropped can only raise the true number.
  if (max && count > *max) return Truth::kFalse;
  if (count >= min && !max) return Truth::kTrue;
  const bool dropped_matters =
      dropped_ > 0 && (!filter.since || last_dropped_arrival_ >= *filter.since);
  if (dropped_matters) return Truth::kUnknown;
  return count >= min ? Truth::kTrue : Truth::kFalse;
}

void Journal::Clear() {
  entries_.clear();
  bytes_ = 0;
  dropped_ = 0;
  last_dropped_arrival_ = {};
}

void Journal::SetLimits(const JournalLimits& limits) {
  limits_ = limits;
  std::vector<WeighedEntry> dropped;
  DropBeyondLimits(dropped);
}

}  // namespace mock_mc
