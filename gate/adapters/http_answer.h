#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "gate/seams/http_client.h"

namespace gate {

// Turns the bytes of an HTTP/1.1 or 1.0 answer into an HttpResponse, or hands its body on to the
// request's on_body. Interim (1xx) answers are skipped. Errors: kProtocol, kBodyTooLarge,
// kCancelled (on_body returned false), kReset (ended too early).
class HttpAnswer {
 public:
  // `request` must outlive this. `header_limit` is for status line and header of each answer.
  HttpAnswer(const HttpRequest& request, std::size_t header_limit);
  ~HttpAnswer();

  Result<void, HttpError> Feed(std::string_view bytes);
  Result<void, HttpError> FeedEnd();  // of the stream

  // Whether the first byte of an answer was seen.
  bool started() const;
  bool complete() const;
  // True if the connection can carry another request after this complete answer.
  bool keeps_connection() const;

  HttpResponse Take();

 private:
  class Parser;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gate
