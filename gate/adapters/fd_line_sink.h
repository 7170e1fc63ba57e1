#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include "gate/seams/line_sink.h"

namespace gate {

// Lines to a file descriptor that stays the caller's, such as stdout. Each line and its newline are
// handed to the kernel in one write, so that lines of several processes do not mix in a pipe (up to
// PIPE_BUF bytes) or an append-only file. Waits while a pipe is full. `line` has no newline.
class FdLineSink : public LineSink {
 public:
  explicit FdLineSink(int fd) : fd_(fd) {}

  void Write(std::string_view line) override;

  // Lines of which not every byte could be written (closed pipe, full disk). Programs ignore
  // SIGPIPE if they want to live to see this.
  std::uint64_t lost_lines() const;

 private:
  const int fd_;
  mutable std::mutex mutex_;
  std::string buffer_;  // keeps its memory from line to line
  std::uint64_t lost_lines_ = 0;
};

}  // namespace gate
