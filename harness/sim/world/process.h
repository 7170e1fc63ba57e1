#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "gate/base/time.h"
#include "harness/sim/world/world.h"

namespace drill::sim {

// Thrown through the fibers of a process that is killed, from the seam call they are in. It is no
// std::exception: whoever handles errors does not handle this.
struct ProcessKilled {};

// Some fibers that live and die together, with a clock that may be wrong: a program in a container,
// or the harness itself.
class Process {
 public:
  Process(World& world, std::string name, gate::Nanos clock_skew = gate::Nanos(0));
  ~Process();  // kills it
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  World& world() { return world_; }
  const std::string& name() const { return name_; }
  gate::Nanos clock_skew() const { return clock_skew_; }
  void SetClockSkew(gate::Nanos skew) { clock_skew_ = skew; }
  bool killed() const { return killed_; }

  // Ends all its fibers at once, wherever they wait, without another seam call; one that runs now
  // ends at its next seam call. Nothing that they still try has an effect.
  void Kill();

  // Every call to a seam begins and ends with this, so that a process can be killed at each of them
  // (before or after it took effect). `call` names it: "kube.patch". Throws ProcessKilled if the
  // process is killed; while that unwinds (a destructor calls a seam) it returns false: the caller
  // must then return some error without doing anything.
  enum class Moment { kBefore, kAfter };
  bool AtSeam(std::string_view call, Moment moment);

  // Called at each of these moments with their running number; returns true to kill the process.
  std::function<bool(std::uint64_t number, std::string_view call, Moment moment)> on_seam;

 private:
  friend class FiberPool;
  World& world_;
  const std::string name_;
  gate::Nanos clock_skew_;
  bool killed_ = false;
  std::uint64_t seam_calls_ = 0;
};

}  // namespace drill::sim
