#pragma once

#include <cstddef>
#include <string>

#include "gate/base/result.h"

namespace gate {

// Mounted files: configuration, tokens, keys. Read anew for every use, so that a rotated Secret
// needs no restart.
class Files {
 public:
  virtual ~Files() = default;

  // The whole file. kNotFound, kPermissionDenied, kInvalidArgument (larger than `limit` bytes, or
  // no regular file), kUnavailable (other I/O errors). The message names the path.
  virtual Result<std::string> Read(const std::string& path,
                                   std::size_t limit = std::size_t{1} << 20U) = 0;
};

}  // namespace gate
