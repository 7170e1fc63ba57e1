#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "gate/base/result.h"

namespace gate {

using Nanos = std::chrono::nanoseconds;

// The clock of intervals and deadlines. It has no now(): only a Runtime knows what time it is.
struct MonotonicClock {
  using duration = Nanos;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonotonicClock>;
  static constexpr bool is_steady = true;
};
using Instant = MonotonicClock::time_point;

// Civil time, UTC, for what people and other programs read; never for measuring intervals.
using WallTime = std::chrono::sys_time<Nanos>;

// RFC 3339 in UTC with exactly `fraction_digits` (0 to 9) digits: 2026-01-02T03:04:05.678Z.
std::string FormatRfc3339(WallTime time, int fraction_digits = 3);

// Accepts what RFC 3339 section 5.6 allows, with any offset; a leap second (:60) is read as :59.
Result<WallTime> ParseRfc3339(std::string_view text);

// Go's duration notation, as Kubernetes uses it: "90s", "1h30m", "250ms", "1.5s"; a unit is always
// required except for "0". Units: ns, us, ms, s, m, h. Negative values are accepted.
Result<Nanos> ParseDuration(std::string_view text);

// The shortest exact form that ParseDuration reads back: "1m30s", "250ms", "0s".
std::string FormatDuration(Nanos duration);

// Seconds with three decimals, for people and reports: "12.345".
std::string FormatSeconds(Nanos duration);

}  // namespace gate
