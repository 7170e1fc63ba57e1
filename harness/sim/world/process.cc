#include "harness/sim/world/process.h"

#include <exception>
#include <utility>

#include "harness/sim/world/fiber.h"

namespace drill::sim {

Process::Process(World& world, std::string name, gate::Nanos clock_skew)
    : world_(world), name_(std::move(name)), clock_skew_(clock_skew) {}

Process::~Process() { Kill(); }

void Process::Kill() {
  killed_ = true;
  world_.fibers().KillAllOf(*this);
}

bool Process::AtSeam(std::string_view call, Moment moment) {
  if (!killed_ && on_seam && on_seam(seam_calls_++, call, moment)) killed_ = true;
  if (!killed_) return true;
  if (std::uncaught_exceptions() > 0) return false;
  throw ProcessKilled();  // the others end when this fiber has (FiberPool::Finish)
}

}  // namespace drill::sim
