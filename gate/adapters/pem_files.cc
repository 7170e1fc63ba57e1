#include "gate/adapters/pem_files.h"

#include <fmt/format.h>
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
using KeyPtr = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;

Result<BioPtr> Open(const PemSource& source) {
  BioPtr bio(source.file.empty()
                 ? BIO_new_mem_buf(source.pem.data(), static_cast<int>(source.pem.size()))
                 : BIO_new_file(source.file.c_str(), "r"));
  if (bio == nullptr) return source.Complain(TakeOpenSslError());
  return bio;
}

// OpenSSL's own callback would ask on the terminal.
int RefusePassword(char* /*buffer*/, int /*size*/, int /*for_writing*/, void* /*context*/) {
  return -1;
}

}  // namespace

void FreeX509::operator()(x509_st* certificate) const { X509_free(certificate); }

Result<std::vector<FileStamp>> StampFiles(const std::vector<std::string>& files) {
  std::vector<FileStamp> stamps;
  for (const std::string& file : files) {
    if (file.empty()) continue;
    struct stat status = {};
    if (stat(file.c_str(), &status) != 0) {
      return InvalidArgument(fmt::format("{}: {}", file, std::generic_category().message(errno)));
    }
    if (!S_ISREG(status.st_mode)) return InvalidArgument(file + ": is no regular file");
    stamps.push_back({status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec,
                      status.st_mtim.tv_nsec});
  }
  return stamps;
}

std::string TakeOpenSslError() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  if (code == 0) return "unknown error";
  if (ERR_SYSTEM_ERROR(code)) return std::generic_category().message(ERR_GET_REASON(code));
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : fmt::format("OpenSSL error {:#x}", code);
}

Error PemSource::Complain(std::string_view problem) const {
  return InvalidArgument(file.empty() ? fmt::format("{}: {}", what, problem)
                                      : fmt::format("{} in {}: {}", what, file, problem));
}

Result<std::vector<X509Ptr>> ReadCertificates(const PemSource& source) {
  auto bio = Open(source);
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

Result<void> UseIdentity(SSL_CTX* context, const PemSource& certificate, const PemSource& key) {
  auto chain = ReadCertificates(certificate);
  if (!chain) return std::move(chain).error();
  if (SSL_CTX_use_certificate(context, chain->front().get()) != 1) {
    return certificate.Complain(TakeOpenSslError());
  }
  for (std::size_t i = 1; i < chain->size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context, (*chain)[i].get()) != 1) {
      return certificate.Complain(TakeOpenSslError());
    }
  }
  auto bio = Open(key);
  if (!bio) return std::move(bio).error();
  const KeyPtr parsed(PEM_read_bio_PrivateKey(bio->get(), nullptr, RefusePassword, nullptr));
  if (parsed == nullptr) {
    ERR_clear_error();  // its text says nothing helpful
    return key.Complain("no unencrypted PEM private key found");
  }
  if (SSL_CTX_use_PrivateKey(context, parsed.get()) != 1) return key.Complain(TakeOpenSslError());
  return {};
}

}  // namespace gate
