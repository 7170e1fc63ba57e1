#include "tests/support/program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "gate/base/check.h"

namespace test_support {
namespace {

// In the child, between fork and exec.
[[noreturn]] void BecomeProgram(const ProgramSpec& spec, char* const* argv, int out, int err) {
  constexpr int kNotStarted = 127;  // as a shell has it
  if (::dup2(out, STDOUT_FILENO) < 0 || ::dup2(err, STDERR_FILENO) < 0) ::_exit(kNotStarted);
  if (!spec.folder.empty() && ::chdir(spec.folder.c_str()) != 0) ::_exit(kNotStarted);
  for (const auto& [name, value] : spec.environment) {
    if (::setenv(name.c_str(), value.c_str(), 1) != 0) ::_exit(kNotStarted);
  }
  ::execv(argv[0], argv);
  ::_exit(kNotStarted);
}

// Adds what can be read from `file` now; false at its end.
bool ReadSome(int file, std::string& text) {
  std::array<char, 4096> buffer{};
  const ssize_t count = ::read(file, buffer.data(), buffer.size());
  if (count < 0) return errno == EINTR;
  text.append(buffer.data(), static_cast<std::size_t>(count));
  return count > 0;
}

}  // namespace

Program::Program(const ProgramSpec& spec) {
  std::array<int, 2> out{};
  std::array<int, 2> err{};
  GATE_CHECK(::pipe2(out.data(), O_CLOEXEC) == 0 && ::pipe2(err.data(), O_CLOEXEC) == 0);
  std::vector<std::string> arguments = spec.argv;
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  pid_ = ::fork();
  GATE_CHECK(pid_ >= 0);
  if (pid_ == 0) BecomeProgram(spec, argv.data(), out[1], err[1]);
  ::close(out[1]);
  ::close(err[1]);
  out_ = out[0];
  err_ = err[0];
}

Program::~Program() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ::close(out_);
  ::close(err_);
}

std::string Program::ReadLine() {
  std::string line;
  char c = 0;
  while (!line.ends_with('\n') && ::read(out_, &c, 1) == 1) line += c;
  return line;
}

void Program::Signal(int signal) const { ::kill(pid_, signal); }

ProgramOutcome Program::Wait() {
  ProgramOutcome outcome;
  // Both at once: a program that waits for a reader of the one would never end the other.
  std::array<pollfd, 2> files = {pollfd{out_, POLLIN, 0}, pollfd{err_, POLLIN, 0}};
  while (files[0].fd >= 0 || files[1].fd >= 0) {
    if (::poll(files.data(), files.size(), -1) < 0) continue;  // a signal
    if (files[0].revents != 0 && !ReadSome(out_, outcome.out)) files[0].fd = -1;
    if (files[1].revents != 0 && !ReadSome(err_, outcome.err)) files[1].fd = -1;
  }
  int status = 0;
  GATE_CHECK(::waitpid(pid_, &status, 0) == pid_);
  pid_ = -1;
  if (WIFEXITED(status)) outcome.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) outcome.signal = WTERMSIG(status);
  return outcome;
}

ProgramOutcome RunProgram(const ProgramSpec& spec) { return Program(spec).Wait(); }

}  // namespace test_support
