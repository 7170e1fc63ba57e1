#pragma once

#include <memory>
#include <string>

#include "gate/seams/runtime.h"
#include "harness/sim/world/process.h"

namespace drill::sim {

// The Runtime of one process: its tasks are fibers, its time is the world's, its civil clock may be
// skewed. Waiting is allowed in fibers only.
class SimRuntime : public gate::Runtime {
 public:
  explicit SimRuntime(Process& process) : process_(process) {}

  gate::Instant Now() override { return process_.world().Now(); }
  gate::WallTime WallNow() override { return process_.world().WallNow() + process_.clock_skew(); }
  gate::WaitResult Sleep(const gate::Deadline& deadline) override;
  std::unique_ptr<gate::Event> NewEvent() override;
  std::unique_ptr<gate::Task> Spawn(std::string name, std::function<void()> body) override;

 private:
  Process& process_;
};

}  // namespace drill::sim
