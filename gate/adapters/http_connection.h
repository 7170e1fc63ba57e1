#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gate/adapters/host_resolver.h"
#include "gate/adapters/http_url.h"
#include "gate/adapters/tls_context.h"
#include "gate/seams/http_client.h"

namespace gate {

// One TCP connection, in TLS or not, with blocking calls that a deadline bounds and a stop request
// ends. For one thread at a time. After an error the connection is of no further use. Errors:
// kConnect, kTls, kReset, kTimeout, kCancelled; their message says what happened, not where.
class HttpConnection {
 public:
  // Tries `addresses` in order, each with an even share of the time left, then performs the
  // handshake if `tls` is given: the peer's certificate must be for `server_name`, a host name or
  // address.
  static Result<std::unique_ptr<HttpConnection>, HttpError> Open(
      const std::vector<SocketAddress>& addresses, const TlsContext::Current* tls,
      const std::string& server_name, const Deadline& deadline);

  ~HttpConnection();

  // Sends all of `bytes`. `sent` counts what was handed over before an error.
  Result<void, HttpError> Write(std::string_view bytes, const Deadline& deadline,
                                std::size_t& sent);

  // The next bytes, valid until the next call; empty at the orderly end of the stream (in TLS: only
  // after close_notify, so that nobody can cut an answer short unnoticed).
  Result<std::string_view, HttpError> Read(const Deadline& deadline);

  // True if an idle connection is still open and silent. Does not wait.
  bool IsIdle();

 private:
  struct State;
  explicit HttpConnection(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace gate
