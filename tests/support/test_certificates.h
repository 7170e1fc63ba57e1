#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

struct evp_pkey_st;  // OpenSSL's EVP_PKEY
struct x509_st;      // OpenSSL's X509

namespace gate {

// A certificate authority that lives as long as a test does. Keys are P-256.
class TestAuthority {
 public:
  explicit TestAuthority(const std::string& name = "test authority");

  // The authority's own certificate.
  std::string cert_pem() const;

  struct Issued {
    std::string cert_pem;
    std::string key_pem;
  };

  // A certificate for these names and addresses ("127.0.0.1"), valid from an hour ago for `life`:
  // less than an hour means that it has expired.
  Issued Issue(const std::vector<std::string>& names,
               std::chrono::seconds life = std::chrono::hours(24)) const;

  // One that no authority has signed.
  static Issued SelfSigned(const std::vector<std::string>& names);

 private:
  std::shared_ptr<evp_pkey_st> key_;  // shared: OpenSSL's counting pointers
  std::shared_ptr<x509_st> cert_;
};

}  // namespace gate
