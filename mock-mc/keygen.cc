#include "mock-mc/keygen.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>

namespace mock_mc {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Result;

constexpr mode_t kPrivateMode = 0600;
constexpr mode_t kPublicMode = 0644;

Error CannotWrite(const std::string& path, int reason) {
  if (reason == EEXIST) {
    return Error{ErrorCode::kAlreadyExists,
                 fmt::format("{} exists already; remove it or choose another --out-dir", path)};
  }
  return Error{ErrorCode::kInvalidArgument,
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

std::string KeyringYaml(Algorithm algorithm, const std::string& id, std::string_view public_pem) {
  std::string text = fmt::format(
      "apiVersion: rollout-gate/keyring/v1\n"
      "keys:\n"
      "  - id: {}\n"
      "    algorithm: {}\n"
      "    publicKey: |\n",
      id, ToString(algorithm));
  while (!public_pem.empty()) {
    const std::size_t end = public_pem.find('\n');
    text += fmt::format("      {}\n", public_pem.substr(0, end));
    public_pem = end == std::string_view::npos ? "" : public_pem.substr(end + 1);
  }
  return text;
}

bool IsGoodId(std::string_view id) {
  return !id.empty() && id.size() <= 64 && id.front() != '.' && id.front() != '-' &&
         id.find_first_not_of(
             "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") ==
             std::string_view::npos;
}

}  // namespace

Result<void> GenerateKey(Algorithm algorithm, const std::string& id, const std::string& directory) {
  if (!IsGoodId(id)) {
    return Error{ErrorCode::kInvalidArgument,
                 "an id has 1 to 64 letters, digits, dots, dashes and underscores"};
  }
  const auto key = SigningKey::Generate(algorithm);
  if (!key) return key.error();
  const auto private_pem = key->PrivatePem();
  if (!private_pem) return private_pem.error();
  const auto public_pem = key->PublicPem();
  if (!public_pem) return public_pem.error();

  std::error_code made;
  std::filesystem::create_directories(directory, made);
  if (made) return CannotWrite(directory, made.value());
  const std::string key_path = fmt::format("{}/{}.pem", directory, id);
  auto written = WriteNewFile(key_path, kPrivateMode, *private_pem);
  if (!written) return written;
  written = WriteNewFile(directory + "/keyring.yaml", kPublicMode,
                         KeyringYaml(algorithm, id, *public_pem));
  if (!written) unlink(key_path.c_str());
  return written;
}

}  // namespace mock_mc
