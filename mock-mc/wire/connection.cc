#include "mock-mc/wire/connection.h"

#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <utility>

namespace mock_mc {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using gate::Instant;
using gate::Nanos;

constexpr std::size_t kHeaderLimit = std::size_t{16} << 10U;
constexpr std::uint64_t kBodyLimit = std::uint64_t{1} << 20U;
constexpr std::size_t kReadSize = 4096;
constexpr std::size_t kBufferLimit = 2 * kHeaderLimit;

// For a whole request to arrive, and between requests.
constexpr Nanos kReadTimeout = std::chrono::seconds(60);
// For the client to close after we have said that we are done.
constexpr Nanos kLingerTimeout = std::chrono::seconds(1);
// For the client's kernel to acknowledge what precedes a reset.
constexpr Nanos kFlushTimeout = std::chrono::seconds(5);
constexpr Nanos kFlushCheck = std::chrono::milliseconds(1);
// How often to look whether a client is gone that has already sent its next request.
constexpr Nanos kClientCheck = std::chrono::milliseconds(50);

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

std::string_view View(boost::beast::string_view text) { return {text.data(), text.size()}; }

Request ToRequest(http::request<http::string_body> message) {
  Request request;
  request.method = std::string(View(message.method_string()));
  request.target = std::string(View(message.target()));
  request.keep_alive = message.keep_alive();
  for (const auto& field : message) {
    request.headers.emplace_back(View(field.name_string()), View(field.value()));
  }
  request.body = std::move(message.body());
  return request;
}

bool ExpectsContinue(const http::request<http::string_body>& message) {
  const auto expect = message.find(http::field::expect);
  return expect != message.end() && SameHeaderName(View(expect->value()), "100-continue");
}

// A plan that is one write is over before looking after the client would pay.
bool IsJustSend(const Plan& plan) {
  return plan.steps.size() == 1 && std::holds_alternative<Send>(plan.steps.front());
}

enum class ClientState { kThere, kClosed, kReset };

ClientState StateOfClient(int socket) {
  pollfd entry{socket, POLLRDHUP, 0};
  if (poll(&entry, 1, 0) <= 0) return ClientState::kThere;
  if ((entry.revents & POLLERR) != 0) return ClientState::kReset;
  const bool gone = (entry.revents & (POLLRDHUP | POLLHUP)) != 0;
  return gone ? ClientState::kClosed : ClientState::kThere;
}

}  // namespace

Connection::Connection(std::uint64_t id, TcpSocket socket, const Entrance& entrance,
                       Service& service, std::function<void(std::uint64_t id)> on_gone)
    : id_(id),
      transport_(NewPlainTransport(std::move(socket))),
      entrance_(entrance),
      service_(service),
      on_gone_(std::move(on_gone)),
      buffer_(kBufferLimit),
      timer_(transport_->socket().get_executor()),
      watch_timer_(transport_->socket().get_executor()) {}

template <typename Handler>
auto Connection::Guard(Handler handler) {
  return [self = shared_from_this(), epoch = epoch_,
          handler = std::move(handler)](const auto&... results) {
    if (self->epoch_ == epoch) handler(results...);
  };
}

void Connection::Start() {
  Error ignored;
  transport_->socket().set_option(asio::ip::tcp::no_delay(true), ignored);
  if (!entrance_.accept) return Secure();
  BeginFault(*entrance_.accept, "accept", [this] { Secure(); });
}

void Connection::CheckPatience(Instant now) {
  if (patience_ && now >= *patience_) Close();
}

// ---- before there are requests

void Connection::BeginFault(const Fault& fault, std::string_view where,
                            std::function<void()> then) {
  Begin(service_.BeginConnectionFault(entrance_.name, where, transport_->ServerName(), fault, id_),
        std::move(then));
}

void Connection::Secure() {
  if (entrance_.tls == nullptr) return ReadRequest();
  transport_ = NewTlsTransport(std::move(transport_->socket()), *entrance_.tls);
  Handshake();
}

void Connection::Handshake() {
  patience_ = service_.Now().at + kReadTimeout;
  transport_->Handshake(Guard([this](const Error& error, std::size_t /*bytes*/) {
    patience_.reset();
    if (!error) return ReadRequest();
    if (const Fault* fault = transport_->HeldBy()) return HandshakeFault(*fault);
    service_.NoteFailedHandshake(entrance_.name, transport_->ServerName(), error.message(), id_);
    // What there is to say, an alert, has been sent; a reset would take it away from the client.
    CloseSlowly();
  }));
}

void Connection::HandshakeFault(const Fault& fault) {
  if (fault.kind == Fault::Kind::kDelay) {
    return BeginFault(fault, "handshake", [this] { Handshake(); });
  }
  auto begun = service_.BeginConnectionFault(entrance_.name, "handshake", transport_->ServerName(),
                                             fault, id_);
  retired_ = std::move(transport_);
  transport_ = NewPlainTransport(std::move(retired_->socket()));
  Begin(std::move(begun));
}

// ---- requests

void Connection::ReadRequest() {
  parser_.emplace();
  parser_->eager(true);
  parser_->header_limit(kHeaderLimit);
  parser_->body_limit(kBodyLimit);
  continue_sent_ = false;
  request_bytes_ = 0;
  patience_ = service_.Now().at + kReadTimeout;
  if (buffer_.size() == 0) return ReadMore();
  // Not at once: each pipelined request would be handled within the handling of the one before.
  asio::post(transport_->socket().get_executor(), Guard([this] { ParseBuffer(); }));
}

void Connection::ParseBuffer() {
  while (buffer_.size() > 0 && !parser_->is_done()) {
    Error error;
    const std::size_t used = parser_->put(buffer_.data(), error);
    buffer_.consume(used);
    request_bytes_ += used;
    if (error == http::error::need_more) break;
    if (error) return Refuse(error);
    if (used == 0) break;
  }
  if (parser_->is_done()) {
    Begin(service_.Begin(ToRequest(parser_->release()), id_));
  } else if (parser_->is_header_done() && !continue_sent_ && ExpectsContinue(parser_->get())) {
    SendContinue();
  } else {
    ReadMore();
  }
}

void Connection::ReadMore() {
  if (buffer_.size() + kReadSize > buffer_.max_size()) {
    return Refuse(http::make_error_code(http::error::header_limit));
  }
  transport_->ReadSome(buffer_.prepare(kReadSize),
                       Guard([this](const Error& error, std::size_t bytes) {
                         if (error) return Close();
                         buffer_.commit(bytes);
                         ParseBuffer();
                       }));
}

// Not part of any plan, as the client waits for it before it sends the request's body.
void Connection::SendContinue() {
  continue_sent_ = true;
  transport_->WriteSome(kContinue, Guard([this](const Error& error, std::size_t /*bytes*/) {
                          if (error) return Close();
                          ReadMore();
                        }));
}

void Connection::Refuse(const Error& error) {
  if (error == http::error::header_limit) {
    Begin(service_.Refuse(431, "the request's header is larger than 16 KiB", id_));
  } else if (error == http::error::body_limit) {
    Begin(service_.Refuse(413, "the request's body is larger than 1 MiB", id_));
  } else {
    Begin(service_.Refuse(400, "not an HTTP/1.1 request: " + error.message(), id_));
  }
}

// ---- answers

void Connection::Begin(Service::Begun begun, std::function<void()> then) {
  ++epoch_;
  patience_.reset();
  parser_.reset();
  answer_ = std::make_shared<Answer>(Answer{std::move(begun), std::move(then), request_bytes_});
  if (!IsJustSend(plan())) WatchClient();
  RunStep();
}

void Connection::NextStep() {
  ++answer_->step;
  RunStep();
}

void Connection::RunStep() {
  if (answer_->step == plan().steps.size()) return FinishAnswer();
  std::visit([this](const auto& step) { Run(step); }, plan().steps[answer_->step]);
}

void Connection::Run(const Wait& wait) {
  WaitUntil(answer_->begun.arrived.at + wait.until, [this] { NextStep(); });
}

// Most answers fit into the kernel's buffer; then nothing needs to be waited for.
void Connection::Run(const Send& send) {
  std::string_view rest = send.bytes;
  if (!answer_->first_byte) answer_->first_byte = service_.Now().at;
  const std::size_t written = transport_->TryWrite(rest);
  answer_->bytes_written += written;
  rest.remove_prefix(written);
  if (rest.empty()) return NextStep();
  WriteBytes(rest, [this] { NextStep(); });
}

void Connection::Run(const Drip& /*drip*/) {
  answer_->dripped = 0;
  DripNext(service_.Now().at);
}

void Connection::DripNext(Instant due) {
  WaitUntil(due, [this, due] {
    const Drip& drip = std::get<Drip>(plan().steps[answer_->step]);
    const std::string_view piece = std::string_view(drip.bytes).substr(answer_->dripped, drip.size);
    answer_->dripped += piece.size();
    const bool last = answer_->dripped == drip.bytes.size();
    WriteBytes(piece, [this, last, next = due + drip.every] {
      if (last) return NextStep();
      DripNext(next);
    });
  });
}

void Connection::Run(const DripForever& /*drip*/) { DripForeverNext(service_.Now().at); }

void Connection::DripForeverNext(Instant due) {
  WaitUntil(due, [this, due] {
    const DripForever& drip = std::get<DripForever>(plan().steps[answer_->step]);
    WriteBytes(std::string_view(&drip.filler, 1),
               [this, next = due + drip.every] { DripForeverNext(next); });
  });
}

void Connection::Run(const Hang& /*hang*/) {}  // until WatchClient sees the client go

// Over TLS there is no close_notify: to the client the answer looks cut off.
void Connection::Run(const CloseFin& /*close*/) {
  EndAnswer(Ending::kFin);
  CloseSlowly();
}

void Connection::Run(const CloseRst& /*close*/) {
  ResetWhenSent(service_.Now().at + kFlushTimeout);
}

// The client may go on sending, for as long as it likes.
void Connection::Run(const HalfClose& /*close*/) {
  ++epoch_;  // no more looking after the client
  watch_timer_.cancel();
  Error ignored;
  transport_->socket().shutdown(TcpSocket::shutdown_send, ignored);
  ReadToTheEnd();
}

void Connection::ReadToTheEnd() {
  buffer_.clear();
  transport_->socket().async_read_some(
      buffer_.prepare(kReadSize), Guard([this](const Error& error, std::size_t bytes) {
        answer_->bytes_read += bytes;
        if (!error) return ReadToTheEnd();
        EndAnswer(Ending::kFin, error == asio::error::eof ? "" : error.message());
        Close();
      }));
}

// A reset throws away what the kernel has not delivered, so it waits for that.
void Connection::ResetWhenSent(Instant give_up) {
  int unsent = 0;
  const bool known = ioctl(transport_->socket().native_handle(), SIOCOUTQ, &unsent) == 0;
  const Instant now = service_.Now().at;
  if (known && unsent > 0 && now < give_up) {
    WaitUntil(now + kFlushCheck, [this, give_up] { ResetWhenSent(give_up); });
    return;
  }
  EndAnswer(Ending::kRst);
  Error ignored;
  transport_->socket().set_option(asio::socket_base::linger(true, 0), ignored);
  Close();
}

void Connection::WriteBytes(std::string_view bytes, std::function<void()> then) {
  if (!answer_->first_byte) answer_->first_byte = service_.Now().at;
  transport_->WriteSome(bytes, Guard([this, answer = answer_, bytes, then = std::move(then)](
                                         const Error& error, std::size_t written) {
                          answer->bytes_written += written;
                          if (error) {
                            EndAnswer(Ending::kClientWentFirst, error.message());
                            return Close();
                          }
                          if (written < bytes.size())
                            return WriteBytes(bytes.substr(written), then);
                          then();
                        }));
}

void Connection::WaitUntil(Instant due, std::function<void()> then) {
  const Nanos rest = due - service_.Now().at;
  timer_.expires_after(std::max(rest, Nanos(0)));
  timer_.async_wait(Guard([then = std::move(then)](const Error& error) {
    if (!error) then();
  }));
}

// ---- the client's end

void Connection::WatchClient() {
  transport_->socket().async_wait(TcpSocket::wait_read, Guard([this](const Error& error) {
                                    if (!error) CheckClient();
                                  }));
}

// Readable means gone, or that the next request is already there; only the former is a reason to
// stop, and the latter makes waiting for readability useless.
void Connection::CheckClient() {
  const ClientState state = StateOfClient(transport_->socket().native_handle());
  if (state != ClientState::kThere) {
    EndAnswer(Ending::kClientWentFirst,
              state == ClientState::kReset ? "the client reset" : "the client closed");
    return Close();
  }
  watch_timer_.expires_after(kClientCheck);
  watch_timer_.async_wait(Guard([this](const Error& error) {
    if (!error) CheckClient();
  }));
}

// ---- ends

void Connection::FinishAnswer() {
  if (answer_->then) {
    const auto then = std::move(answer_->then);
    EndAnswer(Ending::kComplete);
    return then();
  }
  if (plan().keep_alive) {
    EndAnswer(Ending::kComplete);
    return ReadRequest();
  }
  EndAnswer(Ending::kFin);
  SayGoodbyeAndClose();
}

void Connection::EndAnswer(Ending ending, std::string detail) {
  ++epoch_;
  if (!IsJustSend(plan())) {
    timer_.cancel();
    watch_timer_.cancel();
  }
  service_.End(answer_->begun.sequence,
               Completion{ending, service_.Now(), answer_->first_byte, answer_->bytes_written,
                          answer_->bytes_read, std::move(detail)});
  answer_.reset();
}

void Connection::SayGoodbyeAndClose() {
  WaitUntil(service_.Now().at + kLingerTimeout, [this] { Close(); });
  transport_->SayGoodbye(
      Guard([this](const Error& /*error*/, std::size_t /*bytes*/) { CloseSlowly(); }));
}

// FIN, then wait for the client's: closing at once while it still sends would make a RST of it.
void Connection::CloseSlowly() {
  Error ignored;
  transport_->socket().shutdown(TcpSocket::shutdown_send, ignored);
  WaitUntil(service_.Now().at + kLingerTimeout, [this] { Close(); });
  AwaitEof();
}

void Connection::AwaitEof() {
  buffer_.clear();
  transport_->socket().async_read_some(buffer_.prepare(kReadSize),
                                       Guard([this](const Error& error, std::size_t /*bytes*/) {
                                         if (error) return Close();
                                         AwaitEof();
                                       }));
}

void Connection::CancelAnswer(std::uint64_t generation) {
  if (!answer_ || answer_->begun.generation >= generation) return;
  const auto self = shared_from_this();
  EndAnswer(Ending::kCancelled);
  CloseSlowly();
}

void Connection::Abort() {
  const auto self = shared_from_this();
  if (answer_) EndAnswer(Ending::kCancelled);
  Close();
}

void Connection::Close() {
  const auto self = shared_from_this();
  ++epoch_;
  patience_.reset();
  timer_.cancel();
  watch_timer_.cancel();
  Error ignored;
  transport_->socket().close(ignored);
  if (on_gone_) std::exchange(on_gone_, nullptr)(id_);
}

}  // namespace mock_mc
