#include "gate/evaluate/breaking_http_client.h"

#include "gate/base/check.h"

namespace gate::evaluate {
namespace {

enum class Meaning { kThere, kNotThere, kSaysNothing };

Meaning MeaningOf(HttpErrorKind kind) {
  switch (kind) {
    case HttpErrorKind::kResolve:
    case HttpErrorKind::kConnect:
    case HttpErrorKind::kTls:
    case HttpErrorKind::kTimeout:
    case HttpErrorKind::kReset:
    case HttpErrorKind::kProtocol:
      return Meaning::kNotThere;
    case HttpErrorKind::kBodyTooLarge:
      return Meaning::kThere;
    case HttpErrorKind::kInvalidRequest:  // nothing was sent
    case HttpErrorKind::kCircuitOpen:     // of another breaker, further on
    case HttpErrorKind::kCancelled:
      return Meaning::kSaysNothing;
  }
  GATE_CHECK(false);
}

Meaning MeaningOf(const Result<HttpResponse, HttpError>& result) {
  if (!result) return MeaningOf(result.error().kind);
  return result->status >= 500 ? Meaning::kNotThere : Meaning::kThere;
}

HttpError CircuitOpen(std::optional<Instant> until, Instant now) {
  const std::string why = "it failed several times in a row and is asked again ";
  if (!until) return {HttpErrorKind::kCircuitOpen, why + "when the probe under way has ended"};
  const Nanos left = *until - now;
  return {HttpErrorKind::kCircuitOpen,
          why + "in " + FormatDuration(std::chrono::ceil<std::chrono::milliseconds>(left)), left};
}

}  // namespace

BreakingHttpClient::BreakingHttpClient(HttpClient& http, Runtime& runtime,
                                       const decide::BreakerPolicy& policy, OnChange on_change)
    : http_(http), runtime_(runtime), breaker_(policy), on_change_(std::move(on_change)) {
  if (on_change_) on_change_(told_);
}

void BreakingHttpClient::TellChange() {
  const decide::CircuitBreaker::State state = breaker_.state(runtime_.Now());
  if (state == told_) return;
  told_ = state;
  if (on_change_) on_change_(state);
}

Result<HttpResponse, HttpError> BreakingHttpClient::Send(const HttpRequest& request,
                                                         const Deadline& deadline) {
  std::optional<decide::CircuitBreaker::Permit> permit;
  {
    const std::lock_guard lock(mutex_);
    const Instant now = runtime_.Now();
    permit = breaker_.Acquire(now);
    TellChange();
    if (!permit) return CircuitOpen(breaker_.opens_until(now), now);
  }
  auto result = http_.Send(request, deadline);
  const std::lock_guard lock(mutex_);
  switch (MeaningOf(result)) {
    case Meaning::kThere:
      breaker_.Succeeded(*permit);
      break;
    case Meaning::kNotThere:
      breaker_.Failed(*permit, runtime_.Now());
      break;
    case Meaning::kSaysNothing:
      breaker_.Abandoned(*permit);
      break;
  }
  TellChange();
  return result;
}

decide::CircuitBreaker::State BreakingHttpClient::state() {
  const std::lock_guard lock(mutex_);
  return breaker_.state(runtime_.Now());
}

}  // namespace gate::evaluate
