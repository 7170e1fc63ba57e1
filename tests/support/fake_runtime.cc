#include "tests/support/fake_runtime.h"

#include <algorithm>
#include <utility>

namespace gate {

struct FakeRuntime::Pending {
  std::function<void()> body;
  bool started = false;

  void Run() {
    if (!std::exchange(started, true)) body();
  }
};

class FakeRuntime::PendingTask final : public Task {
 public:
  explicit PendingTask(std::shared_ptr<Pending> pending) : pending_(std::move(pending)) {}
  ~PendingTask() override { Join(); }
  void Join() override { pending_->Run(); }

 private:
  std::shared_ptr<Pending> pending_;
};

class FakeEvent : public Event {
 public:
  explicit FakeEvent(FakeRuntime& runtime) : runtime_(runtime) {}

  void Set() override { set_ = true; }
  WaitResult Wait(const Deadline& deadline) override {
    const WaitResult result = runtime_.WaitUntil(deadline, [this] { return set_; });
    if (result == WaitResult::kSignalled) set_ = false;
    return result;
  }

 private:
  FakeRuntime& runtime_;
  bool set_ = false;
};

FakeRuntime::FakeRuntime()
    : start_(std::chrono::hours(1)),
      wall_start_(std::chrono::sys_days(std::chrono::year(2026) / 1 / 2) + std::chrono::hours(3)),
      now_(start_) {}

WaitResult FakeRuntime::Sleep(const Deadline& deadline) {
  const Instant begin = now_;
  const WaitResult result = WaitUntil(deadline, [] { return false; });
  sleeps_.push_back(now_ - begin);
  return result;
}

std::unique_ptr<Event> FakeRuntime::NewEvent() { return std::make_unique<FakeEvent>(*this); }

std::unique_ptr<Task> FakeRuntime::Spawn(std::string /*name*/, std::function<void()> body) {
  pending_.push_back(std::make_shared<Pending>(Pending{std::move(body)}));
  return std::make_unique<PendingTask>(pending_.back());
}

void FakeRuntime::Advance(Nanos duration) {
  WaitUntil({now_ + duration}, [] { return false; });
}

void FakeRuntime::RunPending() {
  while (!pending_.empty()) {
    const auto next = std::move(pending_.front());
    pending_.pop_front();
    next->Run();
  }
}

WaitResult FakeRuntime::WaitUntil(const Deadline& deadline,
                                  const std::function<bool()>& signalled) {
  for (;;) {
    RunPending();
    if (signalled()) return WaitResult::kSignalled;
    if (deadline.stop.stop_requested()) return WaitResult::kStopped;
    const auto next = actions_.begin();
    if (next == actions_.end() || next->first > deadline.at) {
      GATE_CHECK(deadline.at != Instant::max());  // nothing would ever end this wait
      now_ = std::max(now_, deadline.at);
      return WaitResult::kElapsed;
    }
    now_ = std::max(now_, next->first);
    const auto action = std::move(next->second);
    actions_.erase(next);
    action();
  }
}

}  // namespace gate
