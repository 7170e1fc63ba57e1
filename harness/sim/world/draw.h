#pragma once

#include <cstdint>

#include "gate/base/rng.h"
#include "gate/base/time.h"

namespace drill::sim {

// A time that differs from case to case: drawn evenly from [least, least + spread).
struct Delay {
  gate::Nanos least;
  gate::Nanos spread;

  // Draws nothing if there is no spread.
  gate::Nanos Draw(gate::Rng& rng) const {
    if (spread.count() <= 0) return least;
    return least + gate::Nanos(static_cast<std::int64_t>(
                       rng.Below(static_cast<std::uint64_t>(spread.count()))));
  }
};

inline constexpr std::int64_t kMillion = 1'000'000;  // shares are told in ppm

// True in `ppm` of a million cases. Draws nothing if it is 0, so that what is switched off shifts
// nothing.
inline bool DrawShare(gate::Rng& rng, std::uint32_t ppm) {
  return ppm > 0 && rng.Below(kMillion) < ppm;
}

}  // namespace drill::sim
