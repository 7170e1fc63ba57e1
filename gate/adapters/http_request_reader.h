#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "gate/base/result.h"
#include "gate/seams/http_handler.h"

namespace gate {

// Why a request is not served, as the status that says so.
struct HttpRefusal {
  int status;
  std::string message;
};

// Turns the bytes of one HTTP/1.1 or 1.0 request into a ServerRequest. It is strict where peers
// could disagree about where a request ends (RFC 9112 section 11.2): one length at most, given once
// and in digits; no transfer coding but "chunked"; exactly one Host in HTTP/1.1. Trailers are
// checked and dropped. The target is in origin form: of the absolute form its path is kept.
//
// Refused: 400 malformed, 413 body too large, 417 an expectation other than 100-continue,
// 431 header too large, 501 transfer coding, 505 version.
class HttpRequestReader {
 public:
  struct Limits {
    std::size_t header;  // bytes of request line and fields; also of the trailers
    std::size_t body;
  };

  explicit HttpRequestReader(const Limits& limits);
  ~HttpRequestReader();

  // Takes what it can use from the front of `bytes`, and removes that: nothing beyond the end of
  // the request. An incomplete element is left to be offered again with what follows; it is never
  // longer than the header's limit. Not to be called again after a refusal.
  Result<void, HttpRefusal> Feed(std::string& bytes);

  bool complete() const;
  // The header is there, promises a body, and the peer waits for "100 Continue" before it sends
  // that. True once.
  bool TakeExpectation();
  // Whether the connection may carry another request after this complete one.
  bool keeps_connection() const;
  // HTTP/1.0: a kept connection must be announced.
  bool is_http_1_0() const;

  ServerRequest Take();

 private:
  class Parser;
  const Limits limits_;
  const std::unique_ptr<Parser> parser_;
};

}  // namespace gate
