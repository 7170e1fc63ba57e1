#include "reports/file_io.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

namespace reports {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return value_; }

 private:
  int value_;
};

bool WriteAll(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

std::string FolderOf(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

gate::Error FileError(const std::string& path, int error_number) {
  gate::ErrorCode code = gate::ErrorCode::kUnavailable;
  if (error_number == ENOENT || error_number == ENOTDIR) code = gate::ErrorCode::kNotFound;
  if (error_number == EACCES || error_number == EPERM || error_number == EROFS) {
    code = gate::ErrorCode::kPermissionDenied;
  }
  return gate::Error{code, path + ": " + std::generic_category().message(error_number)};
}

gate::Result<std::string> ReadWholeFile(const std::string& path, std::size_t limit) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return FileError(path, errno);
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return FileError(path, errno);
  if (!S_ISREG(info.st_mode)) {
    return gate::Error{gate::ErrorCode::kInvalidArgument, path + ": is not a regular file"};
  }
  std::string text;
  std::array<char, 16384> buffer;
  for (;;) {
    const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FileError(path, errno);
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
    if (text.size() > limit) {
      return gate::Error{gate::ErrorCode::kInvalidArgument,
                         path + ": is larger than " + std::to_string(limit) + " bytes"};
    }
  }
}

gate::Result<void> WriteFileAtomically(const std::string& path, std::string_view text) {
  const std::string temporary = path + ".tmp";
  {
    const Descriptor file(
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (file.get() < 0) return FileError(temporary, errno);
    if (!WriteAll(file.get(), text) || ::fsync(file.get()) != 0) {
      const int failure = errno;
      ::unlink(temporary.c_str());
      return FileError(temporary, failure);
    }
  }
  if (std::rename(temporary.c_str(), path.c_str()) != 0) {
    const int failure = errno;
    ::unlink(temporary.c_str());
    return FileError(path, failure);
  }
  return SyncFolderOf(path);
}

gate::Result<void> AppendToFile(const std::string& path, std::string_view text) {
  const Descriptor file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0644));
  if (file.get() < 0 || !WriteAll(file.get(), text)) return FileError(path, errno);
  return {};
}

gate::Result<void> SyncFolderOf(const std::string& path) {
  const Descriptor folder(::open(FolderOf(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0 || ::fsync(folder.get()) != 0) return FileError(path, errno);
  return {};
}

gate::Result<void> MakeFolder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return FileError(path, error.value());
  if (!std::filesystem::is_directory(path, error)) return FileError(path, ENOTDIR);
  return {};
}

}  // namespace reports
