#include "mock-mc/keygen.h"

#include <fmt/format.h>

#include <filesystem>
#include <string_view>
#include <utility>

#include "gate/signing/key_files.h"
#include "mock-mc/wire/certificates.h"

namespace mock_mc {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Result;

std::string KeyringYaml(Algorithm algorithm, const std::string& id, const KeyWindow& window,
                        std::string_view public_pem) {
  std::string text = fmt::format(
      "apiVersion: rollout-gate/keyring/v1\n"
      "keys:\n"
      "  - id: {}\n"
      "    algorithm: {}\n",
      id, ToString(algorithm));
  if (window.not_before) {
    text += fmt::format("    notBefore: {}\n", gate::FormatRfc3339(*window.not_before));
  }
  if (window.not_after) {
    text += fmt::format("    notAfter: {}\n", gate::FormatRfc3339(*window.not_after));
  }
  text += "    publicKey: |\n";
  while (!public_pem.empty()) {
    const std::size_t end = public_pem.find('\n');
    text += fmt::format("      {}\n", public_pem.substr(0, end));
    public_pem = end == std::string_view::npos ? "" : public_pem.substr(end + 1);
  }
  return text;
}

Result<void> MakeFolder(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (!error) return {};
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("cannot write {}: {}", directory, error.message())};
}

Result<void> WritePair(const std::string& directory, std::string_view name,
                       const Result<CertifiedKey>& pair) {
  if (!pair) return pair.error();
  return gate::signing::WritePrivateAndPublic(
      pair->key_pem, fmt::format("{}/{}-key.pem", directory, name), pair->cert_pem,
      fmt::format("{}/{}.pem", directory, name));
}

bool IsGoodId(std::string_view id) {
  return !id.empty() && id.size() <= 64 && id.front() != '.' && id.front() != '-' &&
         id.find_first_not_of(
             "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") ==
             std::string_view::npos;
}

}  // namespace

Result<void> GenerateKey(Algorithm algorithm, const std::string& id, const std::string& directory,
                         const KeyWindow& window) {
  if (!IsGoodId(id)) {
    return Error{ErrorCode::kInvalidArgument,
                 "an id has 1 to 64 letters, digits, dots, dashes and underscores"};
  }
  const auto key = SigningKey::Generate(algorithm);
  if (!key) return key.error();
  const auto public_pem = key->PublicPem();
  if (!public_pem) return public_pem.error();

  auto made = MakeFolder(directory);
  if (!made) return made;
  return gate::signing::WriteKeyPair(*key, fmt::format("{}/{}.pem", directory, id),
                                     KeyringYaml(algorithm, id, window, *public_pem),
                                     directory + "/keyring.yaml");
}

Result<void> GenerateCertificates(const std::vector<std::string>& names,
                                  const std::string& directory) {
  const auto authority = Authority::Make("mock-mc CA");
  if (!authority) return authority.error();
  auto written = MakeFolder(directory);
  if (written) written = WritePair(directory, "ca", authority->Pem());
  if (written) {
    written =
        WritePair(directory, "server", authority->IssueServer(TlsSpec::Certificate::kGood, names));
  }
  if (written) written = WritePair(directory, "client", authority->IssueClient("mock-mc client"));
  return written;
}

}  // namespace mock_mc
