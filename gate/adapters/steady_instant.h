#pragma once

#include <chrono>

#include "gate/base/time.h"

namespace gate {

// Every adapter that waits reads the same clock: an Instant is a point of the steady clock. Both
// count nanoseconds in 64 bits, so that also Instant::max() ("no deadline") maps to itself.
static_assert(std::chrono::steady_clock::is_steady);
static_assert(std::is_same_v<std::chrono::steady_clock::duration, Nanos>);

inline Instant SteadyNow() { return Instant(std::chrono::steady_clock::now().time_since_epoch()); }

inline std::chrono::steady_clock::time_point ToSteady(Instant instant) {
  return std::chrono::steady_clock::time_point(instant.time_since_epoch());
}

}  // namespace gate
