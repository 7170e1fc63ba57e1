#include "gate/adapters/system_process_runner.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <stop_token>
#include <string_view>

#include "gate/base/check.h"

// Why not Boost.Process: docs/adr/0003.

namespace gate {
namespace {

// From SIGTERM to SIGKILL.
constexpr Nanos kTermGrace = std::chrono::seconds(3);
// From the child's end to giving up on a grandchild that still holds its output open.
constexpr Nanos kDrainGrace = std::chrono::seconds(1);

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() { Close(); }

  void Close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  int get() const { return fd_; }
  bool open() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

Error SystemError(std::string_view what) {
  return {ErrorCode::kUnavailable, std::string(what) + ": " + std::strerror(errno)};
}

// By hand: glibc 2.36 declares pidfd_open without C linkage.
Fd OpenPidFd(pid_t pid) { return Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))); }

struct Pipe {
  Fd read;
  Fd write;
};

Result<Pipe> MakePipe() {
  std::array<int, 2> fds{};
  if (::pipe2(fds.data(), O_CLOEXEC) != 0) return SystemError("making a pipe");
  return Pipe{Fd(fds[0]), Fd(fds[1])};
}

// An anonymous file and not a pipe: the child may ignore its input without anybody blocking.
Result<Fd> InputFile(std::string_view input) {
  if (input.empty()) {
    Fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!null.open()) return SystemError("opening /dev/null");
    return null;
  }
  Fd file(::memfd_create("input", MFD_CLOEXEC));
  if (!file.open()) return SystemError("making the input file");
  while (!input.empty()) {
    const ssize_t written = ::write(file.get(), input.data(), input.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return SystemError("writing the input file");
    input.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::lseek(file.get(), 0, SEEK_SET) != 0) return SystemError("rewinding the input file");
  return file;
}

std::vector<std::string> MergedEnvironment(
    const std::vector<std::pair<std::string, std::string>>& added) {
  std::vector<std::string> merged;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::string_view name = text.substr(0, text.find('='));
    const bool replaced = std::any_of(added.begin(), added.end(),
                                      [&](const auto& pair) { return pair.first == name; });
    if (!replaced) merged.emplace_back(text);
  }
  for (const auto& [name, value] : added) merged.push_back(name + "=" + value);
  return merged;
}

std::vector<char*> PointersTo(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

Error SpawnError(const std::string& program, int error) {
  if (error == ENOENT) {
    const bool by_path = program.find('/') != std::string::npos;
    return {ErrorCode::kNotFound, program + (by_path ? " does not exist" : " is not on PATH")};
  }
  const ErrorCode code = error == EACCES ? ErrorCode::kPermissionDenied : ErrorCode::kUnavailable;
  return {code, "starting " + program + ": " + std::strerror(error)};
}

struct ChildStreams {
  int in;
  int out;
  int err;
};

Result<pid_t> Spawn(const ProcessRequest& request, const ChildStreams& streams) {
  std::vector<std::string> arguments = request.argv;
  std::vector<std::string> environment = MergedEnvironment(request.environment);
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  GATE_CHECK(::posix_spawn_file_actions_init(&actions) == 0);
  GATE_CHECK(::posix_spawnattr_init(&attributes) == 0);
  int error = ::posix_spawn_file_actions_adddup2(&actions, streams.in, STDIN_FILENO);
  if (error == 0) error = ::posix_spawn_file_actions_adddup2(&actions, streams.out, STDOUT_FILENO);
  if (error == 0) error = ::posix_spawn_file_actions_adddup2(&actions, streams.err, STDERR_FILENO);
  // What libraries opened without close-on-exec: Asio accepts connections so.
  if (error == 0) error = ::posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(
      &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t pid = -1;
  if (error == 0) {
    error = ::posix_spawnp(&pid, arguments.front().c_str(), &actions, &attributes,
                           PointersTo(arguments).data(), PointersTo(environment).data());
  }
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return SpawnError(request.argv.front(), error);
  return pid;
}

// Reads what is there. Closes `fd` at the end of the stream.
void ReadSome(Fd& fd, std::string& text, std::size_t limit) {
  std::array<char, 16384> buffer{};
  const ssize_t count = ::read(fd.get(), buffer.data(), buffer.size());
  if (count < 0 && errno == EINTR) return;
  if (count <= 0) {
    fd.Close();
    return;
  }
  const std::size_t room = limit - std::min(limit, text.size());
  text.append(buffer.data(), std::min(room, static_cast<std::size_t>(count)));
}

// One running child, from its start until it is reaped.
class Child {
 public:
  static Result<Child> Start(const ProcessRequest& request);

  // Returns when the child has ended, its output is read, and nothing of its group is left.
  Result<ProcessOutput> Wait(Runtime& runtime, const Deadline& deadline,
                             const ProcessRequest& request);

 private:
  void Poll(Instant until, Runtime& runtime, std::size_t limit);
  void SignalGroup(int signal) const { ::kill(-pid_, signal); }
  Result<ProcessOutput> Reap(const ProcessRequest& request);
  bool Drained() const { return !out_.open() && !err_.open(); }

  pid_t pid_ = -1;
  Fd process_;  // readable once the child has ended
  Fd stop_;     // readable once a stop was requested
  Fd out_;
  Fd err_;
  bool ended_ = false;
  bool stop_seen_ = false;
  ProcessOutput output_;
};

Result<Child> Child::Start(const ProcessRequest& request) {
  auto in = InputFile(request.input);
  if (!in) return std::move(in).error();
  auto out = MakePipe();
  if (!out) return std::move(out).error();
  auto err = MakePipe();
  if (!err) return std::move(err).error();
  Fd stop(::eventfd(0, EFD_CLOEXEC));
  if (!stop.open()) return SystemError("making an event descriptor");
  auto pid = Spawn(request, {in->get(), out->write.get(), err->write.get()});
  if (!pid) return std::move(pid).error();
  Child child;
  child.pid_ = *pid;
  child.process_ = OpenPidFd(*pid);
  child.stop_ = std::move(stop);
  child.out_ = std::move(out->read);
  child.err_ = std::move(err->read);
  if (!child.process_.open()) {
    const Error error = SystemError("watching the child process");
    child.SignalGroup(SIGKILL);
    ::waitpid(*pid, nullptr, 0);
    return error;
  }
  return child;
}

// Waits for the first thing to happen, at most until `until`.
void Child::Poll(Instant until, Runtime& runtime, std::size_t limit) {
  // Entries with a negative descriptor are ignored by poll().
  std::array<pollfd, 4> entries{pollfd{out_.get(), POLLIN, 0}, pollfd{err_.get(), POLLIN, 0},
                                pollfd{ended_ ? -1 : process_.get(), POLLIN, 0},
                                pollfd{stop_seen_ ? -1 : stop_.get(), POLLIN, 0}};
  constexpr Nanos kLongest = std::chrono::minutes(1);  // keeps the milliseconds within an int
  const Nanos remaining = std::clamp(until - runtime.Now(), Nanos(0), kLongest);
  const auto millis = std::chrono::ceil<std::chrono::milliseconds>(remaining).count();
  if (::poll(entries.data(), entries.size(), static_cast<int>(millis)) <= 0) return;
  if (entries[0].revents != 0) ReadSome(out_, output_.out, limit);
  if (entries[1].revents != 0) ReadSome(err_, output_.err, limit);
  if (entries[2].revents != 0) ended_ = true;
  if (entries[3].revents != 0) stop_seen_ = true;
}

Result<ProcessOutput> Child::Reap(const ProcessRequest& request) {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status)) {
    return Error{ErrorCode::kUnavailable,
                 CommandText(request) + " was ended by signal " + std::to_string(WTERMSIG(status))};
  }
  output_.exit_code = WEXITSTATUS(status);
  return std::move(output_);
}

Result<ProcessOutput> Child::Wait(Runtime& runtime, const Deadline& deadline,
                                  const ProcessRequest& request) {
  const std::stop_callback on_stop(deadline.stop, [this] { ::eventfd_write(stop_.get(), 1); });
  std::optional<Error> broken_off;
  Instant until = deadline.at;
  while (!ended_) {
    Poll(until, runtime, request.output_limit);
    const bool due = runtime.Now() >= until || (stop_seen_ && !broken_off);
    if (ended_ || !due) continue;
    if (broken_off) {
      SignalGroup(SIGKILL);
      until += kTermGrace;
      continue;
    }
    broken_off = stop_seen_ ? Error{ErrorCode::kCancelled, CommandText(request) + " was stopped"}
                            : Error{ErrorCode::kDeadlineExceeded,
                                    CommandText(request) + " did not finish in time"};
    SignalGroup(SIGTERM);
    until = runtime.Now() + kTermGrace;
  }
  const Instant drained_by = runtime.Now() + kDrainGrace;
  while (!Drained() && runtime.Now() < drained_by) {
    Poll(drained_by, runtime, request.output_limit);
  }
  // The group's id cannot be reused before its leader is reaped.
  if (broken_off) SignalGroup(SIGKILL);
  if (broken_off) {
    const std::string said = OutputTail(output_.err);
    if (!said.empty()) broken_off->message += "; it said: " + said;
  }
  auto output = Reap(request);
  if (broken_off) return *std::move(broken_off);
  return output;
}

}  // namespace

Result<ProcessOutput> SystemProcessRunner::Run(const ProcessRequest& request,
                                               const Deadline& deadline) {
  GATE_CHECK(!request.argv.empty());
  if (deadline.stop.stop_requested()) {
    return Error{ErrorCode::kCancelled, CommandText(request) + " was not started"};
  }
  auto child = Child::Start(request);
  if (!child) return std::move(child).error();
  return child->Wait(runtime_, deadline, request);
}

}  // namespace gate
