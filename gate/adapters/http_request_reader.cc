#include "gate/adapters/http_request_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

namespace gate {
namespace {

namespace http = boost::beast::http;
using boost::beast::iequals;
using boost::system::error_code;
using BeastView = boost::beast::string_view;

// "0\r\n\r\n": as much follows wherever a chunked body is cut.
constexpr std::size_t kEndOfChunks = 5;

HttpRefusal Refuse(int status, std::string message) { return {status, std::move(message)}; }

// The path and query of a target (RFC 9112 section 3.2); nothing if it has neither.
std::optional<std::string> OriginForm(std::string target) {
  if (target.starts_with('/') || target == "*") return target;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!iequals(target.substr(0, scheme.size()), BeastView(scheme.data(), scheme.size())))
      continue;
    const std::size_t path = target.find_first_of("/?", scheme.size());
    if (path == std::string::npos) return "/";
    return target[path] == '/' ? target.substr(path) : "/" + target.substr(path);
  }
  return std::nullopt;
}

bool IsDigits(BeastView text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Of digits; what does not fit is more than any limit.
bool IsMoreThan(BeastView digits, std::size_t limit) {
  std::uint64_t length = 0;
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), length);
  return error != std::errc() || length > limit;
}

}  // namespace

// Beast checks the syntax and the framing; this keeps what it finds, and is stricter.
class HttpRequestReader::Parser : public http::basic_parser<true> {
 public:
  explicit Parser(const Limits& limits) : limits_(limits) {
    // Checked below: Beast 1.74 has no way to say that there is none.
    body_limit(std::numeric_limits<std::uint64_t>::max());
    header_limit(static_cast<std::uint32_t>(limits.header));
    eager(true);
  }

  HttpRefusal Describe(const error_code& error) const {
    if (refusal_) return *refusal_;
    if (error == http::error::header_limit) return HeaderTooLarge();
    if (error == http::error::bad_version) return Refuse(505, "HTTP/1.1 and 1.0 are spoken here");
    return Refuse(400, "no valid HTTP: " + error.message());
  }

  HttpRefusal HeaderTooLarge() const {
    return Refuse(431, fmt::format("a header of more than {} bytes", limits_.header));
  }

  ServerRequest& request() { return request_; }
  int version() const { return version_; }
  bool expects_continue = false;

 private:
  void Fail(HttpRefusal refusal, error_code& error) {
    refusal_ = std::move(refusal);
    error = http::error::bad_value;  // any: refusal_ says which it was
  }

  void CountHeader(std::size_t bytes, error_code& error) {
    header_bytes_ += bytes;
    if (header_bytes_ > limits_.header) error = http::error::header_limit;
  }

  void on_request_impl(http::verb /*verb*/, BeastView method, BeastView target, int version,
                       error_code& error) override {
    version_ = version;
    request_.method = std::string(method);
    CountHeader(method.size() + target.size() + 12, error);
    auto origin = OriginForm(std::string(target));
    if (!origin) return Fail(Refuse(400, "the request's target is no path"), error);
    request_.target = *std::move(origin);
  }

  void on_response_impl(int /*status*/, BeastView /*reason*/, int /*version*/,
                        error_code& /*error*/) override {}

  void on_field_impl(http::field field, BeastView name, BeastView value,
                     error_code& error) override {
    CountHeader(name.size() + value.size() + 4, error);
    if (error || header_done_) return;  // trailers are not merged (RFC 9110 section 6.5.1)
    request_.headers.Add(std::string(name), std::string(value));
    if (field == http::field::transfer_encoding && !iequals(value, "chunked")) {
      return Fail(Refuse(501, "no transfer coding but \"chunked\" is known here"), error);
    }
    if (field == http::field::content_length &&
        (!IsDigits(value) || request_.headers.Count("Content-Length") > 1)) {
      return Fail(Refuse(400, "Content-Length must be one number, given once"), error);
    }
    // Now, and not when the body comes, so that nobody is asked to send it.
    if (field == http::field::content_length && IsMoreThan(value, limits_.body)) {
      FailTooLarge(error);
    }
  }

  void on_header_impl(error_code& error) override {
    header_done_ = true;
    header_bytes_ = 0;  // from here on of the trailers
    const HttpHeaders& headers = request_.headers;
    const std::size_t hosts = headers.Count("Host");
    if (hosts > 1 || (hosts == 0 && version_ >= 11)) {
      return Fail(Refuse(400, "exactly one Host header is needed"), error);
    }
    if (version_ < 11 && headers.Count("Transfer-Encoding") > 0) {
      return Fail(Refuse(400, "HTTP/1.0 has no transfer codings"), error);
    }
    const auto expected = headers.Get("Expect");
    if (!expected || version_ < 11) return;
    if (!iequals(*expected, "100-continue")) {
      return Fail(Refuse(417, "no expectation but \"100-continue\" is known here"), error);
    }
    expects_continue = true;
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>& /*length*/,
                         error_code& /*error*/) override {}

  std::size_t on_body_impl(BeastView body, error_code& error) override {
    if (body.size() > limits_.body - request_.body.size()) {
      FailTooLarge(error);
    } else {
      request_.body.append(body.data(), body.size());
    }
    return body.size();
  }

  void FailTooLarge(error_code& error) {
    Fail(Refuse(413, fmt::format("a body of more than {} bytes", limits_.body)), error);
  }

  void on_chunk_header_impl(std::uint64_t size, BeastView /*extensions*/,
                            error_code& error) override {
    if (size > limits_.body - request_.body.size()) FailTooLarge(error);
  }

  std::size_t on_chunk_body_impl(std::uint64_t /*remain*/, BeastView body,
                                 error_code& error) override {
    return on_body_impl(body, error);
  }

  void on_finish_impl(error_code& /*error*/) override {}

  const Limits limits_;
  int version_ = 11;
  std::size_t header_bytes_ = 0;
  bool header_done_ = false;
  ServerRequest request_;
  std::optional<HttpRefusal> refusal_;
};

HttpRequestReader::HttpRequestReader(const Limits& limits)
    : limits_(limits), parser_(std::make_unique<Parser>(limits)) {}

HttpRequestReader::~HttpRequestReader() = default;

Result<void, HttpRefusal> HttpRequestReader::Feed(std::string& bytes) {
  // Beast 1.74 asserts this when it is given the end of an empty chunked body piece by piece.
  if (parser_->is_header_done() && parser_->chunked() && bytes.size() < kEndOfChunks) return {};
  std::size_t taken = 0;
  error_code error;
  while (taken < bytes.size() && !complete() && !error) {
    taken +=
        parser_->put(boost::asio::const_buffer(bytes.data() + taken, bytes.size() - taken), error);
  }
  bytes.erase(0, taken);
  if (error == http::error::need_more) {
    // Beast looks at a header only once it is complete, and at a chunk's without any limit.
    if (bytes.size() <= limits_.header) return {};
    return parser_->HeaderTooLarge();
  }
  if (error) return parser_->Describe(error);
  return {};
}

bool HttpRequestReader::complete() const { return parser_->is_done(); }

bool HttpRequestReader::TakeExpectation() {
  return std::exchange(parser_->expects_continue, false) && !complete() &&
         parser_->request().body.empty();
}

bool HttpRequestReader::keeps_connection() const { return complete() && parser_->keep_alive(); }

bool HttpRequestReader::is_http_1_0() const { return parser_->version() < 11; }

ServerRequest HttpRequestReader::Take() { return std::move(parser_->request()); }

}  // namespace gate
