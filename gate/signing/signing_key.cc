#include "gate/signing/signing_key.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/pem.h>

#include <array>
#include <utility>

namespace gate::signing {
namespace {

using std::string_view_literals::operator""sv;

// What comes before the key in the PKCS #8 encoding of a private Ed25519 key (RFC 8410 section 7).
constexpr std::string_view kEd25519Prefix =
    "\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20"sv;
constexpr std::size_t kEd25519KeyBytes = 32;

constexpr int kCoordinateBytes = 32;  // of P-256

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct FreeDigestContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
struct FreeSignature {
  void operator()(ECDSA_SIG* signature) const { ECDSA_SIG_free(signature); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

// What OpenSSL says went wrong; empties its queue.
std::string OpenSslReason() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "unknown reason" : reason;
}

Error CryptoError(std::string_view what) {
  return Error{ErrorCode::kInvalidArgument, std::string(what) + ": " + OpenSslReason()};
}

// An encrypted key must fail, not prompt on the terminal.
int RefusePassphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*data*/) { return -1; }

// Nothing for keys that nobody here signs with.
std::optional<Algorithm> AlgorithmOf(EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "ED25519") == 1) return Algorithm::kEd25519;
  if (EVP_PKEY_is_a(key, "EC") != 1) return std::nullopt;
  std::array<char, 32> group{};
  std::size_t length = 0;
  const bool p256 = EVP_PKEY_get_group_name(key, group.data(), group.size(), &length) == 1 &&
                    std::string_view(group.data(), length) == SN_X9_62_prime256v1;
  return p256 ? std::optional(Algorithm::kEcdsaP256) : std::nullopt;
}

Error NotOf(std::string_view algorithm) {
  return {ErrorCode::kInvalidArgument, "the key is not of the algorithm " + std::string(algorithm)};
}

std::shared_ptr<EVP_PKEY> Own(EVP_PKEY* key) { return {key, EVP_PKEY_free}; }

// Null if these are not the bytes of a key.
std::shared_ptr<EVP_PKEY> FromRawEd25519(std::string_view bytes) {
  EVP_PKEY* key =
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, Bytes(bytes), bytes.size());
  return key == nullptr ? nullptr : Own(key);
}

// An Ed25519 key in the usual encoding, null if it is something else: there is no need then for the
// general decoder, whose set-up takes longer than all else in reading a script.
std::shared_ptr<EVP_PKEY> ReadEd25519(std::string_view pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  if (!bio || PEM_read_bio(bio.get(), &name, &header, &data, &size) != 1) {
    ERR_clear_error();
    return nullptr;
  }
  const auto length = static_cast<std::size_t>(size);
  const std::string_view der(reinterpret_cast<const char*>(data), length);
  const bool usual = name == "PRIVATE KEY"sv && header == ""sv && der.starts_with(kEd25519Prefix) &&
                     length == kEd25519Prefix.size() + kEd25519KeyBytes;
  auto key = usual ? FromRawEd25519(der.substr(kEd25519Prefix.size())) : nullptr;
  OPENSSL_free(name);
  OPENSSL_free(header);
  OPENSSL_clear_free(data, length);
  return key;
}

std::string Contents(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

Result<std::string> DerToFixedWidth(const std::string& der) {
  const unsigned char* cursor = Bytes(der);
  const std::unique_ptr<ECDSA_SIG, FreeSignature> signature(
      d2i_ECDSA_SIG(nullptr, &cursor, static_cast<long>(der.size())));
  if (!signature) return CryptoError("cannot decode an ECDSA signature");
  std::string fixed(std::size_t{2} * kCoordinateBytes, '\0');
  if (BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), Bytes(fixed), kCoordinateBytes) < 0 ||
      BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), Bytes(fixed) + kCoordinateBytes,
                   kCoordinateBytes) < 0) {
    return CryptoError("cannot encode an ECDSA signature");
  }
  return fixed;
}

}  // namespace

std::string_view ToString(Algorithm algorithm) {
  return algorithm == Algorithm::kEd25519 ? "ed25519" : "ecdsa-p256";
}

std::optional<Algorithm> ParseAlgorithm(std::string_view text) {
  for (const Algorithm algorithm : {Algorithm::kEd25519, Algorithm::kEcdsaP256}) {
    if (text == ToString(algorithm)) return algorithm;
  }
  return std::nullopt;
}

Result<SigningKey> SigningKey::FromPem(std::string_view pem) {
  if (auto key = ReadEd25519(pem)) return SigningKey(std::move(key), Algorithm::kEd25519);
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  EVP_PKEY* raw =
      bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, RefusePassphrase, nullptr) : nullptr;
  if (raw == nullptr) {
    ERR_clear_error();
    return Error{ErrorCode::kInvalidArgument,
                 "not an unencrypted private key in PEM form (-----BEGIN PRIVATE KEY-----)"};
  }
  auto key = Own(raw);
  const auto algorithm = AlgorithmOf(key.get());
  if (!algorithm) return NotOf("ed25519 or ecdsa-p256");
  return SigningKey(std::move(key), *algorithm);
}

Result<SigningKey> SigningKey::FromPem(std::string_view pem, Algorithm algorithm) {
  auto key = FromPem(pem);
  if (key && key->algorithm() != algorithm) return NotOf(ToString(algorithm));
  return key;
}

Result<SigningKey> SigningKey::Generate(Algorithm algorithm) {
  EVP_PKEY* raw = algorithm == Algorithm::kEd25519 ? EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")
                                                   : EVP_EC_gen(SN_X9_62_prime256v1);
  if (raw == nullptr) return CryptoError("cannot generate a key");
  return SigningKey(Own(raw), algorithm);
}

Result<SigningKey> SigningKey::FromEd25519Bytes(std::string_view bytes) {
  auto key = FromRawEd25519(bytes);
  if (key == nullptr) return CryptoError("not a private Ed25519 key");
  return SigningKey(std::move(key), Algorithm::kEd25519);
}

Result<std::string> SigningKey::Sign(std::string_view message) const {
  const std::unique_ptr<EVP_MD_CTX, FreeDigestContext> context(EVP_MD_CTX_new());
  const EVP_MD* digest = algorithm_ == Algorithm::kEd25519 ? nullptr : EVP_sha256();
  if (!context || EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, key_.get()) != 1) {
    return CryptoError("cannot start signing");
  }
  std::size_t size = 0;
  if (EVP_DigestSign(context.get(), nullptr, &size, Bytes(message), message.size()) != 1) {
    return CryptoError("cannot sign");
  }
  std::string signature(size, '\0');
  if (EVP_DigestSign(context.get(), Bytes(signature), &size, Bytes(message), message.size()) != 1) {
    return CryptoError("cannot sign");
  }
  signature.resize(size);
  return signature;
}

Result<std::string> SigningKey::SignFixedWidth(std::string_view message) const {
  auto signature = Sign(message);
  if (!signature || algorithm_ == Algorithm::kEd25519) return signature;
  return DerToFixedWidth(*signature);
}

Result<std::string> SigningKey::PublicPem() const {
  const Bio bio(BIO_new(BIO_s_mem()));
  if (!bio || PEM_write_bio_PUBKEY(bio.get(), key_.get()) != 1) {
    return CryptoError("cannot write the public key");
  }
  return Contents(bio.get());
}

Result<std::string> SigningKey::PrivatePem() const {
  const Bio bio(BIO_new(BIO_s_secmem()));
  if (!bio || PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr,
                                            nullptr) != 1) {
    return CryptoError("cannot write the private key");
  }
  return Contents(bio.get());
}

}  // namespace gate::signing
