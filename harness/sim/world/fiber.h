#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "gate/seams/deadline.h"
#include "gate/seams/runtime.h"
#include "harness/sim/world/process.h"

namespace drill::sim {

class Fiber;

// A place where fibers wait to be signalled. A signal is remembered until one wait consumes it.
class Gate {
 public:
  explicit Gate(World& world) : world_(world) {}
  ~Gate();  // nobody may be waiting
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  // Wakes the fiber that has waited longest, or lets the next one pass.
  void Set();
  // As Event::Wait (gate/seams/runtime.h), for the fiber that runs now. In a killed process it
  // returns kStopped at once.
  gate::WaitResult Wait(const gate::Deadline& deadline);

 private:
  friend class FiberPool;
  World& world_;
  bool set_ = false;
  std::deque<Fiber*> waiting_;
};

// What is known of a fiber from outside.
struct FiberHandle {
  explicit FiberHandle(World& world) : ended(world) {}
  bool over = false;
  Gate ended;                     // set when it is over
  std::function<void()> on_over;  // called then, outside of the fiber; may be empty
  Fiber* fiber = nullptr;         // null once it is over
};

// All fibers of a world: their stacks, who runs, who waits for what.
class FiberPool {
 public:
  explicit FiberPool(World& world);
  ~FiberPool();  // ends all fibers as if their processes were killed
  FiberPool(const FiberPool&) = delete;
  FiberPool& operator=(const FiberPool&) = delete;

  // Starts `body` as a fiber of `process`, at the present time but after the caller.
  std::shared_ptr<FiberHandle> Start(Process& process, std::function<void()> body);

  // Ends the fiber now: wherever it waits, it sees its process killed and unwinds.
  void Kill(FiberHandle& handle);

  // Waits, in a fiber, until the other one is over; in a killed process ends it.
  void Join(Process& process, FiberHandle& handle);

  bool InFiber() const { return current_ != nullptr; }
  std::size_t alive() const { return fibers_.size(); }

  static constexpr std::size_t kStackBytes = std::size_t{256} << 10U;

 private:
  friend class Gate;
  friend class Process;
  class StackPool;

  gate::WaitResult Park(Gate& gate, const gate::Deadline& deadline);
  void Wake(Fiber& fiber, gate::WaitResult why);
  void Resume(Fiber& fiber);
  void KillAllOf(const Process& process);
  void KillForProcess(Fiber& fiber);
  bool IsAnyRunning(const Process& process) const;
  void Finish(Fiber& fiber);

  World& world_;
  std::unique_ptr<StackPool> stacks_;
  std::uint64_t next_number_ = 0;
  std::map<std::uint64_t, std::unique_ptr<Fiber>> fibers_;  // in the order of their start
  // The same by process, so that the end of one takes as long however many others there are.
  std::unordered_map<const Process*, std::vector<Fiber*>> by_process_;
  Fiber* current_ = nullptr;
};

}  // namespace drill::sim
