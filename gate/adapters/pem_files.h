#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gate/base/result.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX
struct x509_st;     // OpenSSL's X509

// Certificates and keys in PEM files, for both ends of TLS connections. All errors are
// kInvalidArgument; their messages name the file and never hold key material.
namespace gate {

// What tells one version of a file from the next. Kubernetes replaces mounted Secrets through a
// symbolic link, which changes the inode even if the times are equal.
struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = 0;
  std::int64_t modified_seconds = 0;
  std::int64_t modified_nanos = 0;
  bool operator==(const FileStamp&) const = default;
};

// The stamps of regular files. Empty paths are skipped.
Result<std::vector<FileStamp>> StampFiles(const std::vector<std::string>& files);

struct FreeX509 {
  void operator()(x509_st* certificate) const;
};
using X509Ptr = std::unique_ptr<x509_st, FreeX509>;

// The newest entry of OpenSSL's error queue, which is emptied.
std::string TakeOpenSslError();

// PEM text from a file or, if that is empty, from memory.
struct PemSource {
  std::string_view what;  // "CA certificates"
  const std::string& file;
  std::string_view pem = {};

  bool empty() const { return file.empty() && pem.empty(); }
  Error Complain(std::string_view problem) const;
};

// At least one certificate.
Result<std::vector<X509Ptr>> ReadCertificates(const PemSource& source);

// Lets `context` present this certificate with its chain, and sign with this key.
Result<void> UseIdentity(ssl_ctx_st* context, const PemSource& certificate, const PemSource& key);

}  // namespace gate
