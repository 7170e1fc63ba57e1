#pragma once

#include <mutex>

#include "gate/decide/breaker.h"
#include "gate/seams/http_client.h"
#include "gate/seams/runtime.h"

namespace gate::evaluate {

// An HttpClient for one peer behind a circuit breaker. While the breaker is open, Send answers
// kCircuitOpen at once. Failures are: no connection, no answer, a broken one, 5xx. Anything else
// that the peer says (4xx, 429 too) shows that it is there. Thread-safe.
class BreakingHttpClient : public HttpClient {
 public:
  BreakingHttpClient(HttpClient& http, Runtime& runtime, const decide::BreakerPolicy& policy)
      : http_(http), runtime_(runtime), breaker_(policy) {}

  Result<HttpResponse, HttpError> Send(const HttpRequest& request,
                                       const Deadline& deadline) override;

  decide::CircuitBreaker::State state();

 private:
  HttpClient& http_;
  Runtime& runtime_;
  std::mutex mutex_;
  decide::CircuitBreaker breaker_;
};

}  // namespace gate::evaluate
