#pragma once

#include <string>
#include <string_view>

#include "gate/seams/deadline.h"
#include "gate/seams/http_client.h"

namespace gate {

// A request as a server has read it, whole.
struct ServerRequest {
  std::string method;
  std::string target;  // "/v1/verdicts?x=y", as sent
  HttpHeaders headers;
  std::string body;

  // The target without its query.
  std::string_view path() const { return std::string_view(target).substr(0, target.find('?')); }
};

// What answers HTTP requests. Both functions are called by many threads at once.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;

  // May wait, but not past the deadline, which also carries the server's request to stop.
  virtual HttpResponse Handle(const ServerRequest& request, const Deadline& deadline) = 0;

  // The answer if all the server's places for requests are taken. Must not wait.
  virtual HttpResponse Overloaded(const ServerRequest& request) = 0;
};

}  // namespace gate
