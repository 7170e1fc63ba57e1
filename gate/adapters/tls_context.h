#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gate/adapters/pem_files.h"
#include "gate/adapters/tls_options.h"
#include "gate/seams/http_client.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace gate {

// OpenSSL's settings for client connections: TLS 1.2 or later, the peer's chain always verified,
// ALPN "http/1.1", no renegotiation. Built when first needed and again after one of its files has
// changed, so that rotated certificates need no restart. Thread-safe.
class TlsContext {
 public:
  explicit TlsContext(TlsOptions options);

  struct Current {
    std::shared_ptr<ssl_ctx_st> context;  // shared with the connections made from it
    std::uint64_t generation = 0;         // another number after every rebuild
  };

  // kInvalidRequest if the options contradict each other or something in them cannot be read or
  // parsed; the message names the file, and never holds key material.
  Result<Current, HttpError> Get();

  const TlsOptions& options() const { return options_; }

 private:
  const TlsOptions options_;
  std::mutex mutex_;
  std::vector<FileStamp> stamps_;
  Current current_;
};

}  // namespace gate
