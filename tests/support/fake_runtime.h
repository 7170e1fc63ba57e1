#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gate/seams/runtime.h"

namespace gate {

// A Runtime without threads, in virtual time: a Sleep or Wait returns at once, with the clock at
// its deadline. What is to happen meanwhile is scheduled with At or After and runs inside the call
// that passes its time; a Set or a stop request from there ends the wait at that time.
//
// A spawned task runs, to its end, within the next Sleep, Wait or Join of whoever waits first.
// Tasks that wait for each other need the simulator instead. For one thread.
class FakeRuntime : public Runtime {
 public:
  FakeRuntime();

  Instant Now() override { return now_; }
  WallTime WallNow() override { return wall_start_ + (now_ - start_); }
  WaitResult Sleep(const Deadline& deadline) override;
  std::unique_ptr<Event> NewEvent() override;
  std::unique_ptr<Task> Spawn(std::string name, std::function<void()> body) override;

  void At(Instant at, std::function<void()> action) { actions_.emplace(at, std::move(action)); }
  void After(Nanos delay, std::function<void()> action) { At(now_ + delay, std::move(action)); }

  // Lets time pass as a Sleep does, without being recorded as one.
  void Advance(Nanos duration);

  // How long each finished Sleep took.
  const std::vector<Nanos>& sleeps() const { return sleeps_; }

  // "now + duration", for calls under test.
  Deadline In(Nanos duration, std::stop_token stop = {}) const { return {now_ + duration, stop}; }

 private:
  friend class FakeEvent;
  struct Pending;
  class PendingTask;

  // Waits until `signalled`, a stop or the deadline.
  WaitResult WaitUntil(const Deadline& deadline, const std::function<bool()>& signalled);
  void RunPending();

  const Instant start_;
  const WallTime wall_start_;
  Instant now_;
  std::multimap<Instant, std::function<void()>> actions_;
  std::deque<std::shared_ptr<Pending>> pending_;
  std::vector<Nanos> sleeps_;
};

}  // namespace gate
