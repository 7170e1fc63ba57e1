#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gate/base/time.h"
#include "mock-mc/behaviour/script.h"

namespace mock_mc {

// Where a random number belongs. Equal coordinates give equal numbers: draws depend neither on the
// order in which requests of different keys arrive nor on what else is drawn.
struct DrawSite {
  std::uint64_t seed;
  std::string_view space;
  std::string_view rule;
  std::string_view key;
  std::uint64_t n;
};

// Uniform in 64 bits; `concern` separates several draws at one site.
std::uint64_t Draw(const DrawSite& site, std::string_view concern);

// Uniform in [0, bound); `bound` > 0.
std::uint64_t DrawBelow(std::uint64_t bound, const DrawSite& site, std::string_view concern);

struct OddsOutcome {
  bool fires;
  std::string text;  // how it came about, for the journal: "0.250000 < 0.3"
};
// Whether something with these odds happens at this site, whose `n` counts from 1.
OddsOutcome DrawOdds(const Odds& odds, const DrawSite& site, std::string_view concern);

// The delay at this site, in whole microseconds.
gate::Nanos DrawDelay(const Delay& delay, const DrawSite& site);

}  // namespace mock_mc
