#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gate/base/result.h"
#include "mock-mc/behaviour/engine.h"
#include "mock-mc/behaviour/journal.h"
#include "mock-mc/wire/tally.h"

namespace mock_mc {

// What both planes share: the engine in force, the journal, the counts, and who waits for the
// journal. For any number of threads. Deciding and signing go on in all of them at the same time;
// taking a place in a sequence is one step (Engine), and so is journalling, so that two requests of
// one key may stand in the journal in the other order: `n` tells.
class Service {
 public:
  using Clock = std::function<Moment()>;

  // `script_file` gives PUT /script its directory for relative paths.
  Service(Script script, std::string script_file, FileReader read_file, Clock clock);

  struct Begun {
    std::uint64_t sequence;
    Plan plan;
    Moment arrived;
    std::uint64_t generation;  // of the script that decided, see Replace
  };
  // Decides about a request that has just arrived, and journals it.
  Begun Begin(const Request& request, std::uint64_t connection);

  // Journals what a listener does to a connection that has no request yet: `where` is "accept" or
  // "handshake".
  Begun BeginConnectionFault(const std::string& listener, std::string_view where,
                             const std::string& server_name, const Fault& fault,
                             std::uint64_t connection);

  // Journals that TLS did not come about, and why.
  void NoteFailedHandshake(const std::string& listener, const std::string& server_name,
                           const std::string& reason, std::uint64_t connection);

  // The same for bytes that are no HTTP request, or one that is too large.
  Begun Refuse(int status, std::string_view error, std::uint64_t connection);

  // Journals how the answer ended.
  void End(std::uint64_t sequence, const Completion& completion);

  // Reads `text` as a script; if it is good, starts a new engine with it (all counters, timelines
  // and overrides begin anew; the journal stays) and calls the listeners with its generation. What
  // earlier generations have begun is then to be cut off.
  gate::Result<void> Replace(const std::string& text);
  using OnReplaced = std::function<void(std::uint64_t generation)>;
  void OnReplace(OnReplaced listener) { on_replace_.push_back(std::move(listener)); }

  // Calls `done` once, as soon as `count` matching requests have been seen, those already in the
  // journal included; at once if they are there. `done` runs on the thread that saw the last one.
  // The ticket cancels it, but `done` may be running meanwhile.
  using Ticket = std::uint64_t;
  Ticket AwaitCount(const JournalFilter& filter, std::size_t count, std::function<void()> done);
  void Cancel(Ticket ticket);

  Moment Now() const { return clock_(); }
  const Moment& started() const { return started_; }

  // Returns f(engine, journal) while no other thread replaces the one or uses the other.
  template <typename F>
  auto Inspect(const F& f) {
    const std::scoped_lock lock(mutex_);
    return f(*engine_, journal_);
  }
  Tally tally() {
    const std::scoped_lock lock(mutex_);
    return tally_;
  }

  // PEM of the authority that signs the listeners' certificates; empty if there is none. Set before
  // anybody asks.
  void SetAuthority(std::string pem) { authority_pem_ = std::move(pem); }
  const std::string& authority_pem() const { return authority_pem_; }

  // Connections open now and ever.
  struct Connections {
    std::atomic<std::uint64_t> open{0};
    std::atomic<std::uint64_t> total{0};
  };
  Connections& connections() { return connections_; }

 private:
  struct Waiter {
    Ticket ticket;
    JournalFilter filter;
    std::size_t missing;
    std::function<void()> done;
  };
  using Callbacks = std::vector<std::function<void()>>;
  enum class Change { kArrival, kCompletion };
  Begun Record(Plan plan, JournalEntry entry, const Moment& now);
  Begun RecordOfListener(Plan plan, const std::string& listener, std::string_view where,
                         const std::string& server_name, std::uint64_t connection);
  // With mutex_ held.
  void Notify(const JournalEntry& entry, Change change, Callbacks& ready);

  std::string script_file_;
  FileReader read_file_;
  Clock clock_;
  const Moment started_;
  std::string authority_pem_;
  std::vector<OnReplaced> on_replace_;
  Connections connections_;
  std::atomic<std::size_t> body_limit_;  // the journal's

  std::mutex mutex_;                // of everything below
  std::shared_ptr<Engine> engine_;  // outlives its replacement in those who decide by it
  std::uint64_t generation_ = 0;
  Journal journal_;
  Tally tally_;
  std::list<Waiter> waiters_;
  Ticket last_ticket_ = 0;
};

// The clocks of this machine; monotonic times count from an arbitrary point.
Moment SystemNow();

// Reads files of at most 1 MiB.
gate::Result<std::string> ReadSmallFile(const std::string& path);

}  // namespace mock_mc
