#pragma once

#include <functional>
#include <memory>
#include <string>

#include "gate/seams/runtime.h"

namespace gate {

// The Runtime of production: threads, condition variables, the steady clock for Now and the system
// clock for WallNow. Thread-safe.
//
// If a wait could end for several reasons, a signal is reported before a stop, and a stop before
// the deadline. A thread that cannot be created ends the process. The first 15 characters of a
// task's name are the thread's name.
class SystemRuntime : public Runtime {
 public:
  Instant Now() override;
  WallTime WallNow() override;
  WaitResult Sleep(const Deadline& deadline) override;
  std::unique_ptr<Event> NewEvent() override;
  std::unique_ptr<Task> Spawn(std::string name, std::function<void()> body) override;
};

}  // namespace gate
