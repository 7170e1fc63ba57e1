#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "gate/base/result.h"

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace gate::evidence {

enum class Algorithm {
  kEd25519,    // RFC 8032
  kEcdsaP256,  // with SHA-256, FIPS 186-4
};

// "ed25519", "ecdsa-p256", as in the keyring.
std::string_view ToString(Algorithm algorithm);
std::optional<Algorithm> AlgorithmFromString(std::string_view name);

// How an ECDSA signature is written down; those of Ed25519 are always 64 bytes.
enum class SignatureForm {
  kDer,  // Ecdsa-Sig-Value of RFC 3279, strictly DER: in DSSE
  kRaw,  // r and s, 32 bytes each (RFC 7518 section 3.4): in JWS
};

// A key to verify with. Thread-safe.
class PublicKey {
 public:
  // Reads one PEM block "PUBLIC KEY" (RFC 7468 section 13) that must hold a key for `algorithm`;
  // points of P-256 must be uncompressed. kInvalidArgument says what it is instead; the text
  // itself is never repeated, since people paste private keys.
  //
  // The first call keeps OpenSSL from reading its configuration file, for the whole process,
  // unless something else had it read before: what the gate trusts is configured in the gate's
  // own files only.
  static Result<PublicKey> FromPem(std::string_view pem, Algorithm algorithm);

  Algorithm algorithm() const { return algorithm_; }

  // True if `signature` is one over exactly `message` by the owner of this key. Never true for a
  // signature in another form.
  bool Verifies(std::string_view message, std::string_view signature, SignatureForm form) const;

 private:
  struct Free {
    void operator()(evp_pkey_st* key) const;
  };
  using Handle = std::unique_ptr<evp_pkey_st, Free>;

  PublicKey(Algorithm algorithm, Handle handle)
      : algorithm_(algorithm), handle_(std::move(handle)) {}

  static Handle Decode(std::string_view der, Algorithm algorithm);

  Algorithm algorithm_;
  Handle handle_;
};

}  // namespace gate::evidence
