#pragma once

#include <cstddef>
#include <memory>

#include "gate/adapters/host_resolver.h"
#include "gate/adapters/tls_options.h"
#include "gate/seams/http_client.h"

namespace gate {

struct HttpClientOptions {
  TlsOptions tls;
  std::size_t header_limit = std::size_t{64} << 10U;  // of an answer, in bytes
  std::size_t most_idle_connections = 8;              // over all origins; 0: none is kept
  Nanos longest_idle = std::chrono::seconds(60);
};

// The HttpClient of production: HTTP/1.1 on Boost.Asio and Beast, TLS by OpenSSL; see
// docs/adr/0001-http-client.md. Beyond what the seam promises:
//
// - Connections are kept and used again. A kept one that turns out dead before the first byte of
//   the answer is replaced once, within the same deadline, if the request cannot take effect twice:
//   GET, HEAD, PUT, DELETE, OPTIONS, or nothing of it was sent.
// - Bodies arrive as they are: `Accept-Encoding: identity` unless the request says otherwise.
// - Refused as kInvalidRequest: line breaks and control characters in the method, URL, headers or
//   token, and headers that are the client's own (Host, Content-Length, Transfer-Encoding,
//   Connection, and Authorization beside a bearer token).
// - An answer without a length ends with the connection; in TLS only after close_notify.
// - No proxies, no cookies.
//
// The constructor does not read the TLS files; each request that needs them does. It keeps OpenSSL
// from loading its configuration file (openssl.cnf), provided that nothing in the process has used
// OpenSSL before, not even for a hash: build the client first. `resolver` is for tests.
class BeastHttpClient : public HttpClient {
 public:
  explicit BeastHttpClient(const HttpClientOptions& options = {},
                           HostResolver resolver = HostResolver());
  ~BeastHttpClient() override;

  Result<HttpResponse, HttpError> Send(const HttpRequest& request,
                                       const Deadline& deadline) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gate
