#pragma once

#include <array>
#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "gate/adapters/beast_http_server.h"
#include "gate/adapters/http_connection_table.h"
#include "gate/adapters/http_request_reader.h"
#include "gate/adapters/http_response_text.h"
#include "gate/adapters/worker_pool.h"
#include "gate/seams/http_handler.h"

namespace gate {

// What the connections of a server share.
struct HttpServerShared {
  const HttpServerOptions options;
  HttpHandler& handler;
  HttpConnectionTable connections;
  std::stop_source stop;  // for the handlers' deadlines
  std::atomic<bool> draining = false;
  WorkerPool workers;  // last: its jobs use the rest
};

// One accepted connection: reads a request, has it answered, writes the answer, and begins anew.
// Everything but Drain and Cut runs in its socket's strand. It keeps itself alive while something
// is under way, and leaves the table when it has closed. `shared` must outlive the I/O threads.
class HttpServerConnection : public std::enable_shared_from_this<HttpServerConnection> {
 public:
  // In TLS if `tls` is given. The socket's executor must be a strand.
  HttpServerConnection(boost::asio::ip::tcp::socket socket, std::shared_ptr<ssl_ctx_st> tls,
                       HttpServerShared& shared);

  // Once it is in the table.
  void Start();

  // From any thread: lets it close as soon as no request is under way.
  void Drain();
  // From any thread: closes it at once, whatever is under way.
  void Cut();

 private:
  using Error = boost::system::error_code;
  using Step = void (HttpServerConnection::*)(const Error&, std::size_t);

  // The one handler type, so that Asio's and OpenSSL's operations are instantiated once each.
  struct Then {
    std::shared_ptr<HttpServerConnection> self;
    Step step;
    void operator()(const Error& error, std::size_t bytes = 0) const {
      ((*self).*step)(error, bytes);
    }
  };
  Then Continue(Step step) { return {shared_from_this(), step}; }

  enum class State {
    kHandshake,
    kIdle,      // between requests
    kReading,   // some of a request has come
    kHandling,  // it is with the handler
    kWriting,   // an answer
    kClosing,   // saying goodbye
    kClosed,
  };
  enum class Unread { kNone, kMaybe };

  void Begin();
  void OnHandshake(const Error& error, std::size_t bytes);
  void NextRequest();
  void Read();
  void OnRead(const Error& error, std::size_t bytes);
  void Advance();
  void Handle();
  void Refuse(const HttpRefusal& refusal);
  void Answer(const HttpResponse& response, AfterAnswer after);
  void Write(std::string text);
  void WriteRest();
  void OnWritten(const Error& error, std::size_t bytes);
  void BeginClose(Unread unread);
  void SayGoodbye();
  void OnGoodbye(const Error& error, std::size_t bytes);
  void DrainInput();
  void OnDrained(const Error& error, std::size_t bytes);
  void CloseNow();

  // Calls OnLate if the state has not called this again by then.
  void LimitTo(Nanos duration);
  void OnLate();

  HttpServerShared& shared_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer timer_;
  const std::shared_ptr<ssl_ctx_st> tls_context_;
  std::optional<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>> tls_;

  State state_ = State::kHandshake;
  bool reading_ = false;  // a read is under way
  std::array<char, 4096> buffer_;
  std::string input_;  // read, and not yet used
  std::optional<HttpRequestReader> reader_;
  AnswerBody answer_body_ = AnswerBody::kSend;
  std::string output_;
  bool writing_ = false;  // a write of it is under way
  std::size_t written_ = 0;
  bool closes_ = false;  // after the answer that is being written
  Unread unread_ = Unread::kNone;
};

}  // namespace gate
