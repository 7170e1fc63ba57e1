#include "harness/cli/key_files.h"

#include <utility>

#include "reports/file_io.h"

namespace drill::cli {
namespace {

using gate::Result;

constexpr std::size_t kLargestKey = std::size_t{64} << 10U;

template <typename Key>
Result<Key> ReadKey(const std::string& path, Result<Key> (*parse)(std::string_view)) {
  const auto pem = reports::ReadWholeFile(path, kLargestKey);
  if (!pem) return pem.error();
  auto key = parse(*pem);
  if (!key) return std::move(key).error().Wrap(path);
  return key;
}

}  // namespace

Result<gate::signing::SigningKey> ReadSigningKey(const std::string& path) {
  return ReadKey<gate::signing::SigningKey>(path, gate::signing::SigningKey::FromPem);
}

Result<reports::VerifyingKey> ReadVerifyingKey(const std::string& path) {
  return ReadKey<reports::VerifyingKey>(path, reports::VerifyingKey::FromPem);
}

Result<reports::Approvers> ReadApprovers(const std::string& path) {
  const auto text = reports::ReadWholeFile(path);
  if (!text) return text.error();
  return reports::Approvers::Parse(*text, path);
}

}  // namespace drill::cli
