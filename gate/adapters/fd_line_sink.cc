#include "gate/adapters/fd_line_sink.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace gate {
namespace {

// False if an error other than "not now" came up.
bool WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(fd, bytes.data(), bytes.size());
    if (count >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      // Somebody who shares the descriptor has made it non-blocking.
      pollfd writable = {fd, POLLOUT, 0};
      poll(&writable, 1, /*timeout=*/-1);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

}  // namespace

void FdLineSink::Write(std::string_view line) {
  const std::lock_guard lock(mutex_);
  buffer_.assign(line);
  buffer_ += '\n';
  if (!WriteAll(fd_, buffer_)) ++lost_lines_;
}

std::uint64_t FdLineSink::lost_lines() const {
  const std::lock_guard lock(mutex_);
  return lost_lines_;
}

}  // namespace gate
