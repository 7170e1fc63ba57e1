#include "gate/adapters/system_runtime.h"

#include <pthread.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "gate/adapters/steady_instant.h"

namespace gate {
namespace {

class SystemEvent : public Event {
 public:
  void Set() override {
    {
      const std::lock_guard lock(mutex_);
      set_ = true;
    }
    changed_.notify_one();
  }

  WaitResult Wait(const Deadline& deadline) override {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, deadline.stop, ToSteady(deadline.at), [this] { return set_; });
    if (std::exchange(set_, false)) return WaitResult::kSignalled;
    return deadline.stop.stop_requested() ? WaitResult::kStopped : WaitResult::kElapsed;
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;  // "any": the kind that a stop_token can wake
  bool set_ = false;
};

class ThreadTask final : public Task {
 public:
  ThreadTask(const std::string& name, std::function<void()> body)
      : thread_([name = name.substr(0, 15), body = std::move(body)] {
          pthread_setname_np(pthread_self(), name.c_str());
          body();
        }) {}
  ~ThreadTask() override { Join(); }

  void Join() override {
    if (thread_.joinable()) thread_.join();
  }

 private:
  std::thread thread_;
};

}  // namespace

Instant SystemRuntime::Now() { return SteadyNow(); }

WallTime SystemRuntime::WallNow() {
  return std::chrono::time_point_cast<Nanos>(std::chrono::system_clock::now());
}

WaitResult SystemRuntime::Sleep(const Deadline& deadline) { return SystemEvent().Wait(deadline); }

std::unique_ptr<Event> SystemRuntime::NewEvent() { return std::make_unique<SystemEvent>(); }

std::unique_ptr<Task> SystemRuntime::Spawn(std::string name, std::function<void()> body) {
  return std::make_unique<ThreadTask>(name, std::move(body));
}

}  // namespace gate
