#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gate/base/result.h"
#include "mock-mc/behaviour/listener_spec.h"

struct evp_pkey_st;  // OpenSSL's EVP_PKEY
struct x509_st;      // OpenSSL's X509

namespace mock_mc {

// A certificate (PEM) and its private key.
struct CertifiedKey {
  std::string cert_pem;
  std::string key_pem;
};

// A certificate authority for tests; its key and those of what it issues are P-256.
class Authority {
 public:
  static gate::Result<Authority> Make(const std::string& name);
  // kInvalidArgument if the texts are no certificate and key that belong together.
  static gate::Result<Authority> FromPem(const std::string& cert_pem, const std::string& key_pem);

  // For a server with these names and addresses ("127.0.0.1"), with the flaw that `kind` names;
  // kSelfSigned is not signed by this authority.
  gate::Result<CertifiedKey> IssueServer(TlsSpec::Certificate kind,
                                         const std::vector<std::string>& names) const;
  gate::Result<CertifiedKey> IssueClient(const std::string& name) const;

  gate::Result<CertifiedKey> Pem() const;

 private:
  Authority(std::shared_ptr<x509_st> cert, std::shared_ptr<evp_pkey_st> key)
      : cert_(std::move(cert)), key_(std::move(key)) {}

  std::shared_ptr<x509_st> cert_;
  std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace mock_mc
