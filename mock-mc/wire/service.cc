#include "mock-mc/wire/service.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <utility>

namespace mock_mc {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Result;

constexpr std::size_t kLargestFile = std::size_t{1} << 20U;

}  // namespace

Service::Service(Script script, std::string script_file, FileReader read_file, Clock clock)
    : script_file_(std::move(script_file)),
      read_file_(std::move(read_file)),
      clock_(std::move(clock)),
      started_(clock_()),
      body_limit_(script.journal.body_bytes),
      journal_(script.journal) {
  engine_ = std::make_shared<Engine>(std::move(script), read_file_, started_);
}

Service::Begun Service::Begin(const Request& request, std::uint64_t connection) {
  const Moment now = clock_();
  JournalEntry entry = MakeJournalEntry(request, Decision(), now, body_limit_);
  entry.connection = connection;
  std::unique_lock lock(mutex_);
  const std::shared_ptr<Engine> engine = engine_;
  const std::uint64_t generation = generation_;
  lock.unlock();
  Begun begun = Record(engine->Handle(request, now), std::move(entry), now);
  begun.generation = generation;  // another script may be in force by now
  return begun;
}

Service::Begun Service::Refuse(int status, std::string_view error, std::uint64_t connection) {
  const Moment now = clock_();
  JournalEntry entry = MakeJournalEntry(Request(), Decision(), now, 0);
  entry.connection = connection;
  return Record(RefusalPlan(status, error, now), std::move(entry), now);
}

Service::Begun Service::BeginConnectionFault(const std::string& listener, std::string_view where,
                                             const std::string& server_name, const Fault& fault,
                                             std::uint64_t connection) {
  return RecordOfListener(ConnectionPlan(fault, listener), listener, where, server_name,
                          connection);
}

void Service::NoteFailedHandshake(const std::string& listener, const std::string& server_name,
                                  const std::string& reason, std::uint64_t connection) {
  const Begun begun = RecordOfListener({}, listener, "handshake", server_name, connection);
  End(begun.sequence,
      Completion{Ending::kHandshakeFailed, begun.arrived, std::nullopt, 0, 0, reason});
}

Service::Begun Service::RecordOfListener(Plan plan, const std::string& listener,
                                         std::string_view where, const std::string& server_name,
                                         std::uint64_t connection) {
  plan.decision.rule = "listener/" + listener;
  plan.decision.response = where;
  plan.decision.key = server_name;
  JournalEntry entry;
  entry.arrived = clock_();
  entry.connection = connection;
  const Moment now = entry.arrived;
  return Record(std::move(plan), std::move(entry), now);
}

Service::Begun Service::Record(Plan plan, JournalEntry entry, const Moment& now) {
  Callbacks ready;
  entry.decision = plan.decision;
  WeighedEntry weighed = Weigh(std::move(entry));
  std::vector<WeighedEntry> dropped;  // destroyed when others need not wait for it
  dropped.reserve(1);
  std::unique_lock lock(mutex_);
  tally_.CountArrival(plan.decision);
  const JournalEntry& kept = journal_.Arrive(std::move(weighed), dropped);
  if (!waiters_.empty()) Notify(kept, Change::kArrival, ready);
  Begun begun{kept.sequence, std::move(plan), now, generation_};
  lock.unlock();
  for (const auto& done : ready) done();
  return begun;
}

void Service::End(std::uint64_t sequence, const Completion& completion) {
  Callbacks ready;
  std::unique_lock lock(mutex_);
  const JournalEntry* entry = journal_.Complete(sequence, completion);
  tally_.CountEnd(completion, entry);
  if (entry != nullptr && !waiters_.empty()) Notify(*entry, Change::kCompletion, ready);
  lock.unlock();
  for (const auto& done : ready) done();
}

Result<void> Service::Replace(const std::string& text) {
  auto script = ReadScript(text, script_file_, read_file_);
  if (!script) return std::move(script).error();
  const JournalLimits limits = script->journal;
  auto engine = std::make_shared<Engine>(*std::move(script), read_file_, clock_());
  std::unique_lock lock(mutex_);
  engine_.swap(engine);
  journal_.SetLimits(limits);
  body_limit_ = limits.body_bytes;
  const std::uint64_t generation = ++generation_;
  lock.unlock();
  for (const auto& listener : on_replace_) listener(generation);
  return {};
}

Service::Ticket Service::AwaitCount(const JournalFilter& filter, std::size_t count,
                                    std::function<void()> done) {
  std::unique_lock lock(mutex_);
  const Ticket ticket = ++last_ticket_;
  const std::size_t seen = journal_.Count(filter);
  if (seen < count) {
    waiters_.push_back({ticket, filter, count - seen, std::move(done)});
    return ticket;
  }
  lock.unlock();
  done();
  return ticket;
}

void Service::Cancel(Ticket ticket) {
  const std::scoped_lock lock(mutex_);
  waiters_.remove_if([&](const Waiter& waiter) { return waiter.ticket == ticket; });
}

// An entry starts to match when it arrives or, if the filter asks how it ended, when it ends. What
// is to be called when the lock is released is added to `ready`.
void Service::Notify(const JournalEntry& entry, Change change, Callbacks& ready) {
  for (auto waiter = waiters_.begin(); waiter != waiters_.end();) {
    const bool concerned = waiter->filter.ending.has_value() == (change == Change::kCompletion);
    if (concerned && waiter->filter.Matches(entry) && --waiter->missing == 0) {
      ready.push_back(std::move(waiter->done));
      waiter = waiters_.erase(waiter);
    } else {
      ++waiter;
    }
  }
}

Moment SystemNow() {
  return {gate::Instant(std::chrono::steady_clock::now().time_since_epoch()),
          std::chrono::system_clock::now()};
}

Result<std::string> ReadSmallFile(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text;
  std::array<char, 4096> piece{};
  while (file.read(piece.data(), piece.size()) || file.gcount() > 0) {
    text.append(piece.data(), static_cast<std::size_t>(file.gcount()));
    if (text.size() > kLargestFile) {
      return Error{ErrorCode::kInvalidArgument,
                   fmt::format("cannot read {}: it has more than {} bytes", path, kLargestFile)};
    }
  }
  if (!file.is_open() || file.bad()) {
    const int reason = errno;
    const ErrorCode code = reason == ENOENT   ? ErrorCode::kNotFound
                           : reason == EACCES ? ErrorCode::kPermissionDenied
                                              : ErrorCode::kInvalidArgument;
    return Error{code, fmt::format("cannot read {}: {}", path, std::strerror(reason))};
  }
  return text;
}

}  // namespace mock_mc
