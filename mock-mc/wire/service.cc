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
      journal_(script.journal) {
  engine_ = std::make_unique<Engine>(std::move(script), read_file_, started_);
}

Service::Begun Service::Begin(const Request& request, std::uint64_t connection) {
  const Moment now = clock_();
  return Record(engine_->Handle(request, now), request, connection, now);
}

Service::Begun Service::Refuse(int status, std::string_view error, std::uint64_t connection) {
  const Moment now = clock_();
  return Record(RefusalPlan(status, error, now), Request(), connection, now);
}

Service::Begun Service::Record(Plan plan, const Request& request, std::uint64_t connection,
                               const Moment& now) {
  JournalEntry entry = MakeJournalEntry(request, plan.decision, now, journal_.limits().body_bytes);
  entry.connection = connection;
  const JournalEntry& kept = journal_.Arrive(std::move(entry));
  const std::uint64_t sequence = kept.sequence;
  if (!waiters_.empty()) Notify(kept, Change::kArrival);
  return {sequence, std::move(plan), now};
}

void Service::End(std::uint64_t sequence, const Completion& completion) {
  const JournalEntry* entry = journal_.Complete(sequence, completion);
  if (entry != nullptr && !waiters_.empty()) Notify(*entry, Change::kCompletion);
}

Result<void> Service::Replace(const std::string& text) {
  auto script = ReadScript(text, script_file_, read_file_);
  if (!script) return std::move(script).error();
  journal_.SetLimits(script->journal);
  engine_ = std::make_unique<Engine>(*std::move(script), read_file_, clock_());
  for (const auto& listener : on_replace_) listener();
  return {};
}

Service::Ticket Service::AwaitCount(const JournalFilter& filter, std::size_t count,
                                    std::function<void()> done) {
  const Ticket ticket = ++last_ticket_;
  const std::size_t seen = journal_.Count(filter);
  if (seen >= count) {
    done();
  } else {
    waiters_.push_back({ticket, filter, count - seen, std::move(done)});
  }
  return ticket;
}

void Service::Cancel(Ticket ticket) {
  waiters_.remove_if([&](const Waiter& waiter) { return waiter.ticket == ticket; });
}

// An entry starts to match when it arrives or, if the filter asks how it ended, when it ends.
void Service::Notify(const JournalEntry& entry, Change change) {
  std::vector<std::function<void()>> ready;
  for (auto waiter = waiters_.begin(); waiter != waiters_.end();) {
    const bool concerned = waiter->filter.ending.has_value() == (change == Change::kCompletion);
    if (concerned && waiter->filter.Matches(entry) && --waiter->missing == 0) {
      ready.push_back(std::move(waiter->done));
      waiter = waiters_.erase(waiter);
    } else {
      ++waiter;
    }
  }
  for (const auto& done : ready) done();  // may add and cancel waiters
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
