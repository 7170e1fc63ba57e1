#include "harness/sim/kube/work_queue.h"

#include <algorithm>
#include <utility>

namespace drill::sim {

WorkQueue::WorkQueue(World& world, Reconcile reconcile)
    : world_(world), reconcile_(std::move(reconcile)) {}

void WorkQueue::AddAfter(const ObjectKey& key, gate::Nanos delay) {
  if (!running_) return;
  State& state = states_[key];
  const gate::Instant due = std::max(world_.Now() + delay, state.busy_until);
  if (state.waiting && state.due <= due) return;
  if (state.waiting) world_.Cancel(state.timer);
  state.waiting = true;
  state.due = due;
  state.timer = world_.At(due, Rank::kController, [this, key] { Work(key); });
}

void WorkQueue::Work(const ObjectKey& key) {
  states_[key].waiting = false;
  Ended(key, reconcile_(key));
}

void WorkQueue::Ended(const ObjectKey& key, const Outcome& outcome) {
  if (!running_) return;
  State& state = states_[key];
  // The reconcile may have added its own key: that comes after the time it took.
  state.busy_until = world_.Now() + outcome.busy;
  if (state.waiting && state.due < state.busy_until) {
    world_.Cancel(state.timer);
    state.waiting = false;
    AddAfter(key, outcome.busy);
  }
  if (outcome.kind == Outcome::Kind::kRetry) {
    constexpr int kMostDoublings = 30;
    const auto factor = std::int64_t{1} << std::min(state.failures, kMostDoublings);
    ++state.failures;
    AddAfter(key, std::min(longest_backoff, base_backoff * factor));
    return;
  }
  if (outcome.kind == Outcome::Kind::kUnderWay) return;
  state.failures = 0;
  if (outcome.again_after.count() > 0) AddAfter(key, outcome.again_after);
}

void WorkQueue::Stop() {
  running_ = false;
  for (auto& [key, state] : states_) {
    if (state.waiting) world_.Cancel(state.timer);
  }
  states_.clear();
}

void WorkQueue::Start() { running_ = true; }

}  // namespace drill::sim
