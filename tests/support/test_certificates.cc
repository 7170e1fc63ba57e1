#include "tests/support/test_certificates.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "gate/base/check.h"

namespace gate {
namespace {

using KeyPtr = std::shared_ptr<EVP_PKEY>;
using CertPtr = std::shared_ptr<X509>;

KeyPtr NewKey() {
  return KeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"), EVP_PKEY_free);
}

void AddExtension(X509* cert, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, cert, cert, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  GATE_CHECK(extension != nullptr);
  GATE_CHECK(X509_add_ext(cert, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

CertPtr NewCertificate(const std::string& name, EVP_PKEY* key, std::chrono::seconds life) {
  CertPtr cert(X509_new(), X509_free);
  X509_set_version(cert.get(), X509_VERSION_3);
  unsigned char serial[8];
  GATE_CHECK(RAND_bytes(serial, sizeof serial) == 1);
  serial[0] &= 0x7f;  // positive
  BIGNUM* number = BN_bin2bn(serial, sizeof serial, nullptr);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert.get()));
  BN_free(number);
  X509_gmtime_adj(X509_getm_notBefore(cert.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(cert.get()), life.count() - 3600);
  X509_set_pubkey(cert.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(cert.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  return cert;
}

void AddNames(X509* cert, const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) {
    unsigned char address[sizeof(in6_addr)];
    const bool is_ip = inet_pton(AF_INET, name.c_str(), address) == 1 ||
                       inet_pton(AF_INET6, name.c_str(), address) == 1;
    list += fmt::format("{}{}:{}", list.empty() ? "" : ",", is_ip ? "IP" : "DNS", name);
  }
  if (!list.empty()) AddExtension(cert, NID_subject_alt_name, list);
}

std::string Text(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return text;
}

std::string CertText(X509* cert) {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(bio, cert);
  return Text(bio);
}

std::string KeyText(EVP_PKEY* key) {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  return Text(bio);
}

void Sign(X509* cert, X509* issuer, EVP_PKEY* issuer_key) {
  X509_set_issuer_name(cert, X509_get_subject_name(issuer));
  GATE_CHECK(X509_sign(cert, issuer_key, EVP_sha256()) > 0);
}

}  // namespace

TestAuthority::TestAuthority(const std::string& name)
    : key_(NewKey()), cert_(NewCertificate(name, key_.get(), std::chrono::hours(24))) {
  AddExtension(cert_.get(), NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(cert_.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  Sign(cert_.get(), cert_.get(), key_.get());
}

std::string TestAuthority::cert_pem() const { return CertText(cert_.get()); }

TestAuthority::Issued TestAuthority::Issue(const std::vector<std::string>& names,
                                           std::chrono::seconds life) const {
  const KeyPtr key = NewKey();
  const CertPtr cert = NewCertificate(names.empty() ? "nobody" : names.front(), key.get(), life);
  AddNames(cert.get(), names);
  Sign(cert.get(), cert_.get(), key_.get());
  return {CertText(cert.get()), KeyText(key.get())};
}

TestAuthority::Issued TestAuthority::SelfSigned(const std::vector<std::string>& names) {
  const KeyPtr key = NewKey();
  const CertPtr cert = NewCertificate(names.front(), key.get(), std::chrono::hours(24));
  AddNames(cert.get(), names);
  Sign(cert.get(), cert.get(), key.get());
  return {CertText(cert.get()), KeyText(key.get())};
}

}  // namespace gate
