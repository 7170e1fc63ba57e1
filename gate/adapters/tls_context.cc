#include "gate/adapters/tls_context.h"

#include <openssl/crypto.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <utility>

namespace gate {
namespace {

HttpError Unusable(std::string what) {
  return HttpError{HttpErrorKind::kInvalidRequest, "TLS settings: " + std::move(what)};
}

Result<void, HttpError> LoadTrust(const TlsOptions& options, SSL_CTX* context) {
  static const std::string kSystem = kSystemCaFile;
  const bool use_default = options.ca_file.empty() && options.ca_pem.empty();
  auto certificates = ReadCertificates(
      {"CA certificates", use_default ? kSystem : options.ca_file, options.ca_pem});
  if (!certificates) return Unusable(std::move(certificates).error().message);
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  for (const X509Ptr& certificate : *certificates) {
    if (X509_STORE_add_cert(store, certificate.get()) != 1) return Unusable(TakeOpenSslError());
  }
  return {};
}

Result<void, HttpError> LoadClientCertificate(const TlsOptions& options, SSL_CTX* context) {
  const PemSource cert = {"client certificate", options.client_cert_file, options.client_cert_pem};
  const PemSource key = {"client key", options.client_key_file, options.client_key_pem.Reveal()};
  if (cert.empty() && key.empty()) return {};
  if (cert.empty() || key.empty()) {
    return Unusable("a client certificate and its key must be given together");
  }
  auto used = UseIdentity(context, cert, key);
  if (!used) return Unusable(std::move(used).error().message);
  return {};
}

Result<std::shared_ptr<SSL_CTX>, HttpError> Build(const TlsOptions& options) {
  if (!options.ca_file.empty() && !options.ca_pem.empty()) {
    return Unusable("CA certificates are given both as a file and as text");
  }
  if (!options.client_cert_file.empty() && !options.client_cert_pem.empty()) {
    return Unusable("the client certificate is given both as a file and as text");
  }
  if (!options.client_key_file.empty() && !options.client_key_pem.empty()) {
    return Unusable("the client key is given both as a file and as text");
  }
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  if (context == nullptr) return Unusable(TakeOpenSslError());
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  static constexpr unsigned char kAlpn[] = "\x08http/1.1";
  SSL_CTX_set_alpn_protos(context.get(), kAlpn, sizeof kAlpn - 1);
  if (auto loaded = LoadTrust(options, context.get()); !loaded) return std::move(loaded).error();
  if (auto loaded = LoadClientCertificate(options, context.get()); !loaded) {
    return std::move(loaded).error();
  }
  return context;
}

}  // namespace

TlsContext::TlsContext(TlsOptions options) : options_(std::move(options)) {
  // Without effect if OpenSSL is in use already, and be it for a hash. Only the part that would
  // read the configuration file: the rest is left to the first handshake, which may never come.
  OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
}

Result<TlsContext::Current, HttpError> TlsContext::Get() {
  const std::lock_guard lock(mutex_);
  // Before reading: a change while reading is then noticed by the next call.
  auto stamps = StampFiles({options_.ca_file, options_.client_cert_file, options_.client_key_file});
  if (!stamps) return Unusable(std::move(stamps).error().message);
  if (current_.context != nullptr && *stamps == stamps_) return current_;
  auto built = Build(options_);
  if (!built) return std::move(built).error();
  current_ = {*std::move(built), current_.generation + 1};
  stamps_ = *std::move(stamps);
  return current_;
}

}  // namespace gate
