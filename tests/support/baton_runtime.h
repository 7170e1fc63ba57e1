#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gate/seams/runtime.h"

namespace test_support {

// A Runtime whose time passes only when everybody waits. Tasks are threads, but only the one that
// holds the baton runs; when it waits, the next one that can go on gets it, in the order in which
// they became ready; when none can, the clock jumps to the earliest deadline. So a test with many
// tasks is deterministic, and an hour takes no time.
//
// The thread that makes it takes part. If all wait without a deadline, the process ends with a
// message. A stop may be requested by the thread that holds the baton.
class BatonRuntime : public gate::Runtime {
 public:
  BatonRuntime();
  ~BatonRuntime() override;

  gate::Instant Now() override;
  gate::WallTime WallNow() override;
  gate::WaitResult Sleep(const gate::Deadline& deadline) override;
  std::unique_ptr<gate::Event> NewEvent() override;
  std::unique_ptr<gate::Task> Spawn(std::string name, std::function<void()> body) override;

  // Civil time at the runtime's start: 2026-03-01T12:00:00Z.
  static gate::WallTime StartOfTime();

 private:
  friend class BatonEvent;
  friend class BatonTask;
  struct Participant;

  // Gives the baton away until `ready` says so, the deadline is reached or a stop is requested.
  gate::WaitResult Park(const std::function<bool()>& ready, const gate::Deadline& deadline);
  void PassOn();
  bool CanGoOn(const Participant& participant) const;

  std::mutex mutex_;  // guards everything below
  gate::Instant now_;
  std::vector<Participant*> waiting_;  // in the order in which they began to wait
  Participant* holder_ = nullptr;
};

}  // namespace test_support
