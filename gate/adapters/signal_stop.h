#pragma once

#include <atomic>
#include <stop_token>
#include <thread>

namespace gate {

// Turns SIGTERM and SIGINT into a stop request, for main():
//
//   SignalStop stop;
//   Serve(stop.token());
//   return stop.signal() == 0 ? 0 : 128 + stop.signal();
//
// The first signal of either kind requests the stop. A SIGINT after that ends the process at once,
// as SIGINT does by default: whoever presses Ctrl-C twice means it. At most one SignalStop exists
// at a time (checked); the earlier signal handlers are back after its destruction. Programs started
// meanwhile inherit the default handling.
class SignalStop {
 public:
  SignalStop();
  ~SignalStop();
  SignalStop(const SignalStop&) = delete;
  SignalStop& operator=(const SignalStop&) = delete;

  std::stop_token token() const { return source_.get_token(); }

  // The signal that requested the stop, 0 if none has.
  int signal() const { return signal_.load(); }

 private:
  void Watch();

  std::stop_source source_;
  std::atomic<int> signal_ = 0;
  int pipe_[2] = {-1, -1};  // signal numbers from the handler to the watching thread
  std::thread watcher_;
};

}  // namespace gate
