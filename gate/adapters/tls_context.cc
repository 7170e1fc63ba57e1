#include "gate/adapters/tls_context.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace gate {
namespace {

template <auto kFree>
struct Free {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using BioPtr = std::unique_ptr<BIO, Free<BIO_free>>;
using X509Ptr = std::unique_ptr<X509, Free<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using ContextPtr = std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>>;

HttpError Unusable(std::string what) {
  return HttpError{HttpErrorKind::kInvalidRequest, "TLS settings: " + std::move(what)};
}

// The newest entry of OpenSSL's error queue, which is emptied.
std::string TakeOpenSslError() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  if (code == 0) return "unknown error";
  if (ERR_SYSTEM_ERROR(code)) return std::generic_category().message(ERR_GET_REASON(code));
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : fmt::format("OpenSSL error {:#x}", code);
}

// PEM text from a file or from memory.
struct PemSource {
  std::string_view what;  // "CA certificates"
  const std::string& file;
  std::string_view pem;

  bool empty() const { return file.empty() && pem.empty(); }

  HttpError Complain(std::string_view problem) const {
    return Unusable(file.empty() ? fmt::format("{}: {}", what, problem)
                                 : fmt::format("{} in {}: {}", what, file, problem));
  }

  Result<BioPtr, HttpError> Open() const {
    BioPtr bio(file.empty() ? BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))
                            : BIO_new_file(file.c_str(), "r"));
    if (bio == nullptr) return Complain(TakeOpenSslError());
    return bio;
  }
};

// OpenSSL's own callback would ask on the terminal.
int RefusePassword(char* /*buffer*/, int /*size*/, int /*for_writing*/, void* /*context*/) {
  return -1;
}

// At least one certificate.
Result<std::vector<X509Ptr>, HttpError> ReadCertificates(const PemSource& source) {
  auto bio = source.Open();
  if (!bio) return std::move(bio).error();
  std::vector<X509Ptr> certificates;
  ERR_clear_error();
  while (X509* certificate = PEM_read_bio_X509(bio->get(), nullptr, RefusePassword, nullptr)) {
    certificates.emplace_back(certificate);
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const std::string error = TakeOpenSslError();
  if (!at_end) {
    return source.Complain(
        fmt::format("certificate {} cannot be read: {}", certificates.size() + 1, error));
  }
  if (certificates.empty()) return source.Complain("no PEM certificate found");
  return certificates;
}

Result<void, HttpError> LoadTrust(const TlsOptions& options, SSL_CTX* context) {
  static const std::string kSystem = kSystemCaFile;
  const bool use_default = options.ca_file.empty() && options.ca_pem.empty();
  auto certificates = ReadCertificates(
      {"CA certificates", use_default ? kSystem : options.ca_file, options.ca_pem});
  if (!certificates) return std::move(certificates).error();
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
  auto chain = ReadCertificates(cert);
  if (!chain) return std::move(chain).error();
  if (SSL_CTX_use_certificate(context, chain->front().get()) != 1) {
    return cert.Complain(TakeOpenSslError());
  }
  for (std::size_t i = 1; i < chain->size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context, (*chain)[i].get()) != 1) {
      return cert.Complain(TakeOpenSslError());
    }
  }
  auto bio = key.Open();
  if (!bio) return std::move(bio).error();
  const KeyPtr parsed(PEM_read_bio_PrivateKey(bio->get(), nullptr, RefusePassword, nullptr));
  if (parsed == nullptr) {
    ERR_clear_error();  // its text says nothing helpful
    return key.Complain("no unencrypted PEM private key found");
  }
  if (SSL_CTX_use_PrivateKey(context, parsed.get()) != 1) return key.Complain(TakeOpenSslError());
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
  ContextPtr context(SSL_CTX_new(TLS_client_method()));
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
  return std::shared_ptr<SSL_CTX>(context.release(), SSL_CTX_free);
}

}  // namespace

TlsContext::TlsContext(TlsOptions options) : options_(std::move(options)) {
  // Without effect if OpenSSL is in use already, and be it for a hash. Only the part that would
  // read the configuration file: the rest is left to the first handshake, which may never come.
  OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
}

Result<std::vector<TlsContext::FileStamp>, HttpError> TlsContext::StampFiles() const {
  std::vector<FileStamp> stamps;
  for (const std::string* file :
       {&options_.ca_file, &options_.client_cert_file, &options_.client_key_file}) {
    if (file->empty()) continue;
    struct stat status = {};
    if (stat(file->c_str(), &status) != 0) {
      return Unusable(fmt::format("{}: {}", *file, std::generic_category().message(errno)));
    }
    if (!S_ISREG(status.st_mode)) return Unusable(*file + ": is no regular file");
    stamps.push_back({status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec,
                      status.st_mtim.tv_nsec});
  }
  return stamps;
}

Result<TlsContext::Current, HttpError> TlsContext::Get() {
  const std::lock_guard lock(mutex_);
  // Before reading: a change while reading is then noticed by the next call.
  auto stamps = StampFiles();
  if (!stamps) return std::move(stamps).error();
  if (current_.context != nullptr && *stamps == stamps_) return current_;
  auto built = Build(options_);
  if (!built) return std::move(built).error();
  current_ = {*std::move(built), current_.generation + 1};
  stamps_ = *std::move(stamps);
  return current_;
}

}  // namespace gate
