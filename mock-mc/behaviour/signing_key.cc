#include "mock-mc/behaviour/signing_key.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace mock_mc {

gate::Result<std::string> MacWithPublicKey(const SigningKey& key, std::string_view message) {
  const auto secret = key.PublicPem();
  if (!secret) return secret.error();
  unsigned char code[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  const std::string data(message);
  if (HMAC(EVP_sha256(), secret->data(), static_cast<int>(secret->size()),
           reinterpret_cast<const unsigned char*>(data.data()), data.size(), code,
           &size) == nullptr) {
    return gate::Error{gate::ErrorCode::kUnavailable, "cannot compute an HMAC"};
  }
  return std::string(code, code + size);
}

}  // namespace mock_mc
