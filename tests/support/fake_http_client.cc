#include "tests/support/fake_http_client.h"

#include <utility>

namespace gate {
namespace {

// Hands `body` to the receiver if there is one, else stores it in `response`.
Result<void, HttpError> Deliver(const HttpRequest& request, const std::string& body,
                                HttpResponse& response) {
  if (request.on_body && response.status / 100 == 2) {
    if (!request.on_body(body)) {
      return HttpError{HttpErrorKind::kCancelled, "ended by the receiver"};
    }
    return {};
  }
  response.body += body;
  if (response.body.size() > request.body_limit) {
    return HttpError{HttpErrorKind::kBodyTooLarge, "too large"};
  }
  return {};
}

}  // namespace

void FakeHttpClient::Answer(int status, std::string body, HttpHeaders headers) {
  Handle([=](const HttpRequest& request, const Deadline&) -> Result<HttpResponse, HttpError> {
    HttpResponse response = {status, headers, ""};
    if (auto delivered = Deliver(request, body, response); !delivered) {
      return std::move(delivered).error();
    }
    return response;
  });
}

void FakeHttpClient::Stream(std::vector<std::string> pieces, std::optional<HttpErrorKind> end) {
  Handle([=](const HttpRequest& request, const Deadline&) -> Result<HttpResponse, HttpError> {
    HttpResponse response = {200, {}, ""};
    for (const std::string& piece : pieces) {
      if (auto delivered = Deliver(request, piece, response); !delivered) {
        return std::move(delivered).error();
      }
    }
    if (end) return HttpError{*end, "scripted"};
    return response;
  });
}

void FakeHttpClient::Fail(HttpErrorKind kind, std::string message) {
  Handle([=](const HttpRequest&, const Deadline&) -> Result<HttpResponse, HttpError> {
    return HttpError{kind, message};
  });
}

Result<HttpResponse, HttpError> FakeHttpClient::Send(const HttpRequest& request,
                                                     const Deadline& deadline) {
  sent_.push_back({request, deadline});
  if (handlers_.empty()) return HttpError{HttpErrorKind::kConnect, "no answer is scripted"};
  const Handler handler = std::move(handlers_.front());
  handlers_.pop_front();
  return handler(request, deadline);
}

}  // namespace gate
