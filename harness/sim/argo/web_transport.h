#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "gate/base/result.h"
#include "gate/base/time.h"

namespace drill::sim {

struct WebRequest {
  std::string method;
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool insecure = false;
};

struct WebResponse {
  int status = 0;
  std::string body;
};

// How web metrics reach what they ask (argo R54). Redirects are followed by the transport.
class WebTransport {
 public:
  virtual ~WebTransport() = default;

  // Calls `done` at most once, later and never from within the call. Errors are what Go's client
  // says ("dial tcp: connection refused"). The caller has its own timeout: it may never be called,
  // and a late answer is ignored.
  using Done = std::function<void(gate::Result<WebResponse>)>;
  virtual void Send(WebRequest request, Done done) = 0;
};

}  // namespace drill::sim
