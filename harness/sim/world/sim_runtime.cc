#include "harness/sim/world/sim_runtime.h"

#include <utility>

#include "harness/sim/world/fiber.h"

namespace drill::sim {
namespace {

class SimEvent : public gate::Event {
 public:
  explicit SimEvent(Process& process) : process_(process), gate_(process.world()) {}

  void Set() override { gate_.Set(); }
  gate::WaitResult Wait(const gate::Deadline& deadline) override {
    if (!process_.AtSeam("runtime.wait", Process::Moment::kBefore)) {
      return gate::WaitResult::kStopped;
    }
    const gate::WaitResult result = gate_.Wait(deadline);
    return process_.AtSeam("runtime.wait", Process::Moment::kAfter) ? result
                                                                    : gate::WaitResult::kStopped;
  }

 private:
  Process& process_;
  Gate gate_;
};

class FiberTask : public gate::Task {
 public:
  FiberTask(Process& process, std::function<void()> body)
      : process_(process), handle_(process.world().fibers().Start(process, std::move(body))) {}
  ~FiberTask() override { AwaitEnd(); }

  void Join() override {
    AwaitEnd();
    process_.AtSeam("runtime.join", Process::Moment::kAfter);
  }

 private:
  void AwaitEnd() { process_.world().fibers().Join(process_, *handle_); }

  Process& process_;
  const std::shared_ptr<FiberHandle> handle_;
};

}  // namespace

gate::WaitResult SimRuntime::Sleep(const gate::Deadline& deadline) {
  return SimEvent(process_).Wait(deadline);
}

std::unique_ptr<gate::Event> SimRuntime::NewEvent() { return std::make_unique<SimEvent>(process_); }

std::unique_ptr<gate::Task> SimRuntime::Spawn(std::string /*name*/, std::function<void()> body) {
  process_.AtSeam("runtime.spawn", Process::Moment::kBefore);
  return std::make_unique<FiberTask>(process_, std::move(body));
}

}  // namespace drill::sim
