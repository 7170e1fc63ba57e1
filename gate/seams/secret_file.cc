#include "gate/seams/secret_file.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "gate/base/encoding.h"

namespace gate {
namespace {

constexpr std::size_t kMostBytes = std::size_t{64} << 10U;

Result<Secret> Check(std::string_view word, const std::string& path) {
  const bool clean =
      std::all_of(word.begin(), word.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (clean) return Secret(std::string(word));
  return Error{ErrorCode::kInvalidArgument,
               path + " holds white space or control characters inside the secret"};
}

Error Nothing(const std::string& path) {
  return {ErrorCode::kInvalidArgument, path + " is empty; it must hold a secret"};
}

}  // namespace

Result<Secret> ReadSecret(Files& files, const std::string& path) {
  const auto text = files.Read(path, kMostBytes);
  if (!text) return text.error();
  const std::string_view word = Trimmed(*text);
  if (word.empty()) return Nothing(path);
  return Check(word, path);
}

Result<std::vector<Secret>> ReadSecrets(Files& files, const std::string& path) {
  const auto text = files.Read(path, kMostBytes);
  if (!text) return text.error();
  std::vector<Secret> secrets;
  for (std::string_view rest = *text; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view word = Trimmed(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (word.empty()) continue;
    auto secret = Check(word, path);
    if (!secret) return std::move(secret).error();
    secrets.push_back(*std::move(secret));
  }
  if (secrets.empty()) return Nothing(path);
  return secrets;
}

}  // namespace gate
