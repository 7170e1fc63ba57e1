#pragma once

#include <string>

#include "gate/seams/files.h"

namespace gate {

// The file system. An empty file is a file: whether it may be empty is its reader's business.
// Pipes and devices are refused rather than waited for. Thread-safe.
class SystemFiles : public Files {
 public:
  Result<std::string> Read(const std::string& path, std::size_t limit) override;
};

// Everything that comes out of `fd` until its end, waiting for it; `name` is for messages.
// kInvalidArgument (more than `limit` bytes), kUnavailable.
Result<std::string> ReadDescriptor(int fd, const std::string& name, std::size_t limit);

}  // namespace gate
