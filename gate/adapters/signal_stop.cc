#include "gate/adapters/signal_stop.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "gate/base/check.h"

namespace gate {
namespace {

constexpr unsigned char kEndOfWatch = 0;  // no signal has this number

// A signal handler can reach nothing but globals; SignalStop is their only writer.
std::atomic<int> handler_pipe = -1;
std::atomic<bool> stop_begun = false;
std::atomic<int> handlers_running = 0;
struct sigaction former_term;
struct sigaction former_int;

static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

// Calls only what signal-safety(7) allows.
void OnSignal(int signal) {
  const int saved_errno = errno;
  ++handlers_running;
  if (stop_begun.exchange(true)) {
    if (signal == SIGINT) {
      ::signal(SIGINT, SIG_DFL);
      raise(SIGINT);  // blocked while this handler runs: takes effect when it returns
    }
  } else {
    const auto number = static_cast<unsigned char>(signal);
    // Cannot fail: the pipe is empty.
    [[maybe_unused]] const ssize_t written = write(handler_pipe.load(), &number, 1);
  }
  --handlers_running;
  errno = saved_errno;
}

void Install(int signal, struct sigaction& former) {
  struct sigaction action = {};
  action.sa_handler = OnSignal;
  action.sa_flags = SA_RESTART;  // libraries need not expect EINTR
  sigemptyset(&action.sa_mask);
  GATE_CHECK(sigaction(signal, &action, &former) == 0);
}

}  // namespace

SignalStop::SignalStop() {
  GATE_CHECK(handler_pipe.load() == -1);
  GATE_CHECK(pipe2(pipe_, O_CLOEXEC) == 0);
  handler_pipe = pipe_[1];
  stop_begun = false;
  watcher_ = std::thread([this] { Watch(); });
  Install(SIGTERM, former_term);
  Install(SIGINT, former_int);
}

SignalStop::~SignalStop() {
  sigaction(SIGTERM, &former_term, nullptr);
  sigaction(SIGINT, &former_int, nullptr);
  GATE_CHECK(write(pipe_[1], &kEndOfWatch, 1) == 1);
  watcher_.join();
  // A handler may still be about to write on another thread; it takes a moment, without waiting.
  while (handlers_running.load() > 0) std::this_thread::yield();
  handler_pipe = -1;
  close(pipe_[0]);
  close(pipe_[1]);
}

// request_stop() runs callbacks, which no signal handler may; hence this thread.
void SignalStop::Watch() {
  for (;;) {
    unsigned char number = kEndOfWatch;
    const ssize_t count = read(pipe_[0], &number, 1);
    if (count < 0 && errno == EINTR) continue;
    GATE_CHECK(count == 1);
    if (number == kEndOfWatch) return;
    signal_ = number;
    source_.request_stop();
  }
}

}  // namespace gate
