#include "tests/support/baton_runtime.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <utility>

#include "gate/base/check.h"

namespace test_support {

using gate::Deadline;
using gate::Instant;
using gate::WaitResult;

struct BatonRuntime::Participant {
  std::function<bool()> ready;
  Deadline deadline;
  std::condition_variable turn;
};

class BatonEvent : public gate::Event {
 public:
  explicit BatonEvent(BatonRuntime& runtime) : runtime_(runtime) {}

  void Set() override {
    const std::lock_guard lock(runtime_.mutex_);
    set_ = true;
  }

  WaitResult Wait(const Deadline& deadline) override {
    const WaitResult result = runtime_.Park([this] { return set_; }, deadline);
    if (result == WaitResult::kSignalled) {
      const std::lock_guard lock(runtime_.mutex_);
      set_ = false;
    }
    return result;
  }

 private:
  BatonRuntime& runtime_;
  bool set_ = false;
};

class BatonTask final : public gate::Task {
 public:
  BatonTask(BatonRuntime& runtime, std::function<void()> body) : runtime_(runtime) {
    // Ready from the start: it runs once somebody else waits.
    auto participant = std::make_unique<BatonRuntime::Participant>();
    participant->ready = [] { return true; };
    participant->deadline.at = Instant::max();
    {
      const std::lock_guard lock(runtime_.mutex_);
      runtime_.waiting_.push_back(participant.get());
    }
    thread_ = std::thread([this, participant = std::move(participant), body = std::move(body)] {
      {
        std::unique_lock lock(runtime_.mutex_);
        participant->turn.wait(lock, [&] { return runtime_.holder_ == participant.get(); });
      }
      body();
      const std::lock_guard lock(runtime_.mutex_);
      done_ = true;
      runtime_.PassOn();
    });
  }
  ~BatonTask() override { Join(); }

  void Join() override {
    if (!thread_.joinable()) return;
    const WaitResult result = runtime_.Park([this] { return done_; }, Deadline{Instant::max()});
    GATE_CHECK(result == WaitResult::kSignalled);
    thread_.join();
  }

 private:
  BatonRuntime& runtime_;
  bool done_ = false;  // guarded by the runtime's mutex
  std::thread thread_;
};

BatonRuntime::BatonRuntime() = default;

BatonRuntime::~BatonRuntime() { GATE_CHECK(waiting_.empty()); }

gate::WallTime BatonRuntime::StartOfTime() {
  return gate::WallTime(std::chrono::sys_days(std::chrono::year(2026) / 3 / 1)) +
         std::chrono::hours(12);
}

Instant BatonRuntime::Now() {
  const std::lock_guard lock(mutex_);
  return now_;
}

gate::WallTime BatonRuntime::WallNow() { return StartOfTime() + Now().time_since_epoch(); }

WaitResult BatonRuntime::Sleep(const Deadline& deadline) {
  return Park([] { return false; }, deadline);
}

std::unique_ptr<gate::Event> BatonRuntime::NewEvent() {
  return std::make_unique<BatonEvent>(*this);
}

std::unique_ptr<gate::Task> BatonRuntime::Spawn(std::string /*name*/, std::function<void()> body) {
  return std::make_unique<BatonTask>(*this, std::move(body));
}

bool BatonRuntime::CanGoOn(const Participant& participant) const {
  return participant.ready() || participant.deadline.stop.stop_requested() ||
         participant.deadline.at <= now_;
}

// With the mutex held: picks who runs next, and lets time pass if nobody can.
void BatonRuntime::PassOn() {
  holder_ = nullptr;
  if (waiting_.empty()) return;
  auto next = std::find_if(waiting_.begin(), waiting_.end(),
                           [&](const Participant* each) { return CanGoOn(*each); });
  if (next == waiting_.end()) {
    next = std::min_element(
        waiting_.begin(), waiting_.end(),
        [](const Participant* a, const Participant* b) { return a->deadline.at < b->deadline.at; });
    if ((*next)->deadline.at == Instant::max()) {
      std::fputs("BatonRuntime: everybody waits, and for ever\n", stderr);
      std::abort();
    }
    now_ = (*next)->deadline.at;
  }
  holder_ = *next;
  waiting_.erase(next);
  holder_->turn.notify_one();
}

WaitResult BatonRuntime::Park(const std::function<bool()>& ready, const Deadline& deadline) {
  Participant self;
  self.ready = ready;
  self.deadline = deadline;
  std::unique_lock lock(mutex_);
  waiting_.push_back(&self);
  PassOn();
  self.turn.wait(lock, [&] { return holder_ == &self; });
  if (ready()) return WaitResult::kSignalled;
  return deadline.stop.stop_requested() ? WaitResult::kStopped : WaitResult::kElapsed;
}

}  // namespace test_support
