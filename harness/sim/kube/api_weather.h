#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "gate/base/result.h"
#include "gate/base/rng.h"
#include "gate/base/time.h"
#include "harness/sim/world/draw.h"

namespace drill::sim {

// What happens to calls on their way to the API server and back. Shared by the clients that it is
// to meet; faults change it while the world runs. Shares are in ppm of the calls.
struct ApiWeather {
  gate::Nanos latency = std::chrono::microseconds(300);  // each way
  gate::Nanos jitter = std::chrono::milliseconds(2);     // drawn, added each way

  std::uint32_t throttled_ppm = 0;    // 429 with Retry-After: 1 s
  std::uint32_t unavailable_ppm = 0;  // 503, nothing was done
  std::uint32_t lost_ppm = 0;        // the request never arrives: the caller waits for its deadline
  std::uint32_t unanswered_ppm = 0;  // done, but the caller waits for its deadline
  std::uint32_t reset_ppm = 0;       // done, but the connection breaks before the answer
  std::uint32_t write_reset_ppm = 0;  // the same for writes only
  std::uint32_t conflict_ppm = 0;     // writes only: 409, as if another had been faster
  std::uint32_t stale_list_ppm = 0;   // lists only: an older state, up to kMostStale changes back
  std::uint32_t watch_cut_ppm = 0;    // of watch events: the connection ends after it
  std::uint64_t restarts = 0;         // of the API server: each ends the watches of before
  gate::Instant down_until;           // every call is refused until then

  Delay OneWay() const { return {latency, jitter}; }
};

enum class CallKind { kRead, kWrite };

// The error that a call meets before it has an effect, if it does. kDeadlineExceeded: it is lost,
// and the caller waits until it gives up.
std::optional<gate::Error> DrawRefusal(const ApiWeather& weather, CallKind kind, gate::Instant now,
                                       gate::Rng& rng);

// The error that keeps the answer from a call that had its effect. kDeadlineExceeded: as above.
std::optional<gate::Error> DrawLostAnswer(const ApiWeather& weather, CallKind kind, gate::Rng& rng);

}  // namespace drill::sim
