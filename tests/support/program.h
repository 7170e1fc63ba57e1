#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

namespace test_support {

struct ProgramSpec {
  std::vector<std::string> argv;  // argv[0] is the path of the binary
  std::string folder = {};        // to run in; empty: this process's
  // Added to our own environment, over what it holds.
  std::vector<std::pair<std::string, std::string>> environment = {};
};

struct ProgramOutcome {
  int exit_code = -1;  // -1 if a signal ended it
  int signal = 0;      // what ended it; 0 if it exited
  std::string out;
  std::string err;
};

// One of our programs as its user meets it: a process with its output in pipes, which goes away
// with this object.
class Program {
 public:
  explicit Program(const ProgramSpec& spec);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  // Up to and including the next line break of its standard output; what there is at its end.
  std::string ReadLine();

  void Signal(int signal) const;

  // Its standard output, to poll: hangs up when the program ends.
  int output() const { return out_; }

  // Reads its output to the end. Nothing of it is lost by earlier calls of ReadLine.
  ProgramOutcome Wait();

 private:
  pid_t pid_ = -1;
  int out_ = -1;
  int err_ = -1;
};

ProgramOutcome RunProgram(const ProgramSpec& spec);

}  // namespace test_support
