#include "harness/sim/world/world.h"

#include <algorithm>
#include <utility>

#include "gate/base/check.h"
#include "harness/sim/world/fiber.h"

namespace drill::sim {

World::World(const Options& options)
    : epoch_(options.epoch),
      root_(options.seed),
      ties_(options.ties),
      tie_rng_(root_.Fork("ties")),
      fibers_(std::make_unique<FiberPool>(*this)) {}

World::~World() {
  // What is scheduled may own processes, whose fibers need the pool to end.
  heap_.clear();
  slots_.clear();
}

bool World::Later(const Entry& a, const Entry& b) {
  if (a.at != b.at) return a.at > b.at;
  if (a.rank != b.rank) return a.rank > b.rank;
  if (a.tie != b.tie) return a.tie > b.tie;
  return a.sequence > b.sequence;
}

World::Timer World::At(gate::Instant at, Rank rank, Handler handler) {
  Timer timer;
  if (free_slots_.empty()) {
    timer.slot = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    timer.slot = free_slots_.back();
    free_slots_.pop_back();
  }
  Slot& slot = slots_[timer.slot];
  slot.handler = std::move(handler);
  timer.generation = slot.generation;
  const std::uint32_t tie =
      ties_ == Options::Ties::kDrawn ? static_cast<std::uint32_t>(tie_rng_.Next() >> 32U) : 0;
  heap_.push_back({std::max(at, now_), rank, tie, next_sequence_++, timer});
  std::push_heap(heap_.begin(), heap_.end(), Later);
  return timer;
}

// Takes the handler out, if it is still there, and frees the slot.
World::Handler World::Release(Timer timer) {
  Slot& slot = slots_[timer.slot];
  if (slot.generation != timer.generation) return nullptr;
  ++slot.generation;
  free_slots_.push_back(timer.slot);
  return std::exchange(slot.handler, nullptr);
}

void World::Cancel(Timer timer) {
  // Its place in the heap stays until its time comes.
  if (timer.generation != 0) Release(timer);
}

World::Ended World::Run(gate::Instant until, const std::function<bool()>& done,
                        std::uint64_t most_events) {
  GATE_CHECK(!fibers_->InFiber());
  const std::uint64_t last = events_ + most_events;
  for (;;) {
    if (done && done()) return Ended::kDone;
    if (heap_.empty()) return Ended::kIdle;
    const Entry next = heap_.front();
    if (slots_[next.timer.slot].generation != next.timer.generation) {  // cancelled
      std::pop_heap(heap_.begin(), heap_.end(), Later);
      heap_.pop_back();
      continue;
    }
    if (next.at > until) {
      now_ = std::max(now_, until);
      return Ended::kTime;
    }
    if (events_ == last) return Ended::kTooMany;
    std::pop_heap(heap_.begin(), heap_.end(), Later);
    heap_.pop_back();
    now_ = next.at;
    ++events_;
    Release(next.timer)();
  }
}

}  // namespace drill::sim
