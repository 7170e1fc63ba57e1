#pragma once

#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "gate/base/strict_json.h"
#include "gate/evidence/check.h"

struct evp_pkey_st;

namespace gate::evidence {
// How gtest shows a reason.
inline void PrintTo(Reason reason, std::ostream* out) { *out << ToString(reason); }
}  // namespace gate::evidence

// MC's side of docs/evidence-api.md, written with OpenSSL alone: nothing here may come from
// gate/evidence, or a mistake there would be made twice and cancel out.
namespace gate::evidence::testing {

// A key pair, generated anew in every run.
class Signer {
 public:
  static Signer Ed25519();
  static Signer P256() { return Ec("P-256"); }
  static Signer Ec(const char* curve);
  static Signer Rsa();

  std::string PublicPem() const;
  std::string PrivatePem() const;
  std::string PublicDer() const;

  // In the form that DSSE carries: 64 bytes for Ed25519, DER for ECDSA with SHA-256.
  std::string Sign(std::string_view message) const;

  // r and s, 32 bytes each, of a P-256 signature in DER.
  static std::string RawFromDer(std::string_view der);
  static std::string DerFromRaw(std::string_view raw);

 private:
  explicit Signer(evp_pkey_st* key);
  std::shared_ptr<evp_pkey_st> key_;  // shared: signers are passed around by value
};

// By OpenSSL's encoder.
std::string Base64(std::string_view bytes);
std::string Base64Url(std::string_view bytes);
std::string HmacSha256(std::string_view key, std::string_view message);

// "DSSEv1 <length> <type> <length> <body>"
std::string Pae(std::string_view type, std::string_view body);

inline constexpr std::string_view kPayloadType = "application/vnd.in-toto+json";
inline constexpr std::string_view kNonce = "nonce-0123456789";
inline constexpr std::string_view kImageDigest =
    "1111111111111111111111111111111111111111111111111111111111111111";

// Noon of 2026-03-01, when every check of these tests takes place unless it says otherwise.
WallTime Noon();

// What the documentation shows: release shop-1.5.0 at stage 20 in staging, issued at noon, good
// for five minutes.
Json AStatement();    // for scheme dsse
Json APlainAnswer();  // for scheme jws

// An envelope around `payload`, signed as it should be.
struct DsseSignature {
  std::string key_id;
  Signer signer;
};
Json AnEnvelope(std::string_view payload, const std::vector<DsseSignature>& signatures);

// The value of X-Evidence-Signature.
Json AJwsHeader(std::string_view algorithm, std::string_view key_id);
std::string AJws(std::string_view header, std::string_view body, const Signer& signer);

Answer AnAnswer(std::string body, std::optional<std::string> signature = std::nullopt);
Expected AnExpectation(Scheme scheme);

// The YAML of a keyring entry.
std::string KeyEntry(std::string_view id, std::string_view algorithm, std::string_view pem,
                     std::string_view more = "");
std::string KeyringYaml(const std::vector<std::string>& entries);

// A keyring that holds "ed" and "ec" for these signers.
Keyring AKeyring(const Signer& ed, const Signer& ec);
Keyring ParseKeyring(const std::vector<std::string>& entries);

}  // namespace gate::evidence::testing
