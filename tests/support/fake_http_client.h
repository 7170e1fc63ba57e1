#pragma once

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "gate/seams/http_client.h"

namespace gate {

// An HttpClient that gives scripted answers in order and keeps the requests. What is not scripted
// fails with kConnect. A body goes to on_body, in pieces, under the conditions of the seam.
// For one thread.
class FakeHttpClient : public HttpClient {
 public:
  using Handler =
      std::function<Result<HttpResponse, HttpError>(const HttpRequest&, const Deadline&)>;

  struct Sent {
    HttpRequest request;
    Deadline deadline;
  };

  void Answer(int status, std::string body, HttpHeaders headers = {});
  // A 200 whose body arrives in these pieces and is then cut off, if `end` is given.
  void Stream(std::vector<std::string> pieces, std::optional<HttpErrorKind> end = std::nullopt);
  void Fail(HttpErrorKind kind, std::string message = "scripted");
  void Handle(Handler handler) { handlers_.push_back(std::move(handler)); }

  Result<HttpResponse, HttpError> Send(const HttpRequest& request,
                                       const Deadline& deadline) override;

  const std::vector<Sent>& sent() const { return sent_; }
  bool all_used() const { return handlers_.empty(); }

 private:
  std::deque<Handler> handlers_;
  std::vector<Sent> sent_;
};

}  // namespace gate
