#include "harness/sim/kube/api_weather.h"

namespace drill::sim {

using gate::Error;
using gate::ErrorCode;

std::optional<Error> DrawRefusal(const ApiWeather& weather, CallKind kind, gate::Instant now,
                                 gate::Rng& rng) {
  if (now < weather.down_until) return Error{ErrorCode::kUnavailable, "connection refused"};
  if (DrawShare(rng, weather.lost_ppm)) {
    return Error{ErrorCode::kDeadlineExceeded, "no answer from the API server"};
  }
  if (DrawShare(rng, weather.throttled_ppm)) {
    return Error{ErrorCode::kResourceExhausted, "the server has received too many requests",
                 std::chrono::seconds(1)};
  }
  if (DrawShare(rng, weather.unavailable_ppm)) {
    return Error{ErrorCode::kUnavailable, "the server is currently unable to handle the request"};
  }
  if (kind == CallKind::kWrite && DrawShare(rng, weather.conflict_ppm)) {
    return Error{ErrorCode::kConflict, "the object has been modified; please try again"};
  }
  return std::nullopt;
}

std::optional<Error> DrawLostAnswer(const ApiWeather& weather, CallKind kind, gate::Rng& rng) {
  if (DrawShare(rng, weather.unanswered_ppm)) {
    return Error{ErrorCode::kDeadlineExceeded, "no answer from the API server"};
  }
  const bool write_reset = kind == CallKind::kWrite && DrawShare(rng, weather.write_reset_ppm);
  if (write_reset || DrawShare(rng, weather.reset_ppm)) {
    return Error{ErrorCode::kUnavailable, "connection reset before the answer"};
  }
  return std::nullopt;
}

}  // namespace drill::sim
