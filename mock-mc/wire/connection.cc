#include "mock-mc/wire/connection.h"

#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <algorithm>
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

}  // namespace

Connection::Connection(std::uint64_t id, std::unique_ptr<Transport> transport, Service& service,
                       std::function<void(std::uint64_t id)> on_gone)
    : id_(id),
      transport_(std::move(transport)),
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
  WaitUntil(service_.Now().at + kReadTimeout, [this] { Close(); });
  transport_->Handshake(Guard([this](const Error& error, std::size_t /*bytes*/) {
    if (error) return Close();
    ReadRequest();
  }));
}

// ---- requests

void Connection::ReadRequest() {
  parser_.emplace();
  parser_->eager(true);
  parser_->header_limit(kHeaderLimit);
  parser_->body_limit(kBodyLimit);
  continue_sent_ = false;
  WaitUntil(service_.Now().at + kReadTimeout, [this] { Close(); });
  ParseBuffer();
}

void Connection::ParseBuffer() {
  while (buffer_.size() > 0 && !parser_->is_done()) {
    Error error;
    const std::size_t used = parser_->put(buffer_.data(), error);
    buffer_.consume(used);
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

void Connection::Begin(Service::Begun begun) {
  ++epoch_;
  timer_.cancel();
  parser_.reset();
  answer_ = std::make_shared<Answer>(
      Answer{begun.sequence, std::move(begun.plan), begun.arrived.at, 0, 0, {}, 0});
  if (!IsJustSend(answer_->plan)) WatchClient();
  RunStep();
}

void Connection::NextStep() {
  ++answer_->step;
  RunStep();
}

void Connection::RunStep() {
  if (answer_->step == answer_->plan.steps.size()) return FinishAnswer();
  std::visit([this](const auto& step) { Run(step); }, answer_->plan.steps[answer_->step]);
}

void Connection::Run(const Wait& wait) {
  WaitUntil(answer_->arrived + wait.until, [this] { NextStep(); });
}

void Connection::Run(const Send& send) {
  WriteBytes(send.bytes, [this] { NextStep(); });
}

void Connection::Run(const Drip& /*drip*/) {
  answer_->dripped = 0;
  DripNext(service_.Now().at);
}

void Connection::DripNext(Instant due) {
  WaitUntil(due, [this, due] {
    const Drip& drip = std::get<Drip>(answer_->plan.steps[answer_->step]);
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
    const DripForever& drip = std::get<DripForever>(answer_->plan.steps[answer_->step]);
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
                            EndAnswer(Ending::kClientWentFirst);
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
  if (ClientIsGone()) {
    EndAnswer(Ending::kClientWentFirst);
    return Close();
  }
  watch_timer_.expires_after(kClientCheck);
  watch_timer_.async_wait(Guard([this](const Error& error) {
    if (!error) CheckClient();
  }));
}

bool Connection::ClientIsGone() {
  pollfd entry{transport_->socket().native_handle(), POLLRDHUP, 0};
  return poll(&entry, 1, 0) > 0 && (entry.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

// ---- ends

void Connection::FinishAnswer() {
  if (answer_->plan.keep_alive) {
    EndAnswer(Ending::kComplete);
    return ReadRequest();
  }
  EndAnswer(Ending::kFin);
  SayGoodbyeAndClose();
}

void Connection::EndAnswer(Ending ending) {
  ++epoch_;
  timer_.cancel();
  watch_timer_.cancel();
  service_.End(answer_->sequence,
               Completion{ending, service_.Now(), answer_->first_byte, answer_->bytes_written});
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

void Connection::CancelAnswer() {
  if (!answer_) return;
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
  timer_.cancel();
  watch_timer_.cancel();
  Error ignored;
  transport_->socket().close(ignored);
  if (on_gone_) std::exchange(on_gone_, nullptr)(id_);
}

}  // namespace mock_mc
