#pragma once

#include <functional>
#include <memory>
#include <string>

#include "gate/base/time.h"
#include "gate/seams/deadline.h"

namespace gate {

enum class WaitResult {
  kElapsed,    // the deadline was reached
  kSignalled,  // Event::Set was called
  kStopped,    // a stop was requested through the deadline's token
};

// Something to wait for. Set() is remembered until one wait consumes it. Thread-safe.
class Event {
 public:
  virtual ~Event() = default;
  virtual void Set() = 0;
  virtual WaitResult Wait(const Deadline& deadline) = 0;
};

// A concurrent activity: a thread in production, a fiber in the simulator.
// Destruction waits for it to end.
class Task {
 public:
  virtual ~Task() = default;
  virtual void Join() = 0;
};

// Everything in the gate that looks at a clock, waits or runs concurrently does so through this.
// Production: threads and the system's clocks. Simulator: fibers and virtual time.
class Runtime {
 public:
  virtual ~Runtime() = default;

  virtual Instant Now() = 0;
  virtual WallTime WallNow() = 0;

  // Returns kElapsed at `deadline.at` (at once if that is past), or kStopped.
  virtual WaitResult Sleep(const Deadline& deadline) = 0;

  virtual std::unique_ptr<Event> NewEvent() = 0;
  virtual std::unique_ptr<Task> Spawn(std::string name, std::function<void()> body) = 0;
};

}  // namespace gate
