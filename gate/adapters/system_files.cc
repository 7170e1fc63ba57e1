#include "gate/adapters/system_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace gate {
namespace {

Error FromErrno(const std::string& path, int number) {
  ErrorCode code = ErrorCode::kUnavailable;
  switch (number) {
    case ENOENT:
    case ENOTDIR:
      code = ErrorCode::kNotFound;
      break;
    case EACCES:
    case EPERM:
      code = ErrorCode::kPermissionDenied;
      break;
    case ELOOP:
    case ENAMETOOLONG:
      code = ErrorCode::kInvalidArgument;
      break;
    default:
      break;
  }
  return Error{code, fmt::format("{}: {}", path, std::generic_category().message(number))};
}

// Closes on every way out.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

// The size is only a hint: files in /proc say 0, and a file may grow while it is read.
Result<std::string> ReadAll(int fd, const std::string& path, std::size_t size_hint,
                            std::size_t limit) {
  limit = std::min(limit, std::string().max_size() - 1);
  std::string content(std::min(size_hint, limit) + 1, '\0');
  std::size_t size = 0;
  for (;;) {
    const ssize_t count = read(fd, content.data() + size, content.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FromErrno(path, errno);
    size += static_cast<std::size_t>(count);
    if (size > limit) {
      return Error{ErrorCode::kInvalidArgument,
                   fmt::format("{}: larger than the {} bytes allowed", path, limit)};
    }
    if (count == 0) break;
    if (size == content.size()) content.resize(std::min(content.size() * 2, limit + 1));
  }
  content.resize(size);
  return content;
}

}  // namespace

Result<std::string> SystemFiles::Read(const std::string& path, std::size_t limit) {
  if (path.find('\0') != std::string::npos) {
    return Error{ErrorCode::kInvalidArgument, "a path must not contain a NUL byte"};
  }
  // O_NONBLOCK: opening a named pipe would wait for its writer.
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.fd() < 0) return FromErrno(path, errno);
  struct stat status = {};
  if (fstat(file.fd(), &status) != 0) return FromErrno(path, errno);
  if (!S_ISREG(status.st_mode)) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("{}: {}", path,
                             S_ISDIR(status.st_mode) ? "is a directory" : "is no regular file")};
  }
  return ReadAll(file.fd(), path, static_cast<std::size_t>(status.st_size), limit);
}

Result<std::string> ReadDescriptor(int fd, const std::string& name, std::size_t limit) {
  return ReadAll(fd, name, /*size_hint=*/0, limit);
}

}  // namespace gate
