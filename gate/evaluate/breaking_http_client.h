#pragma once

#include <functional>
#include <mutex>
#include <utility>

#include "gate/decide/breaker.h"
#include "gate/seams/http_client.h"
#include "gate/seams/runtime.h"

namespace gate::evaluate {

// An HttpClient for one peer behind a circuit breaker. While the breaker is open, Send answers
// kCircuitOpen at once. Failures are: no connection, no answer, a broken one, 5xx. Anything else
// that the peer says (4xx, 429 too) shows that it is there. Thread-safe.
//
// `on_change` is told the breaker's state at the start and whenever a request has changed it, in
// order; it must not wait.
class BreakingHttpClient : public HttpClient {
 public:
  using OnChange = std::function<void(decide::CircuitBreaker::State)>;

  BreakingHttpClient(HttpClient& http, Runtime& runtime, const decide::BreakerPolicy& policy,
                     OnChange on_change = {});

  Result<HttpResponse, HttpError> Send(const HttpRequest& request,
                                       const Deadline& deadline) override;

  decide::CircuitBreaker::State state();

 private:
  void TellChange();

  HttpClient& http_;
  Runtime& runtime_;
  std::mutex mutex_;
  decide::CircuitBreaker breaker_;
  const OnChange on_change_;
  decide::CircuitBreaker::State told_ = decide::CircuitBreaker::State::kClosed;
};

}  // namespace gate::evaluate
