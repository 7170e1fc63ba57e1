#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "gate/base/result.h"
#include "gate/base/time.h"
#include "gate/seams/http_handler.h"
#include "gate/seams/http_server.h"

namespace gate {

struct HttpServerOptions {
  // "host:port" with a numeric host, "[...]" around IPv6; no host: all of IPv4; port 0: any.
  std::string listen = "127.0.0.1:0";

  // Certificate chain and key, PEM; both or none. Read again when they have changed; if they cannot
  // be used then, the former ones stay in use, with a warning.
  std::string cert_file = {};
  std::string key_file = {};

  std::size_t most_connections = 4096;  // one more takes the place of the longest idle one
  std::size_t most_requests = 256;      // handled at once; each has a thread
  std::size_t header_limit = std::size_t{16} << 10U;  // bytes
  std::size_t body_limit = std::size_t{64} << 10U;

  Nanos handshake_timeout = std::chrono::seconds(10);
  Nanos read_timeout = std::chrono::seconds(10);    // from a request's first byte to its last
  Nanos write_timeout = std::chrono::seconds(10);   // of a whole answer
  Nanos answer_timeout = std::chrono::seconds(60);  // the deadline that Handle gets
  // Without a request. Less than the 90 s of Go's client, so that we close first only when it
  // cannot be about to use the connection: it then has been silent for that long.
  Nanos longest_idle = std::chrono::seconds(75);
  // After Stop, requests may take this long to end by themselves; then they are asked to.
  Nanos grace = std::chrono::seconds(10);

  // Told what an operator should know. Called by any thread, at most once a second for each of a
  // few kinds of trouble.
  std::function<void(const std::string& message)> warn = {};
};

// HttpHandler on the network: HTTP/1.1 and 1.0 on Boost.Asio, in TLS (1.2 or later) or not.
//
// - Connections are served by a few threads that never block, requests by `most_requests` others.
//   When all of those are taken, HttpHandler::Overloaded answers at once.
// - Connections are kept open; pipelined requests are answered in order. HEAD gets no body.
// - What is no good request gets 400, 408, 413, 417, 431, 501 or 505 with {"error": ...}, and its
//   connection is closed; see http_request_reader.h. The handler does not see it.
// - Content-Length, Connection and Transfer-Encoding of answers are the server's own.
// - An exception of the handler ends the process.
class BeastHttpServer : public HttpServer {
 public:
  // Listens. kInvalidArgument if the address or the certificate files are unusable, kUnavailable if
  // the address cannot be listened on. Raises this process's limit of open files as far as it may
  // itself. `handler` must outlive the server.
  static Result<std::unique_ptr<BeastHttpServer>> Start(HttpHandler& handler,
                                                        const HttpServerOptions& options);
  ~BeastHttpServer() override;

  std::uint16_t port() const;
  std::string url() const override;
  // Of the connections, those that wait for their next request. A client sees its answer a moment
  // before its connection counts here.
  std::size_t idle_connections() const;

  // Closes what is idle at once, and answers what is under way with `Connection: close`. What takes
  // longer than `options.grace` is asked to stop by its deadline: not sooner, as a verdict that is
  // cut short would pause a release only because the gate is being replaced. Two seconds later
  // connections are cut. Returns when no handler runs any more.
  void Stop() override;

 private:
  struct State;
  explicit BeastHttpServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace gate
