#include "gate/adapters/http_answer.h"

#include <fmt/format.h>

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <limits>
#include <optional>
#include <string>
#include <utility>

namespace gate {
namespace {

namespace http = boost::beast::http;
using boost::system::error_code;
using BeastView = boost::beast::string_view;

constexpr int kMostInterimAnswers = 16;
constexpr std::string_view kReading = "reading the answer";
constexpr std::string_view kStart = "HTTP/1.";
// "0\r\n\r\n": as much follows wherever a chunk may begin.
constexpr std::size_t kEndOfChunks = 5;

HttpError Failure(HttpErrorKind kind, std::string_view what) {
  return HttpError{kind, fmt::format("{}: {}", kReading, what)};
}

}  // namespace

// One answer. Beast checks the syntax and the framing; this keeps what it finds.
class HttpAnswer::Parser : public http::basic_parser<false> {
 public:
  Parser(const HttpRequest& request, std::size_t limit) : request_(request), header_limit_(limit) {
    // Unlike none, which Beast 1.74 compares as if it were a limit of 0.
    body_limit(std::numeric_limits<std::uint64_t>::max());
    header_limit(static_cast<std::uint32_t>(limit));
    eager(true);
    if (request.method == "HEAD") skip(true);
  }

  HttpResponse& response() { return response_; }
  const std::optional<HttpError>& failure() const { return failure_; }

  // Beast 1.74 asserts that it is never given less of the end of an empty chunked body.
  bool NeedsMoreThan(std::size_t size) const {
    return header_done_ && chunked() && chunk_left_ == 0 && size < kEndOfChunks;
  }

 private:
  void Fail(HttpErrorKind kind, std::string_view what, error_code& error) {
    failure_ = Failure(kind, what);
    error = http::error::bad_value;  // any: failure() says which it was
  }

  // Beast's limit is for what it has not taken yet; this is for the header as a whole.
  void CountHeader(std::size_t bytes, error_code& error) {
    header_bytes_ += bytes;
    if (header_bytes_ > header_limit_) error = http::error::header_limit;
  }

  void on_request_impl(http::verb /*verb*/, BeastView /*method*/, BeastView /*target*/,
                       int /*version*/, error_code& /*error*/) override {}

  void on_response_impl(int status, BeastView reason, int /*version*/, error_code& error) override {
    response_.status = status;
    if (status < 100) Fail(HttpErrorKind::kProtocol, "no HTTP status", error);
    CountHeader(reason.size(), error);
  }

  void on_field_impl(http::field field, BeastView name, BeastView value,
                     error_code& error) override {
    CountHeader(name.size() + value.size() + 4, error);
    if (error || header_done_) return;  // trailers are not merged (RFC 9110 section 6.5.1)
    if (field == http::field::transfer_encoding && !boost::beast::iequals(value, "chunked")) {
      return Fail(HttpErrorKind::kProtocol, "a transfer encoding that was not asked for", error);
    }
    response_.headers.Add(std::string(name), std::string(value));
  }

  void on_header_impl(error_code& /*error*/) override {
    header_done_ = true;
    streams_ = request_.on_body && response_.status / 100 == 2;
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code& error) override {
    if (!streams_ && length && *length > request_.body_limit) FailTooLarge(error);
  }

  std::size_t on_body_impl(BeastView body, error_code& error) override {
    if (streams_) {
      if (!request_.on_body(std::string_view(body.data(), body.size()))) {
        Fail(HttpErrorKind::kCancelled, "ended by the receiver", error);
      }
    } else if (body.size() > request_.body_limit - response_.body.size()) {
      FailTooLarge(error);
    } else {
      response_.body.append(body.data(), body.size());
    }
    return body.size();
  }

  void FailTooLarge(error_code& error) {
    Fail(HttpErrorKind::kBodyTooLarge,
         fmt::format("a body of more than the {} bytes allowed", request_.body_limit), error);
  }

  void on_chunk_header_impl(std::uint64_t size, BeastView /*extensions*/,
                            error_code& /*error*/) override {
    chunk_left_ = size;
  }

  std::size_t on_chunk_body_impl(std::uint64_t remain, BeastView body, error_code& error) override {
    chunk_left_ = remain - body.size();
    return on_body_impl(body, error);
  }

  void on_finish_impl(error_code& /*error*/) override {}

  const HttpRequest& request_;
  const std::size_t header_limit_;
  std::size_t header_bytes_ = 0;
  bool header_done_ = false;
  std::uint64_t chunk_left_ = 0;  // bytes until the next chunk begins
  bool streams_ = false;
  HttpResponse response_;
  std::optional<HttpError> failure_;
};

struct HttpAnswer::State {
  const HttpRequest& request;
  std::size_t header_limit;
  std::unique_ptr<Parser> parser;
  std::string unparsed;  // at most one incomplete element, and what followed in the same read
  int interim_answers = 0;
  bool started = false;

  void NextParser() { parser = std::make_unique<Parser>(request, header_limit); }

  // Beast looks at a header only once it is complete, which something else than HTTP never is.
  bool StartsLikeHttp() const {
    return parser->response().status != 0 || kStart.starts_with(unparsed.substr(0, kStart.size()));
  }

  HttpError Describe(const error_code& error) const {
    if (parser->failure()) return *parser->failure();
    return Failure(HttpErrorKind::kProtocol, error == http::error::header_limit
                                                 ? "the header is too large"
                                                 : "no valid HTTP: " + error.message());
  }

  // Skips an interim answer that was read completely.
  Result<void, HttpError> SkipInterim() {
    if (parser->response().status == 101) {
      return Failure(HttpErrorKind::kProtocol, "switches protocols unasked");
    }
    if (++interim_answers > kMostInterimAnswers) {
      return Failure(HttpErrorKind::kProtocol, "too many interim answers");
    }
    NextParser();
    return {};
  }
};

HttpAnswer::HttpAnswer(const HttpRequest& request, std::size_t header_limit)
    : state_(std::make_unique<State>(State{request, header_limit, nullptr, "", 0, false})) {
  state_->NextParser();
}

HttpAnswer::~HttpAnswer() = default;

Result<void, HttpError> HttpAnswer::Feed(std::string_view bytes) {
  if (!bytes.empty()) state_->started = true;
  state_->unparsed += bytes;
  while (!state_->unparsed.empty() && !complete()) {
    if (!state_->StartsLikeHttp()) {
      return Failure(HttpErrorKind::kProtocol, "no valid HTTP: it starts differently");
    }
    if (state_->parser->NeedsMoreThan(state_->unparsed.size())) return {};
    error_code error;
    const std::size_t taken = state_->parser->put(
        boost::asio::const_buffer(state_->unparsed.data(), state_->unparsed.size()), error);
    state_->unparsed.erase(0, taken);
    if (error == http::error::need_more) {
      // Beast waits for the end of a chunk's header without a limit of its own.
      if (state_->unparsed.size() <= state_->header_limit) return {};
      error = http::error::header_limit;
    }
    if (error) return state_->Describe(error);
    if (state_->parser->is_done() && state_->parser->response().status / 100 == 1) {
      if (auto skipped = state_->SkipInterim(); !skipped) return skipped;
    }
  }
  return {};
}

Result<void, HttpError> HttpAnswer::FeedEnd() {
  error_code error;
  if (state_->parser->got_some()) {
    state_->parser->put_eof(error);
    if (!error) return {};
    if (error != http::error::partial_message) return state_->Describe(error);
  }
  return Failure(HttpErrorKind::kReset, state_->started
                                            ? "the peer closed the connection in the middle of it"
                                            : "the peer closed the connection without answering");
}

bool HttpAnswer::started() const { return state_->started; }

bool HttpAnswer::complete() const { return state_->parser->is_done(); }

bool HttpAnswer::keeps_connection() const {
  return complete() && state_->parser->keep_alive() && state_->unparsed.empty();
}

HttpResponse HttpAnswer::Take() { return std::move(state_->parser->response()); }

}  // namespace gate
