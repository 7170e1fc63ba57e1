#include "gate/signing/key_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace gate::signing {
namespace {

constexpr mode_t kPrivateMode = 0600;
constexpr mode_t kPublicMode = 0644;

Error CannotWrite(const std::string& path, int reason) {
  if (reason == EEXIST) {
    return {ErrorCode::kAlreadyExists,
            fmt::format("{} exists already; remove it or choose another place", path)};
  }
  return {ErrorCode::kInvalidArgument,
          fmt::format("cannot write {}: {}", path, std::strerror(reason))};
}

Result<void> WriteNewFile(const std::string& path, mode_t mode, std::string_view text) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (file < 0) return CannotWrite(path, errno);
  bool good = true;
  while (good && !text.empty()) {
    const ssize_t written = write(file, text.data(), text.size());
    good = written > 0;
    if (good) text.remove_prefix(static_cast<std::size_t>(written));
  }
  const int reason = errno;
  good = close(file) == 0 && good;
  if (good) return {};
  unlink(path.c_str());
  return CannotWrite(path, reason);
}

}  // namespace

Result<void> WriteKeyPair(const SigningKey& key, const std::string& key_path,
                          std::string_view public_text, const std::string& public_path) {
  const auto private_pem = key.PrivatePem();
  if (!private_pem) return private_pem.error();
  return WritePrivateAndPublic(*private_pem, key_path, public_text, public_path);
}

Result<void> WritePrivateAndPublic(std::string_view private_text, const std::string& private_path,
                                   std::string_view public_text, const std::string& public_path) {
  auto written = WriteNewFile(private_path, kPrivateMode, private_text);
  if (!written) return written;
  written = WriteNewFile(public_path, kPublicMode, public_text);
  if (!written) unlink(private_path.c_str());
  return written;
}

}  // namespace gate::signing
