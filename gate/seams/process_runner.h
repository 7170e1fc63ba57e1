#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gate/base/result.h"
#include "gate/seams/deadline.h"

namespace gate {

// One command, started without a shell. Nothing secret goes into `argv`: it is visible to every
// user of the machine and appears in errors.
struct ProcessRequest {
  std::vector<std::string> argv;  // argv[0] is looked up in PATH unless it holds a slash
  // Added to our own environment, over what it holds.
  std::vector<std::pair<std::string, std::string>> environment = {};
  std::string input = {};  // what the child reads from its standard input
  // Of each output stream, in bytes. What is beyond is read and dropped.
  std::size_t output_limit = std::size_t{1} << 20U;
};

struct ProcessOutput {
  int exit_code = 0;
  std::string out;
  std::string err;
};

// Starts other programs. Thread-safe.
class ProcessRunner {
 public:
  virtual ~ProcessRunner() = default;

  // Runs one command to its end; any exit code is a value. The child inherits no descriptor but its
  // three streams, so that it holds none of our connections open. It gets a process group of its
  // own, so that Ctrl-C on the terminal reaches only us; when the deadline passes or a stop is
  // requested, the whole group gets SIGTERM and, three seconds later, SIGKILL, and the error is
  // kDeadlineExceeded or kCancelled. Other errors: kNotFound (no such program), kPermissionDenied,
  // kUnavailable (could not be started, or died from a signal).
  virtual Result<ProcessOutput> Run(const ProcessRequest& request, const Deadline& deadline) = 0;
};

// Like Run, but an exit code other than 0 is kUnavailable, with the end of what the program wrote.
Result<ProcessOutput> RunChecked(ProcessRunner& runner, const ProcessRequest& request,
                                 const Deadline& deadline);

// The end of what a program wrote, where it says why it failed, as one line of at most 1000 bytes.
std::string OutputTail(std::string_view text);

// The command as people write it, cut to a readable length: for messages.
std::string CommandText(const ProcessRequest& request);

}  // namespace gate
