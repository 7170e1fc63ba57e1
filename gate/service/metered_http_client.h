#pragma once

#include <string_view>
#include <vector>

#include "gate/seams/http_client.h"
#include "gate/seams/runtime.h"
#include "gate/service/meter.h"

namespace gate::service {

// Everything that a request to MC may come to, as MeteredHttpClient tells it.
std::vector<std::string_view> McResults();

// Tells a Meter of every request to MC: how long it took, and its result as the class of its status
// ("2xx") or as the kind of its error ("timeout"). Thread-safe.
class MeteredHttpClient : public HttpClient {
 public:
  MeteredHttpClient(HttpClient& http, Runtime& runtime, Meter& meter)
      : http_(http), runtime_(runtime), meter_(meter) {}

  Result<HttpResponse, HttpError> Send(const HttpRequest& request,
                                       const Deadline& deadline) override;

 private:
  HttpClient& http_;
  Runtime& runtime_;
  Meter& meter_;
};

}  // namespace gate::service
