#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gate/base/result.h"

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace gate::signing {

enum class Algorithm { kEd25519, kEcdsaP256 };

// "ed25519", "ecdsa-p256", as in keyrings and scripts.
std::string_view ToString(Algorithm algorithm);
std::optional<Algorithm> ParseAlgorithm(std::string_view text);

// A private key that signs. Copies share the key; signing is thread-safe. (Who verifies what MC
// says uses nothing of this: gate/evidence/public_key.h.)
class SigningKey {
 public:
  // A PEM private key without a passphrase, of either algorithm. kInvalidArgument if it cannot be
  // read as one; the error never quotes the key.
  static Result<SigningKey> FromPem(std::string_view pem);

  // Likewise; kInvalidArgument, too, if it is not of `algorithm`.
  static Result<SigningKey> FromPem(std::string_view pem, Algorithm algorithm);

  // A new key from the operating system's randomness.
  static Result<SigningKey> Generate(Algorithm algorithm);

  // The Ed25519 key with this 32-byte private key (RFC 8032 section 5.1.5).
  static Result<SigningKey> FromEd25519Bytes(std::string_view bytes);

  Algorithm algorithm() const { return algorithm_; }

  // Ed25519: 64 bytes. ECDSA P-256: over SHA-256, DER-encoded, different each time.
  Result<std::string> Sign(std::string_view message) const;

  // As JWS wants it (RFC 7518 section 3.4): ECDSA as the 64 bytes r‖s; Ed25519 as in Sign.
  Result<std::string> SignFixedWidth(std::string_view message) const;

  Result<std::string> PublicPem() const;
  Result<std::string> PrivatePem() const;  // PKCS #8, unencrypted

 private:
  SigningKey(std::shared_ptr<evp_pkey_st> key, Algorithm algorithm)
      : key_(std::move(key)), algorithm_(algorithm) {}

  std::shared_ptr<evp_pkey_st> key_;  // shared: OpenSSL counts references to an immutable key
  Algorithm algorithm_;
};

}  // namespace gate::signing
