#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gate/base/result.h"
#include "mock-mc/behaviour/engine.h"
#include "mock-mc/behaviour/journal.h"

namespace mock_mc {

// What both planes share: the engine in force, the journal, and who waits for the journal. Used
// from the server's one thread.
class Service {
 public:
  using Clock = std::function<Moment()>;

  // `script_file` gives PUT /script its directory for relative paths.
  Service(Script script, std::string script_file, FileReader read_file, Clock clock);

  struct Begun {
    std::uint64_t sequence;
    Plan plan;
    Moment arrived;
  };
  // Decides about a request that has just arrived, and journals it.
  Begun Begin(const Request& request, std::uint64_t connection);

  // The same for bytes that are no HTTP request, or one that is too large.
  Begun Refuse(int status, std::string_view error, std::uint64_t connection);

  // Journals how the answer ended.
  void End(std::uint64_t sequence, const Completion& completion);

  // Reads `text` as a script; if it is good, starts a new engine with it (all counters, timelines
  // and overrides begin anew; the journal stays) and calls the `on_replace` listeners.
  gate::Result<void> Replace(const std::string& text);
  void OnReplace(std::function<void()> listener) { on_replace_.push_back(std::move(listener)); }

  // Calls `done` once, as soon as `count` matching requests have been seen, those already in the
  // journal included; at once if they are there. The ticket cancels it.
  using Ticket = std::uint64_t;
  Ticket AwaitCount(const JournalFilter& filter, std::size_t count, std::function<void()> done);
  void Cancel(Ticket ticket);

  Moment Now() const { return clock_(); }
  gate::Instant started() const { return started_.at; }
  Engine& engine() { return *engine_; }
  Journal& journal() { return journal_; }

 private:
  struct Waiter {
    Ticket ticket;
    JournalFilter filter;
    std::size_t missing;
    std::function<void()> done;
  };
  Begun Record(Plan plan, const Request& request, std::uint64_t connection, const Moment& now);
  enum class Change { kArrival, kCompletion };
  void Notify(const JournalEntry& entry, Change change);

  std::string script_file_;
  FileReader read_file_;
  Clock clock_;
  Moment started_;
  std::unique_ptr<Engine> engine_;
  Journal journal_;
  std::list<Waiter> waiters_;
  Ticket last_ticket_ = 0;
  std::vector<std::function<void()>> on_replace_;
};

// The clocks of this machine; monotonic times count from an arbitrary point.
Moment SystemNow();

// Reads files of at most 1 MiB.
gate::Result<std::string> ReadSmallFile(const std::string& path);

}  // namespace mock_mc
