#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gate/base/rng.h"
#include "gate/base/time.h"
#include "harness/sim/world/trace_hash.h"

namespace drill::sim {

class FiberPool;

// Who goes first when several things are due at the same instant; smaller is sooner. Within a rank
// it is the order of scheduling, or a drawn one if schedules are explored.
enum class Rank : std::uint8_t {
  kFault,       // a fault is there before what happens at that time
  kDelivery,    // watch events
  kController,  // reconciles
  kProcess,     // fibers that wake up
};

// Virtual time and everything that happens in it: one thread, one event heap ordered by (time,
// rank, tie, sequence). The clock jumps from one event to the next. What happens is a function of
// the options alone.
class World {
 public:
  struct Options {
    std::uint64_t seed = 0;
    gate::WallTime epoch;  // the civil time at the start
    // kDrawn: what is due at the same instant and rank comes in a drawn order.
    enum class Ties { kInOrder, kDrawn } ties = Ties::kInOrder;
  };
  explicit World(const Options& options);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  gate::Instant Now() const { return now_; }
  gate::WallTime WallNow() const { return epoch_ + (now_ - gate::Instant()); }

  // The stream of random numbers for one concern: draws there shift nothing elsewhere.
  gate::Rng Stream(std::string_view concern) const { return root_.Fork(concern); }

  using Handler = std::function<void()>;
  // Names a scheduled handler until it has run.
  struct Timer {
    std::uint32_t slot = 0;
    std::uint32_t generation = 0;  // 0: none
  };
  // A time that is past means now.
  Timer At(gate::Instant at, Rank rank, Handler handler);
  Timer After(gate::Nanos delay, Rank rank, Handler handler) {
    return At(now_ + delay, rank, std::move(handler));
  }
  // Does nothing if it has run, or was cancelled.
  void Cancel(Timer timer);

  enum class Ended {
    kDone,     // `done` returned true
    kIdle,     // nothing is scheduled any more
    kTime,     // the next event lies beyond `until`; the clock stands at `until`
    kTooMany,  // `most_events` were handled: something goes round in circles
  };
  // Handles events until one of these is so. Not to be called from a handler or a fiber.
  Ended Run(gate::Instant until, const std::function<bool()>& done, std::uint64_t most_events);

  std::uint64_t events() const { return events_; }

  // Everything that changes the world's state is fed into the hash: two runs with the same hash
  // went the same way.
  TraceHash& trace() { return trace_; }

  FiberPool& fibers() { return *fibers_; }

 private:
  struct Entry {
    gate::Instant at;
    Rank rank;
    std::uint32_t tie;
    std::uint64_t sequence;
    Timer timer;
  };
  struct Slot {
    Handler handler;
    std::uint32_t generation = 1;
  };
  static bool Later(const Entry& a, const Entry& b);
  Handler Release(Timer timer);

  const gate::WallTime epoch_;
  const gate::Rng root_;
  const Options::Ties ties_;
  gate::Rng tie_rng_;
  gate::Instant now_;
  std::uint64_t next_sequence_ = 0;
  std::uint64_t events_ = 0;
  std::vector<Entry> heap_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
  TraceHash trace_;
  std::unique_ptr<FiberPool> fibers_;  // last: fibers may use all of the above while they end
};

}  // namespace drill::sim
