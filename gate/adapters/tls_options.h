#pragma once

#include <string>

#include "gate/base/secret.h"

namespace gate {

// How a client authenticates its peers and itself. Everything is PEM. Of each *_file and *_pem pair
// at most one is set. Files are read again when they have changed.
struct TlsOptions {
  std::string ca_file = {};  // whom to trust; if both are empty: kSystemCaFile
  std::string ca_pem = {};

  // The client certificate (with its chain) and its key: both or none.
  std::string client_cert_file = {};
  std::string client_cert_pem = {};
  std::string client_key_file = {};
  Secret client_key_pem = {};

  // Verified, and sent as SNI, instead of the URL's host.
  std::string server_name = {};
};

// What Debian's ca-certificates and the usual base images provide.
inline constexpr const char* kSystemCaFile = "/etc/ssl/certs/ca-certificates.crt";

}  // namespace gate
