#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gate/adapters/pem_files.h"
#include "gate/base/result.h"

namespace gate {

// OpenSSL's settings for a server's connections: TLS 1.2 or later, ALPN "http/1.1", no
// renegotiation, no sessions kept. Built anew after one of its files has changed. Thread-safe only
// if calls of Get are not concurrent.
class ServerTlsContext {
 public:
  // kInvalidArgument if certificate and key cannot be read or do not belong together.
  static Result<ServerTlsContext> Load(std::string cert_file, std::string key_file);

  struct Current {
    std::shared_ptr<ssl_ctx_st> context;
    // Why the files are not the ones in use, told once for each version of them.
    std::optional<Error> trouble;
  };
  Current Get();

 private:
  ServerTlsContext(std::string cert_file, std::string key_file);
  Result<std::shared_ptr<ssl_ctx_st>> Build() const;

  std::string cert_file_;
  std::string key_file_;
  std::optional<std::vector<FileStamp>> stamps_;  // nothing: the files could not be looked at
  std::shared_ptr<ssl_ctx_st> context_;
};

}  // namespace gate
