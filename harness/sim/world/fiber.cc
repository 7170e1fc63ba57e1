#include "harness/sim/world/fiber.h"

#include <cxxabi.h>

#include <algorithm>
#include <boost/context/fiber.hpp>
#include <boost/context/protected_fixedsize_stack.hpp>
#include <cstring>
#include <optional>
#include <stop_token>
#include <utility>

#include "gate/base/check.h"

#if defined(__SANITIZE_ADDRESS__)
#define DRILL_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define DRILL_ASAN 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define DRILL_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define DRILL_TSAN 1
#endif
#endif
#ifdef DRILL_ASAN
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef DRILL_TSAN
#include <sanitizer/tsan_interface.h>
#endif

namespace drill::sim {
namespace {

namespace context = boost::context;
using gate::WaitResult;

// The exceptions that are being thrown and handled belong to a stack, not to the thread: without
// exchanging them, a switch inside of a catch block would mix two fibers' exceptions. The layout is
// that of the Itanium C++ ABI, section 2.2.2.
struct ExceptionState {
  void* caught = nullptr;
  unsigned int uncaught = 0;
};

void Exchange(ExceptionState& state) {
  auto* mine = reinterpret_cast<ExceptionState*>(abi::__cxa_get_globals());
  std::swap(*mine, state);
}

// Tells the sanitizers which stack the thread is on.
class StackNote {
 public:
#ifdef DRILL_ASAN
  void Leave(const StackNote& next) {
    __sanitizer_start_switch_fiber(&fake_stack_, next.bottom_, next.size_);
  }
  void LeaveForGood(const StackNote& next) {
    __sanitizer_start_switch_fiber(nullptr, next.bottom_, next.size_);
  }
  // `previous` learns the bounds of the stack that was left, which only it can tell.
  void Enter(StackNote& previous) {
    __sanitizer_finish_switch_fiber(fake_stack_, &previous.bottom_, &previous.size_);
  }
  void SetBounds(const void* bottom, std::size_t size) {
    bottom_ = bottom;
    size_ = size;
  }

 private:
  void* fake_stack_ = nullptr;
  const void* bottom_ = nullptr;
  std::size_t size_ = 0;
#elif defined(DRILL_TSAN)
  void Leave(const StackNote& next) { __tsan_switch_to_fiber(next.fiber_, 0); }
  void LeaveForGood(const StackNote& next) { Leave(next); }
  void Enter(StackNote& /*previous*/) {}
  void SetBounds(const void* /*bottom*/, std::size_t /*size*/) {
    fiber_ = __tsan_create_fiber(0);
    owned_ = true;
  }
  void SetCurrent() { fiber_ = __tsan_get_current_fiber(); }
  StackNote() = default;
  StackNote(const StackNote&) = delete;
  StackNote& operator=(const StackNote&) = delete;
  ~StackNote() {
    if (owned_) __tsan_destroy_fiber(fiber_);
  }

 private:
  void* fiber_ = nullptr;
  bool owned_ = false;
#else
  void Leave(const StackNote& /*next*/) {}
  void LeaveForGood(const StackNote& /*next*/) {}
  void Enter(StackNote& /*previous*/) {}
  void SetBounds(const void* /*bottom*/, std::size_t /*size*/) {}
#endif
#ifndef DRILL_TSAN
 public:
  void SetCurrent() {}
#endif
};

}  // namespace

// Guarded stacks, used again: mapping one costs more than a whole fiber's work.
class FiberPool::StackPool {
 public:
  context::stack_context Take() {
    if (free_.empty()) {
      latest_ = context::protected_fixedsize_stack(kStackBytes).allocate();
    } else {
      latest_ = free_.back();
      free_.pop_back();
    }
    return latest_;
  }
  // The lowest usable byte of the stack that was taken last: above the guard page.
  const void* LatestBottom() const {
    return static_cast<const char*>(latest_.sp) - latest_.size + context::stack_traits::page_size();
  }
  std::size_t LatestSize() const { return latest_.size - context::stack_traits::page_size(); }
  void GiveBack(const context::stack_context& stack) { free_.push_back(stack); }

  ~StackPool() {
    for (context::stack_context& stack : free_) {
      context::protected_fixedsize_stack(kStackBytes).deallocate(stack);
    }
  }

  // As Boost.Context wants it: copied into the fiber's control block.
  struct Allocator {
    StackPool* pool;
    context::stack_context allocate() const { return pool->Take(); }
    void deallocate(context::stack_context& stack) const { pool->GiveBack(stack); }
  };

 private:
  context::stack_context latest_;
  std::vector<context::stack_context> free_;
};

// One fiber. It is in one of these states: not started, running, waiting (in a Gate's queue, or
// woken and about to go on), ended.
class Fiber {
 public:
  Fiber(Process& of, std::uint64_t serial, std::function<void()> what,
        std::shared_ptr<FiberHandle> outside)
      : process(of), number(serial), body(std::move(what)), handle(std::move(outside)) {}

  Process& process;
  const std::uint64_t number;
  std::function<void()> body;
  const std::shared_ptr<FiberHandle> handle;

  context::fiber self;    // where it goes on, while it does not run
  context::fiber caller;  // where its resumer goes on, while it runs
  bool started = false;
  bool ended = false;
  bool running = false;

  Gate* waiting_for = nullptr;
  World::Timer deadline;
  World::Timer go_on;  // its resumption is scheduled
  WaitResult woken = WaitResult::kElapsed;

  ExceptionState exceptions;
  StackNote stack;
  StackNote caller_stack;
};

Gate::~Gate() { GATE_CHECK(waiting_.empty()); }

void Gate::Set() {
  if (waiting_.empty()) {
    set_ = true;
    return;
  }
  world_.fibers().Wake(*waiting_.front(), WaitResult::kSignalled);
}

WaitResult Gate::Wait(const gate::Deadline& deadline) {
  if (std::exchange(set_, false)) return WaitResult::kSignalled;
  if (deadline.stop.stop_requested()) return WaitResult::kStopped;
  if (deadline.at <= world_.Now()) return WaitResult::kElapsed;
  return world_.fibers().Park(*this, deadline);
}

FiberPool::FiberPool(World& world) : world_(world), stacks_(std::make_unique<StackPool>()) {}

// The youngest first: who started it may be waiting for it.
FiberPool::~FiberPool() {
  GATE_CHECK(!InFiber());
  while (!fibers_.empty()) KillForProcess(*fibers_.rbegin()->second);
}

std::shared_ptr<FiberHandle> FiberPool::Start(Process& process, std::function<void()> body) {
  auto handle = std::make_shared<FiberHandle>(world_);
  if (process.killed()) {
    handle->over = true;
    return handle;
  }
  const std::uint64_t number = next_number_++;
  auto& owned = fibers_[number];
  owned = std::make_unique<Fiber>(process, number, std::move(body), handle);
  Fiber& fiber = *owned;
  by_process_[&process].push_back(&fiber);
  handle->fiber = &fiber;
  fiber.go_on = world_.At(world_.Now(), Rank::kProcess, [this, &fiber] { Resume(fiber); });
  return handle;
}

WaitResult FiberPool::Park(Gate& gate, const gate::Deadline& deadline) {
  GATE_CHECK(current_ != nullptr);
  Fiber& fiber = *current_;
  if (fiber.process.killed()) return WaitResult::kStopped;
  fiber.waiting_for = &gate;
  gate.waiting_.push_back(&fiber);
  if (deadline.at != gate::Instant::max()) {
    fiber.deadline = world_.At(deadline.at, Rank::kProcess,
                               [this, &fiber] { Wake(fiber, WaitResult::kElapsed); });
  }
  {
    const std::stop_callback on_stop(deadline.stop,
                                     [this, &fiber] { Wake(fiber, WaitResult::kStopped); });
    fiber.stack.Leave(fiber.caller_stack);
    fiber.caller = std::move(fiber.caller).resume();
    fiber.stack.Enter(fiber.caller_stack);
  }
  return fiber.woken;
}

void FiberPool::Wake(Fiber& fiber, WaitResult why) {
  if (fiber.waiting_for == nullptr) return;  // woken already
  auto& queue = fiber.waiting_for->waiting_;
  queue.erase(std::find(queue.begin(), queue.end(), &fiber));
  fiber.waiting_for = nullptr;
  fiber.woken = why;
  world_.Cancel(std::exchange(fiber.deadline, {}));
  fiber.go_on = world_.At(world_.Now(), Rank::kProcess, [this, &fiber] { Resume(fiber); });
}

// Runs the fiber until it waits again or ends. Also from within another fiber (a kill).
void FiberPool::Resume(Fiber& fiber) {
  Fiber* const before = std::exchange(current_, &fiber);
  fiber.go_on = {};
  fiber.running = true;
  if (!fiber.started) {
    fiber.started = true;
    fiber.self = context::fiber(std::allocator_arg, StackPool::Allocator{stacks_.get()},
                                [&fiber](context::fiber&& caller) {
                                  fiber.caller = std::move(caller);
                                  fiber.stack.Enter(fiber.caller_stack);
                                  try {
                                    std::exchange(fiber.body, nullptr)();
                                  } catch (const ProcessKilled&) {  // its end
                                  }
                                  fiber.ended = true;
                                  fiber.stack.LeaveForGood(fiber.caller_stack);
                                  return std::move(fiber.caller);
                                });
    fiber.stack.SetBounds(stacks_->LatestBottom(), stacks_->LatestSize());
  }
  fiber.caller_stack.SetCurrent();
  Exchange(fiber.exceptions);
  fiber.caller_stack.Leave(fiber.stack);
  fiber.self = std::move(fiber.self).resume();
  fiber.caller_stack.Enter(fiber.stack);
  Exchange(fiber.exceptions);
  fiber.running = false;
  current_ = before;
  if (fiber.ended) Finish(fiber);
}

void FiberPool::Finish(Fiber& fiber) {
  Process& process = fiber.process;
  const std::shared_ptr<FiberHandle> handle = fiber.handle;
  handle->over = true;
  handle->fiber = nullptr;
  const auto siblings = by_process_.find(&process);
  std::erase(siblings->second, &fiber);
  if (siblings->second.empty()) by_process_.erase(siblings);
  fibers_.erase(fibers_.find(fiber.number));
  handle->ended.Set();
  if (handle->on_over) handle->on_over();
  // One that ended because it was killed at a seam call has not ended the others yet: they may be
  // waiting for it. If it was ended by another one that is itself about to end, that one does it:
  // the others may be waiting for that.
  if (process.killed() && !IsAnyRunning(process)) KillAllOf(process);
}

bool FiberPool::IsAnyRunning(const Process& process) const {
  const auto found = by_process_.find(&process);
  return found != by_process_.end() &&
         std::any_of(found->second.begin(), found->second.end(),
                     [](const Fiber* fiber) { return fiber->running; });
}

void FiberPool::Kill(FiberHandle& handle) {
  if (handle.over || handle.fiber->running) return;
  Fiber& fiber = *handle.fiber;
  if (!fiber.started) {
    world_.Cancel(fiber.go_on);
    Finish(fiber);
    return;
  }
  Wake(fiber, WaitResult::kStopped);
  world_.Cancel(fiber.go_on);
  Resume(fiber);
  GATE_CHECK(handle.over);
}

void FiberPool::Join(Process& process, FiberHandle& handle) {
  while (!handle.over) {
    if (process.killed()) {
      Kill(handle);
    } else {
      handle.ended.Wait({gate::Instant::max()});
    }
  }
}

void FiberPool::KillForProcess(Fiber& fiber) {
  fiber.process.killed_ = true;
  const std::shared_ptr<FiberHandle> handle = fiber.handle;
  Kill(*handle);
}

// The youngest first: who started it may be waiting for it.
void FiberPool::KillAllOf(const Process& process) {
  for (;;) {
    const auto siblings = by_process_.find(&process);
    if (siblings == by_process_.end()) return;
    const auto found = std::find_if(siblings->second.rbegin(), siblings->second.rend(),
                                    [](const Fiber* fiber) { return !fiber->running; });
    if (found == siblings->second.rend()) return;
    KillForProcess(**found);
  }
}

}  // namespace drill::sim
