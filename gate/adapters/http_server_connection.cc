#include "gate/adapters/http_server_connection.h"

#include <openssl/ssl.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <utility>

#include "gate/adapters/steady_instant.h"
#include "gate/base/strict_json.h"

namespace gate {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// For the peer's goodbye, and for what it still sends when it has been refused: closing with unread
// input would reset the connection, and the peer might never see why.
constexpr Nanos kGoodbye = std::chrono::seconds(2);

HttpResponse ToResponse(const HttpRefusal& refusal) {
  HttpResponse response;
  response.status = refusal.status;
  response.headers.Add("Content-Type", "application/json");
  response.body = DumpJson({{"error", refusal.message}});
  return response;
}

}  // namespace

HttpServerConnection::HttpServerConnection(tcp::socket socket, std::shared_ptr<ssl_ctx_st> tls,
                                           HttpServerShared& shared)
    : shared_(shared),
      socket_(std::move(socket)),
      timer_(socket_.get_executor()),
      tls_context_(std::move(tls)) {}

void HttpServerConnection::Start() {
  asio::dispatch(socket_.get_executor(), [self = shared_from_this()] { self->Begin(); });
}

void HttpServerConnection::Begin() {
  if (state_ == State::kClosed) return;  // cut before it began
  error_code ignored;
  socket_.set_option(tcp::no_delay(true), ignored);
  if (tls_context_ == nullptr) return NextRequest();
  SSL_CTX_up_ref(tls_context_.get());  // the temporary context below gives it back
  asio::ssl::context borrowed(tls_context_.get());
  tls_.emplace(socket_, borrowed);
  LimitTo(shared_.options.handshake_timeout);
  tls_->async_handshake(asio::ssl::stream_base::server,
                        Continue(&HttpServerConnection::OnHandshake));
}

void HttpServerConnection::OnHandshake(const Error& error, std::size_t /*bytes*/) {
  if (state_ != State::kHandshake) return;
  if (error) return CloseNow();
  NextRequest();
}

void HttpServerConnection::NextRequest() {
  reader_.emplace(
      HttpRequestReader::Limits{shared_.options.header_limit, shared_.options.body_limit});
  if (!input_.empty()) {  // pipelined
    state_ = State::kReading;
    LimitTo(shared_.options.read_timeout);
    return Advance();
  }
  if (shared_.draining) return BeginClose(Unread::kNone);
  state_ = State::kIdle;
  shared_.connections.EnterIdle(this);
  LimitTo(shared_.options.longest_idle);
  Read();
}

void HttpServerConnection::Read() {
  if (reading_) return;
  reading_ = true;
  const auto buffer = asio::buffer(buffer_);
  if (tls_) {
    tls_->async_read_some(buffer, Continue(&HttpServerConnection::OnRead));
  } else {
    socket_.async_read_some(buffer, Continue(&HttpServerConnection::OnRead));
  }
}

void HttpServerConnection::OnRead(const Error& error, std::size_t bytes) {
  reading_ = false;
  if (state_ == State::kClosing) return SayGoodbye();
  if (state_ != State::kIdle && state_ != State::kReading) return;  // refused, or closed
  if (state_ == State::kIdle) {
    const bool ours = shared_.connections.LeaveIdle(this);
    if (!ours) return CloseNow();
    state_ = State::kReading;
    LimitTo(shared_.options.read_timeout);
  }
  if (error == asio::error::eof) return BeginClose(Unread::kNone);
  if (error) return CloseNow();
  input_.append(buffer_.data(), bytes);
  Advance();
}

void HttpServerConnection::Advance() {
  if (auto fed = reader_->Feed(input_); !fed) return Refuse(fed.error());
  if (reader_->complete()) return Handle();
  if (reader_->TakeExpectation()) return Write("HTTP/1.1 100 Continue\r\n\r\n");
  Read();
}

void HttpServerConnection::Handle() {
  state_ = State::kHandling;
  timer_.cancel();
  const AfterAnswer after = !reader_->keeps_connection() ? AfterAnswer::kClose
                            : reader_->is_http_1_0()     ? AfterAnswer::kKeepAndSaySo
                                                         : AfterAnswer::kKeep;
  const auto request = std::make_shared<const ServerRequest>(reader_->Take());
  answer_body_ = request->method == "HEAD" ? AnswerBody::kOmit : AnswerBody::kSend;
  const bool begun = shared_.workers.TryRun([self = shared_from_this(), request, after] {
    HttpServerShared& shared = self->shared_;
    auto response = std::make_shared<const HttpResponse>(shared.handler.Handle(
        *request, {SteadyNow() + shared.options.answer_timeout, shared.stop.get_token()}));
    asio::post(self->socket_.get_executor(),
               [self, response, after] { self->Answer(*response, after); });
  });
  if (!begun) Answer(shared_.handler.Overloaded(*request), after);
}

void HttpServerConnection::Refuse(const HttpRefusal& refusal) {
  answer_body_ = AnswerBody::kSend;
  Answer(ToResponse(refusal), AfterAnswer::kClose);
}

void HttpServerConnection::Answer(const HttpResponse& response, AfterAnswer after) {
  if (state_ == State::kClosed) return;
  if (shared_.draining) after = AfterAnswer::kClose;
  closes_ = after == AfterAnswer::kClose;
  state_ = State::kWriting;
  LimitTo(shared_.options.write_timeout);
  Write(WriteHttpResponse(response, after, answer_body_));
}

void HttpServerConnection::Write(std::string text) {
  output_ = std::move(text);
  written_ = 0;
  WriteRest();
}

void HttpServerConnection::WriteRest() {
  writing_ = true;
  const auto rest = asio::buffer(output_.data() + written_, output_.size() - written_);
  if (tls_) {
    tls_->async_write_some(rest, Continue(&HttpServerConnection::OnWritten));
  } else {
    socket_.async_write_some(rest, Continue(&HttpServerConnection::OnWritten));
  }
}

void HttpServerConnection::OnWritten(const Error& error, std::size_t bytes) {
  writing_ = false;
  if (state_ != State::kWriting && state_ != State::kReading) return;
  if (error) return CloseNow();
  written_ += bytes;
  if (written_ < output_.size()) return WriteRest();
  if (state_ == State::kReading) return Read();  // that was "100 Continue"
  if (closes_) return BeginClose(Unread::kMaybe);
  NextRequest();
}

void HttpServerConnection::BeginClose(Unread unread) {
  state_ = State::kClosing;
  unread_ = unread;
  LimitTo(kGoodbye);
  if (!reading_) return SayGoodbye();
  error_code ignored;
  socket_.cancel(ignored);  // goes on in OnRead
}

void HttpServerConnection::SayGoodbye() {
  if (!tls_) return OnGoodbye({}, 0);
  tls_->async_shutdown(Continue(&HttpServerConnection::OnGoodbye));
}

void HttpServerConnection::OnGoodbye(const Error& /*error*/, std::size_t /*bytes*/) {
  if (state_ != State::kClosing) return;
  error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
  if (unread_ == Unread::kNone) return CloseNow();
  DrainInput();
}

void HttpServerConnection::DrainInput() {
  socket_.async_read_some(asio::buffer(buffer_), Continue(&HttpServerConnection::OnDrained));
}

void HttpServerConnection::OnDrained(const Error& error, std::size_t /*bytes*/) {
  if (state_ != State::kClosing) return;
  if (error) return CloseNow();
  DrainInput();
}

void HttpServerConnection::CloseNow() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  timer_.cancel();
  error_code ignored;
  socket_.close(ignored);
  shared_.connections.Remove(this);
}

void HttpServerConnection::Drain() {
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    if (self->state_ == State::kHandshake) return self->CloseNow();
    if (self->state_ != State::kIdle) return;
    if (!self->shared_.connections.LeaveIdle(self.get())) return self->CloseNow();
    self->BeginClose(Unread::kNone);
  });
}

void HttpServerConnection::Cut() {
  asio::post(socket_.get_executor(), [self = shared_from_this()] { self->CloseNow(); });
}

void HttpServerConnection::LimitTo(Nanos duration) {
  timer_.expires_after(duration);
  timer_.async_wait([self = shared_from_this()](const Error& error) {
    // One that had already expired when it was set anew comes without an error.
    if (error || self->timer_.expiry() > std::chrono::steady_clock::now()) return;
    self->OnLate();
  });
}

void HttpServerConnection::OnLate() {
  switch (state_) {
    case State::kIdle:
      if (!shared_.connections.LeaveIdle(this)) return CloseNow();
      return BeginClose(Unread::kNone);
    case State::kReading:
      if (writing_) return CloseNow();  // "100 Continue", which it does not even take in
      return Refuse({408, "the request took too long to arrive"});
    case State::kHandling:
    case State::kClosed:
      return;
    case State::kHandshake:
    case State::kWriting:
    case State::kClosing:
      return CloseNow();
  }
}

}  // namespace gate
