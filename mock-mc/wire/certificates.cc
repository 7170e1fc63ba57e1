#include "mock-mc/wire/certificates.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <chrono>
#include <string_view>
#include <utility>

namespace mock_mc {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Result;
using std::chrono::hours;
using std::chrono::seconds;

using KeyPtr = std::shared_ptr<EVP_PKEY>;
using CertPtr = std::shared_ptr<X509>;

constexpr hours kDay{24};
constexpr std::string_view kWrongName = "wrong-name.invalid";

// From when to when a certificate is valid, relative to now.
struct Validity {
  seconds from;
  seconds to;
};
constexpr Validity kValid{-kDay, 365 * kDay};
constexpr Validity kExpired{-30 * kDay, -kDay};
constexpr Validity kNotYetValid{kDay, 365 * kDay};

Error Failed(std::string_view what) {
  return {ErrorCode::kUnavailable, fmt::format("OpenSSL cannot {}", what)};
}

KeyPtr NewKey() {
  return KeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"), EVP_PKEY_free);
}

bool SetSerialNumber(X509* cert) {
  std::array<unsigned char, 8> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return false;
  bytes[0] &= 0x7fU;  // positive
  BIGNUM* number = BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr);
  const bool good = BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)) != nullptr;
  BN_free(number);
  return good;
}

// Without extensions and signature. Null if OpenSSL fails.
CertPtr NewCertificate(const std::string& name, const Validity& validity, EVP_PKEY* key) {
  CertPtr cert(X509_new(), X509_free);
  const bool good =
      cert != nullptr && X509_set_version(cert.get(), X509_VERSION_3) == 1 &&
      SetSerialNumber(cert.get()) &&
      X509_gmtime_adj(X509_getm_notBefore(cert.get()), validity.from.count()) != nullptr &&
      X509_gmtime_adj(X509_getm_notAfter(cert.get()), validity.to.count()) != nullptr &&
      X509_set_pubkey(cert.get(), key) == 1 &&
      X509_NAME_add_entry_by_txt(X509_get_subject_name(cert.get()), "CN", MBSTRING_UTF8,
                                 reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1,
                                 0) == 1;
  return good ? cert : nullptr;
}

struct Extension {
  int nid;
  std::string value;
};

bool AddExtensions(const std::vector<Extension>& extensions, X509* issuer, X509* cert) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, cert, nullptr, nullptr, 0);
  for (const Extension& wanted : extensions) {
    X509_EXTENSION* extension =
        X509V3_EXT_conf_nid(nullptr, &context, wanted.nid, wanted.value.c_str());
    if (extension == nullptr) return false;
    const bool added = X509_add_ext(cert, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    if (!added) return false;
  }
  return true;
}

bool Sign(X509* issuer, EVP_PKEY* issuer_key, X509* cert) {
  return X509_set_issuer_name(cert, X509_get_subject_name(issuer)) == 1 &&
         X509_sign(cert, issuer_key, EVP_sha256()) > 0;
}

std::string AlternativeNames(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) {
    std::array<unsigned char, sizeof(in6_addr)> address{};
    const bool is_ip = inet_pton(AF_INET, name.c_str(), address.data()) == 1 ||
                       inet_pton(AF_INET6, name.c_str(), address.data()) == 1;
    list += fmt::format("{}{}:{}", list.empty() ? "" : ",", is_ip ? "IP" : "DNS", name);
  }
  return list;
}

std::string TakeText(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return text;
}

Result<CertifiedKey> ToPem(X509* cert, EVP_PKEY* key) {
  BIO* cert_bio = BIO_new(BIO_s_mem());
  BIO* key_bio = BIO_new(BIO_s_mem());
  const bool good =
      PEM_write_bio_X509(cert_bio, cert) == 1 &&
      PEM_write_bio_PrivateKey(key_bio, key, nullptr, nullptr, 0, nullptr, nullptr) == 1;
  CertifiedKey pem{TakeText(cert_bio), TakeText(key_bio)};
  if (!good) return Failed("write a certificate");
  return pem;
}

// What is certified: to whom, for when, for what.
struct Order {
  std::string name;
  Validity validity;
  std::vector<Extension> extensions;
};

// `issuer` null: signed by itself.
Result<CertifiedKey> Issue(const Order& order, X509* issuer, EVP_PKEY* issuer_key) {
  const KeyPtr key = NewKey();
  if (!key) return Failed("make a key");
  const CertPtr cert = NewCertificate(order.name, order.validity, key.get());
  if (!cert) return Failed("make a certificate");
  X509* const by = issuer == nullptr ? cert.get() : issuer;
  EVP_PKEY* const by_key = issuer == nullptr ? key.get() : issuer_key;
  if (!AddExtensions(order.extensions, by, cert.get()) || !Sign(by, by_key, cert.get())) {
    return Failed("sign a certificate for " + order.name);
  }
  return ToPem(cert.get(), key.get());
}

const Validity& ValidityOf(TlsSpec::Certificate kind) {
  if (kind == TlsSpec::Certificate::kExpired) return kExpired;
  return kind == TlsSpec::Certificate::kNotYetValid ? kNotYetValid : kValid;
}

}  // namespace

Result<Authority> Authority::Make(const std::string& name) {
  KeyPtr key = NewKey();
  if (!key) return Failed("make a key");
  CertPtr cert = NewCertificate(name, {-60 * kDay, 3650 * kDay}, key.get());
  if (!cert ||
      !AddExtensions({{NID_basic_constraints, "critical,CA:TRUE"},
                      {NID_key_usage, "critical,keyCertSign,cRLSign"},
                      {NID_subject_key_identifier, "hash"}},
                     cert.get(), cert.get()) ||
      !Sign(cert.get(), key.get(), cert.get())) {
    return Failed("make a certificate authority");
  }
  return Authority(std::move(cert), std::move(key));
}

Result<Authority> Authority::FromPem(const std::string& cert_pem, const std::string& key_pem) {
  BIO* cert_bio = BIO_new_mem_buf(cert_pem.data(), static_cast<int>(cert_pem.size()));
  CertPtr cert(PEM_read_bio_X509(cert_bio, nullptr, nullptr, nullptr), X509_free);
  BIO_free(cert_bio);
  BIO* key_bio = BIO_new_mem_buf(key_pem.data(), static_cast<int>(key_pem.size()));
  KeyPtr key(PEM_read_bio_PrivateKey(key_bio, nullptr, nullptr, nullptr), EVP_PKEY_free);
  BIO_free(key_bio);
  if (!cert || !key || X509_check_private_key(cert.get(), key.get()) != 1) {
    return Error{ErrorCode::kInvalidArgument,
                 "the authority's files are no PEM certificate and private key that belong "
                 "together"};
  }
  return Authority(std::move(cert), std::move(key));
}

Result<CertifiedKey> Authority::IssueServer(TlsSpec::Certificate kind,
                                            const std::vector<std::string>& names) const {
  const bool wrong_name = kind == TlsSpec::Certificate::kWrongName;
  const bool self_signed = kind == TlsSpec::Certificate::kSelfSigned;
  const std::vector<std::string> shown =
      wrong_name ? std::vector<std::string>{std::string(kWrongName)} : names;
  Order order{shown.empty() ? std::string(kWrongName) : shown.front(), ValidityOf(kind), {}};
  order.extensions = {{NID_basic_constraints, "critical,CA:FALSE"},
                      {NID_ext_key_usage, "serverAuth"},
                      {NID_subject_key_identifier, "hash"}};
  if (!self_signed) order.extensions.push_back({NID_authority_key_identifier, "keyid"});
  if (!shown.empty()) {
    order.extensions.push_back({NID_subject_alt_name, AlternativeNames(shown)});
  }
  return Issue(order, self_signed ? nullptr : cert_.get(), key_.get());
}

Result<CertifiedKey> Authority::IssueClient(const std::string& name) const {
  return Issue({name,
                kValid,
                {{NID_basic_constraints, "critical,CA:FALSE"},
                 {NID_ext_key_usage, "clientAuth"},
                 {NID_subject_key_identifier, "hash"},
                 {NID_authority_key_identifier, "keyid"}}},
               cert_.get(), key_.get());
}

Result<CertifiedKey> Authority::Pem() const { return ToPem(cert_.get(), key_.get()); }

}  // namespace mock_mc
