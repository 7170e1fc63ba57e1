#include "gate/evidence/public_key.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <utility>

namespace gate::evidence {
namespace {

using std::string_view_literals::operator""sv;

// What comes before the key in a SubjectPublicKeyInfo. There is one DER encoding for each of our
// algorithms, so the general decoder is not needed, whose set-up is a quarter of a millisecond
// at the start of a program that takes three.
constexpr std::string_view kEd25519Prefix =
    "\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00"sv;  // RFC 8410
constexpr std::size_t kEd25519KeyBytes = 32;
constexpr std::string_view kP256Prefix =
    "\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"
    "\x03\x42\x00"sv;  // RFC 5480
constexpr std::size_t kP256PointBytes = 65;

constexpr std::size_t kP256ScalarBytes = 32;

// The order n of P-256's group (FIPS 186-4 section D.1.2.3).
constexpr std::string_view kP256Order =
    "\xff\xff\xff\xff\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff"
    "\xbc\xe6\xfa\xad\xa7\x17\x9e\x84\xf3\xb9\xca\xc2\xfc\x63\x25\x51"sv;

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(char* text) const { OPENSSL_free(text); }
  void operator()(unsigned char* bytes) const { OPENSSL_free(bytes); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

// Takes what a failed call left in this thread's error queue away again: SSL_get_error reads the
// same queue and would blame a connection for it.
class ErrorsDiscarded {
 public:
  ErrorsDiscarded() { ERR_set_mark(); }
  ~ErrorsDiscarded() { ERR_pop_to_mark(); }
  ErrorsDiscarded(const ErrorsDiscarded&) = delete;
  ErrorsDiscarded& operator=(const ErrorsDiscarded&) = delete;
};

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// The DER inside the only PEM block of `pem`.
Result<std::string> DecodeArmor(std::string_view pem) {
  if (pem.find("PRIVATE KEY") != std::string_view::npos) {
    return InvalidArgument(
        "this is a private key; put the public key here (openssl pkey -in FILE -pubout), and "
        "replace the pair, since its secret was in a place that is not secret");
  }
  const Owned<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  if (PEM_read_bio(bio.get(), &name, &header, &data, &size) != 1) {
    return InvalidArgument("not a PEM block that begins with -----BEGIN PUBLIC KEY-----");
  }
  const Owned<char> owned_name(name);
  const Owned<char> owned_header(header);
  const Owned<unsigned char> owned_data(data);
  if (name == "CERTIFICATE"sv) {
    return InvalidArgument(
        "this is a certificate; put its key here (openssl x509 -in FILE -noout -pubkey)");
  }
  if (name != "PUBLIC KEY"sv) {
    return InvalidArgument(
        "not a PEM block that begins with -----BEGIN PUBLIC KEY-----, but of another kind");
  }
  const char* rest = nullptr;
  const long rest_size = BIO_get_mem_data(bio.get(), &rest);
  if (std::string_view(rest, static_cast<std::size_t>(rest_size)).find_first_not_of(" \t\r\n") !=
      std::string_view::npos) {
    return InvalidArgument("there is more after the first PEM block; one key has one block");
  }
  return std::string(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
}

// What a SubjectPublicKeyInfo that is not the one expected holds, for the message.
std::string Describe(std::string_view der) {
  const unsigned char* at = Bytes(der);
  const Owned<EVP_PKEY> key(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  if (key == nullptr || at != Bytes(der) + der.size()) return "not a readable public key";
  std::array<char, 64> group{};
  std::size_t length = 0;
  if (EVP_PKEY_is_a(key.get(), "EC") == 0 ||
      EVP_PKEY_get_group_name(key.get(), group.data(), group.size(), &length) != 1) {
    return fmt::format("a key of type {}", EVP_PKEY_get0_type_name(key.get()));
  }
  const std::string_view name(group.data(), length);
  if (name == "prime256v1"sv && der.substr(0, kP256Prefix.size()) != kP256Prefix) {
    return "a P-256 key in another encoding than the usual one (convert it with openssl ec -pubin "
           "-conv_form uncompressed -param_enc named_curve)";
  }
  return fmt::format("an EC key on the curve {}", name);
}

Owned<EVP_PKEY> P256FromPoint(std::string_view point) {
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  GATE_CHECK(context != nullptr && EVP_PKEY_fromdata_init(context.get()) == 1);
  std::string group = "prime256v1";
  std::string octets(point);
  std::array<OSSL_PARAM, 3> params = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(), group.size()),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, octets.data(), octets.size()),
      OSSL_PARAM_construct_end()};
  EVP_PKEY* key = nullptr;
  // Fails for a point that is not on the curve.
  if (EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.data()) != 1) return {};
  return Owned<EVP_PKEY>(key);
}

// A positive INTEGER in DER: as short as possible, with a zero in front if the first bit is set.
std::string DerInteger(std::string_view scalar) {
  scalar.remove_prefix(std::min(scalar.find_first_not_of('\0'), scalar.size() - 1));
  const bool pad = (static_cast<unsigned char>(scalar.front()) & 0x80U) != 0;
  std::string integer = "\x02";
  integer += static_cast<char>(scalar.size() + (pad ? 1 : 0));
  if (pad) integer += '\0';
  return integer.append(scalar);
}

// True for 1 to n - 1. Strings compare as unsigned bytes, so as big-endian numbers.
bool IsScalar(std::string_view bytes) {
  return bytes.find_first_not_of('\0') != std::string_view::npos && bytes < kP256Order;
}

// From r and s to DER; nothing if the length or either number is out of range.
std::optional<std::string> DerFromRaw(std::string_view raw) {
  if (raw.size() != 2 * kP256ScalarBytes) return std::nullopt;
  const std::string_view r = raw.substr(0, kP256ScalarBytes);
  const std::string_view s = raw.substr(kP256ScalarBytes);
  if (!IsScalar(r) || !IsScalar(s)) return std::nullopt;
  const std::string body = DerInteger(r) + DerInteger(s);
  return "\x30" + std::string(1, static_cast<char>(body.size())) + body;
}

bool VerifyWith(EVP_PKEY* key, const char* digest, std::string_view message,
                std::string_view signature) {
  const ErrorsDiscarded errors_discarded;
  const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  GATE_CHECK(context != nullptr && EVP_DigestVerifyInit_ex(context.get(), nullptr, digest, nullptr,
                                                           nullptr, key, nullptr) == 1);
  return EVP_DigestVerify(context.get(), Bytes(signature), signature.size(), Bytes(message),
                          message.size()) == 1;
}

}  // namespace

std::string_view ToString(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kEd25519:
      return "ed25519";
    case Algorithm::kEcdsaP256:
      return "ecdsa-p256";
  }
  GATE_CHECK(false);
}

std::optional<Algorithm> AlgorithmFromString(std::string_view name) {
  for (const Algorithm algorithm : {Algorithm::kEd25519, Algorithm::kEcdsaP256}) {
    if (name == ToString(algorithm)) return algorithm;
  }
  return std::nullopt;
}

void PublicKey::Free::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }

PublicKey::Handle PublicKey::Decode(std::string_view der, Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kEd25519: {
      if (!der.starts_with(kEd25519Prefix)) return {};
      const std::string_view key = der.substr(kEd25519Prefix.size());
      if (key.size() != kEd25519KeyBytes) return {};
      return Handle(
          EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr, Bytes(key), key.size()));
    }
    case Algorithm::kEcdsaP256: {
      if (!der.starts_with(kP256Prefix)) return {};
      const std::string_view point = der.substr(kP256Prefix.size());
      if (point.size() != kP256PointBytes) return {};
      return Handle(P256FromPoint(point).release());
    }
  }
  GATE_CHECK(false);
}

Result<PublicKey> PublicKey::FromPem(std::string_view pem, Algorithm algorithm) {
  OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
  const ErrorsDiscarded errors_discarded;
  auto der = DecodeArmor(pem);
  if (!der) return std::move(der).error();
  Handle handle = Decode(*der, algorithm);
  if (handle == nullptr) {
    return InvalidArgument(
        fmt::format("not a key for {}, but {}", ToString(algorithm), Describe(*der)));
  }
  return PublicKey(algorithm, std::move(handle));
}

bool PublicKey::Verifies(std::string_view message, std::string_view signature,
                         SignatureForm form) const {
  switch (algorithm_) {
    case Algorithm::kEd25519:
      return VerifyWith(handle_.get(), nullptr, message, signature);
    case Algorithm::kEcdsaP256: {
      if (form == SignatureForm::kDer) {
        return VerifyWith(handle_.get(), "SHA256", message, signature);
      }
      const auto der = DerFromRaw(signature);
      return der.has_value() && VerifyWith(handle_.get(), "SHA256", message, *der);
    }
  }
  GATE_CHECK(false);
}

}  // namespace gate::evidence
