#pragma once

#include <string_view>

namespace gate {

// Where whole lines go: audit records to stdout, log lines to stderr. Thread-safe; a line is
// written at once and never interleaved with another.
class LineSink {
 public:
  virtual ~LineSink() = default;
  virtual void Write(std::string_view line) = 0;
};

}  // namespace gate
