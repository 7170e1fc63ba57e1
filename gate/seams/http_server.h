#pragma once

#include <string>

namespace gate {

// A server that answers requests with an HttpHandler from its start until its Stop.
class HttpServer {
 public:
  virtual ~HttpServer() = default;  // stops

  // Where it can be reached: "https://127.0.0.1:8443".
  virtual std::string url() const = 0;

  // Takes in nothing more, lets the requests under way end, and returns when they have.
  virtual void Stop() = 0;
};

}  // namespace gate
