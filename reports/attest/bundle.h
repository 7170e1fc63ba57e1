#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "gate/base/result.h"
#include "gate/evidence/public_key.h"
#include "gate/signing/signing_key.h"

// Signed statements as files: an in-toto statement in a DSSE envelope in a Sigstore bundle v0.3
// that holds no certificate and no entry of a log, but the name of a key.
namespace reports {

// No bundle file is larger, in bytes.
inline constexpr std::size_t kLargestBundle = std::size_t{64} << 20U;

// A key to verify with, and its name: the SHA-256, in hex, of its SubjectPublicKeyInfo in DER.
struct VerifyingKey {
  gate::evidence::PublicKey key;
  std::string id;

  // From PEM ("PUBLIC KEY"), for Ed25519 or P-256. kInvalidArgument; the text is never repeated.
  static gate::Result<VerifyingKey> FromPem(std::string_view pem);

  // The public half of a key.
  static gate::Result<VerifyingKey> Of(const gate::signing::SigningKey& key);
};

// The text of a bundle file that holds `payload` signed with `key`: the same each time for Ed25519.
gate::Result<std::string> SealBundle(std::string_view payload,
                                     const gate::signing::SigningKey& key);

// A bundle that was read, whose signature nobody has looked at yet.
struct Bundle {
  std::string payload;
  std::string signature;
  std::string key_id;  // of the key that is said to have signed
};

// kProtocol, and says what is wrong, unless every byte is as SealBundle writes it. What is wrong
// with the signature or the payload themselves does not show here.
gate::Result<Bundle> ReadBundle(std::string_view text);

// kProtocol, and says why, unless the owner of `key` signed the bundle and it says so.
gate::Result<void> CheckSignature(const Bundle& bundle, const VerifyingKey& key);

}  // namespace reports
