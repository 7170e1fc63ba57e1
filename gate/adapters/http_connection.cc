#include "gate/adapters/http_connection.h"

#include <fmt/format.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <cstring>
#include <optional>
#include <stop_token>
#include <utility>

#include "gate/adapters/steady_instant.h"

namespace gate {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t kReadSize = std::size_t{16} << 10U;  // one TLS record

// What one asynchronous operation came to.
struct Completion {
  bool done = false;
  error_code error;
  std::size_t bytes = 0;
};

// The one handler type, so that Asio's and OpenSSL's operations are instantiated once each.
struct Complete {
  Completion* completion;
  void operator()(const error_code& error, std::size_t bytes = 0) const {
    *completion = {true, error, bytes};
  }
};

HttpError TimedOut(std::string_view phase) {
  return HttpError{HttpErrorKind::kTimeout, fmt::format("{}: deadline passed", phase)};
}

HttpError Cancelled(std::string_view phase) {
  return HttpError{HttpErrorKind::kCancelled, fmt::format("{}: cancelled", phase)};
}

// `phase` is where a connection that stood broke off.
HttpError BrokenOff(std::string_view phase, const error_code& error) {
  if (error == asio::error::eof || error == asio::ssl::error::stream_truncated) {
    return HttpError{HttpErrorKind::kReset,
                     fmt::format("{}: the peer closed the connection", phase)};
  }
  const auto kind = error.category() == asio::error::get_ssl_category() ? HttpErrorKind::kTls
                                                                        : HttpErrorKind::kReset;
  return HttpError{kind, fmt::format("{}: {}", phase, error.message())};
}

// Detects peers that vanished without a word, which matters for watches: they may be silent for
// minutes. 30 s + 3 * 10 s.
void KeepAlive(int fd) {
  const auto set = [fd](int level, int option, int value) {
    setsockopt(fd, level, option, &value, sizeof value);  // only a refinement: may fail
  };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 30);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 10);
  set(IPPROTO_TCP, TCP_KEEPCNT, 3);
}

// An even share of the time left, so that one dead address of several does not use it all up.
Instant ShareOf(Instant until, std::size_t addresses_left) {
  const Instant now = SteadyNow();
  return now + (until - now) / static_cast<Nanos::rep>(addresses_left);
}

// SSL_set_tlsext_host_name, whose macro casts in the old style.
long SetServerNameIndication(SSL* ssl, std::string name) {
  return SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
}

}  // namespace

struct HttpConnection::State {
  asio::io_context context{1};  // one thread runs it
  tcp::socket socket{context};
  std::optional<asio::ssl::stream<tcp::socket&>> tls;
  std::shared_ptr<SSL_CTX> tls_context;
  std::vector<char> read_buffer = std::vector<char>(kReadSize);

  // Runs the operation that has just been started to its end, which comes at the latest shortly
  // after the deadline or a stop request: then the socket is closed and the operation aborted.
  // True if it ended by itself.
  bool Run(const Completion& completion, const Deadline& deadline);

  Result<void, HttpError> Connect(const std::vector<SocketAddress>& addresses,
                                  const Deadline& deadline);
  Result<void, HttpError> Handshake(const std::string& server_name, const Deadline& deadline);
};

bool HttpConnection::State::Run(const Completion& completion, const Deadline& deadline) {
  context.restart();
  {
    // An empty handler, so that it does no harm if it runs only within the next operation.
    const std::stop_callback wake(deadline.stop, [this] { asio::post(context, [] {}); });
    while (!completion.done && !deadline.stop.stop_requested() && SteadyNow() < deadline.at) {
      context.run_one_until(ToSteady(deadline.at));
    }
  }
  if (completion.done) return true;
  error_code ignored;
  socket.close(ignored);
  while (!completion.done) context.run_one();
  return false;
}

Result<void, HttpError> HttpConnection::State::Connect(const std::vector<SocketAddress>& addresses,
                                                       const Deadline& deadline) {
  constexpr std::string_view kPhase = "connecting";
  std::string failure = "no addresses";
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    tcp::endpoint endpoint;
    endpoint.resize(addresses[i].size);
    std::memcpy(endpoint.data(), &addresses[i].storage, addresses[i].size);
    Completion completion;
    socket.async_connect(endpoint, Complete{&completion});
    const Deadline share = {ShareOf(deadline.at, addresses.size() - i), deadline.stop};
    const bool ended = Run(completion, share);
    if (ended && !completion.error) {
      KeepAlive(socket.native_handle());
      error_code ignored;
      socket.set_option(tcp::no_delay(true), ignored);
      return {};
    }
    if (deadline.stop.stop_requested()) return Cancelled(kPhase);
    if (SteadyNow() >= deadline.at) return TimedOut(kPhase);
    failure = ended ? completion.error.message() : "no answer";
    error_code ignored;
    socket.close(ignored);
  }
  return HttpError{HttpErrorKind::kConnect, fmt::format("{}: {}", kPhase, failure)};
}

Result<void, HttpError> HttpConnection::State::Handshake(const std::string& server_name,
                                                         const Deadline& deadline) {
  constexpr std::string_view kPhase = "TLS handshake";
  SSL_CTX_up_ref(tls_context.get());  // the temporary context below gives it back
  {
    asio::ssl::context borrowed(tls_context.get());
    tls.emplace(socket, borrowed);
  }
  SSL* ssl = tls->native_handle();
  X509_VERIFY_PARAM* parameters = SSL_get0_param(ssl);
  X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (X509_VERIFY_PARAM_set1_ip_asc(parameters, server_name.c_str()) != 1) {
    // SNI carries host names only (RFC 6066 section 3).
    if (X509_VERIFY_PARAM_set1_host(parameters, server_name.c_str(), 0) != 1 ||
        SetServerNameIndication(ssl, server_name) != 1) {
      return HttpError{HttpErrorKind::kInvalidRequest,
                       fmt::format("{}: unusable server name", kPhase)};
    }
  }
  Completion completion;
  tls->async_handshake(asio::ssl::stream_base::client, Complete{&completion});
  if (!Run(completion, deadline)) {
    return deadline.stop.stop_requested() ? Cancelled(kPhase) : TimedOut(kPhase);
  }
  if (!completion.error) return {};
  const long verified = SSL_get_verify_result(ssl);
  if (verified != X509_V_OK) {
    return HttpError{HttpErrorKind::kTls,
                     fmt::format("{}: the peer's certificate is not accepted: {}", kPhase,
                                 X509_verify_cert_error_string(verified))};
  }
  return BrokenOff(kPhase, completion.error);
}

HttpConnection::HttpConnection(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpConnection::~HttpConnection() = default;

Result<std::unique_ptr<HttpConnection>, HttpError> HttpConnection::Open(
    const std::vector<SocketAddress>& addresses, const TlsContext::Current* tls,
    const std::string& server_name, const Deadline& deadline) {
  auto state = std::make_unique<State>();
  if (auto connected = state->Connect(addresses, deadline); !connected) {
    return std::move(connected).error();
  }
  if (tls != nullptr) {
    state->tls_context = tls->context;
    if (auto done = state->Handshake(server_name, deadline); !done) return std::move(done).error();
  }
  return std::unique_ptr<HttpConnection>(new HttpConnection(std::move(state)));
}

Result<void, HttpError> HttpConnection::Write(std::string_view bytes, const Deadline& deadline,
                                              std::size_t& sent) {
  constexpr std::string_view kPhase = "sending the request";
  while (!bytes.empty()) {
    Completion completion;
    const auto buffer = asio::buffer(bytes.data(), bytes.size());
    if (state_->tls) {
      state_->tls->async_write_some(buffer, Complete{&completion});
    } else {
      state_->socket.async_write_some(buffer, Complete{&completion});
    }
    if (!state_->Run(completion, deadline)) {
      return deadline.stop.stop_requested() ? Cancelled(kPhase) : TimedOut(kPhase);
    }
    if (completion.error) return BrokenOff(kPhase, completion.error);
    sent += completion.bytes;
    bytes.remove_prefix(completion.bytes);
  }
  return {};
}

Result<std::string_view, HttpError> HttpConnection::Read(const Deadline& deadline) {
  constexpr std::string_view kPhase = "reading the answer";
  Completion completion;
  const auto buffer = asio::buffer(state_->read_buffer);
  if (state_->tls) {
    state_->tls->async_read_some(buffer, Complete{&completion});
  } else {
    state_->socket.async_read_some(buffer, Complete{&completion});
  }
  if (!state_->Run(completion, deadline)) {
    return deadline.stop.stop_requested() ? Cancelled(kPhase) : TimedOut(kPhase);
  }
  if (completion.error == asio::error::eof) return std::string_view();
  if (completion.error) return BrokenOff(kPhase, completion.error);
  return std::string_view(state_->read_buffer.data(), completion.bytes);
}

bool HttpConnection::IsIdle() {
  // Data, an error or the end of the stream: nothing of this is expected between answers.
  pollfd readable = {state_->socket.native_handle(), POLLIN, 0};
  return poll(&readable, 1, /*timeout=*/0) == 0;
}

}  // namespace gate
