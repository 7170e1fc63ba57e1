#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gate/base/result.h"
#include "gate/base/secret.h"
#include "gate/seams/deadline.h"

namespace gate {

// Names are compared without regard to case (RFC 9110 section 5.1).
class HttpHeaders {
 public:
  void Add(std::string name, std::string value) {
    entries_.emplace_back(std::move(name), std::move(value));
  }
  // The first value of `name`, if present.
  std::optional<std::string> Get(std::string_view name) const;
  std::size_t Count(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& entries() const { return entries_; }

 private:
  std::vector<std::pair<std::string, std::string>> entries_;
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;  // absolute, http or https, already percent-encoded; no user info
  HttpHeaders headers;
  Secret bearer_token;  // sent as `Authorization: Bearer ...` unless empty
  std::string body;
  std::size_t body_limit = std::size_t{1} << 20U;  // of the answer, in bytes
  // If set, the answer's body is handed over piece by piece as it arrives (for 2xx answers only)
  // instead of being collected, and `body_limit` does not apply. Return false to end the transfer.
  std::function<bool(std::string_view piece)> on_body;
};

struct HttpResponse {
  int status = 0;
  HttpHeaders headers;
  std::string body;
};

enum class HttpErrorKind {
  kInvalidRequest,  // unusable URL, header or certificate files; repeating does not help
  kResolve,         // the name could not be resolved
  kConnect,         // refused or unreachable
  kTls,             // handshake or certificate
  kTimeout,         // the deadline passed, in whatever phase
  kReset,           // the connection broke off: RST, or closed in the middle
  kProtocol,        // not HTTP, or headers too large
  kBodyTooLarge,    // more than body_limit
  kCircuitOpen,     // nothing was sent: the peer has failed too often (gate/decide/breaker.h)
  kCancelled,       // stop was requested, or on_body returned false
};

std::string_view ToString(HttpErrorKind kind);

struct HttpError {
  HttpErrorKind kind;
  std::string message;                 // names host and phase, never header values
  std::optional<Nanos> retry_after{};  // of kCircuitOpen: until the peer is asked again, if known
};

// Sends one request and waits for the whole answer. Any answer, whatever its status, is a value.
// Redirects are not followed. The deadline bounds the call as a whole: resolving, connecting,
// handshake, sending and the last byte of the body. Thread-safe.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  virtual Result<HttpResponse, HttpError> Send(const HttpRequest& request,
                                               const Deadline& deadline) = 0;
};

// Percent-encodes everything but RFC 3986's unreserved characters: for one path segment or one
// query value.
std::string PercentEncode(std::string_view text);

// The value of a Retry-After header (RFC 9110 section 10.2.3): seconds, or an HTTP date taken
// relative to `now`; never negative, at most a day. Nothing if absent or malformed.
std::optional<Nanos> RetryAfter(const HttpHeaders& headers, WallTime now);

}  // namespace gate
