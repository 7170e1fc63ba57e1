#include "mock-mc/behaviour/draw.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "gate/base/rng.h"

namespace mock_mc {
namespace {

using gate::Nanos;
using std::chrono::microseconds;

gate::Rng StreamOf(const DrawSite& site, std::string_view concern) {
  return gate::Rng(site.seed)
      .Fork(site.space)
      .Fork(site.rule)
      .Fork(site.key)
      .Fork(std::to_string(site.n))
      .Fork(concern);
}

// In (0, 1], with 53 bits.
double UnitInterval(gate::Rng& stream) {
  return static_cast<double>((stream.Next() >> 11U) + 1) * 0x1.0p-53;
}

OddsOutcome DrawProbability(double p, gate::Rng stream) {
  const double value = static_cast<double>(stream.Next() >> 11U) * 0x1.0p-53;  // in [0, 1)
  const bool fires = value < p;
  return {fires, fmt::format("{:.6f} {} {}", value, fires ? "<" : ">=", p)};
}

// Each block of `of` requests has its own selection, by Knuth's algorithm S (The Art of Computer
// Programming, 3.4.2): walking through the block, each is hit with the odds that are left.
OddsOutcome DrawExact(const ExactShare& share, DrawSite site, std::string_view concern) {
  const std::uint64_t place = (site.n - 1) % share.of;
  site.n = (site.n - 1) / share.of + 1;
  gate::Rng stream = StreamOf(site, concern);
  std::uint64_t needed = share.hits;
  bool hit = false;
  for (std::uint64_t i = 0; i <= place; ++i) {
    hit = stream.Below(share.of - i) < needed;
    if (hit) --needed;
  }
  return {hit, fmt::format("request {} of {} in block {}: {}", place + 1, share.of, site.n,
                           hit ? "hit" : "spared")};
}

// Box and Muller 1958. Rounding to microseconds hides the last-bit differences that libm
// implementations have.
Nanos DrawLognormal(const LognormalDelay& delay, gate::Rng stream) {
  const double radius = std::sqrt(-2.0 * std::log(UnitInterval(stream)));
  const double normal = radius * std::cos(2.0 * std::numbers::pi * UnitInterval(stream));
  const double micros = std::chrono::duration<double, std::micro>(delay.median).count() *
                        std::exp(delay.sigma * normal);
  const double most = std::chrono::duration<double, std::micro>(delay.max).count();
  return microseconds(static_cast<std::int64_t>(std::min(micros, most)));
}

Nanos DrawUniform(const UniformDelay& delay, gate::Rng stream) {
  const auto low = std::chrono::floor<microseconds>(delay.low);
  const auto width = std::chrono::floor<microseconds>(delay.high) - low;
  const std::uint64_t offset = stream.Below(static_cast<std::uint64_t>(width.count()) + 1);
  return low + microseconds(static_cast<std::int64_t>(offset));
}

}  // namespace

std::uint64_t Draw(const DrawSite& site, std::string_view concern) {
  return StreamOf(site, concern).Next();
}

std::uint64_t DrawBelow(std::uint64_t bound, const DrawSite& site, std::string_view concern) {
  return StreamOf(site, concern).Below(bound);
}

OddsOutcome DrawOdds(const Odds& odds, const DrawSite& site, std::string_view concern) {
  if (const auto* share = std::get_if<ExactShare>(&odds)) return DrawExact(*share, site, concern);
  return DrawProbability(std::get<Probability>(odds).p, StreamOf(site, concern));
}

Nanos DrawDelay(const Delay& delay, const DrawSite& site) {
  if (const auto* fixed = std::get_if<FixedDelay>(&delay)) return fixed->length;
  gate::Rng stream = StreamOf(site, "delay");
  if (const auto* uniform = std::get_if<UniformDelay>(&delay)) return DrawUniform(*uniform, stream);
  return DrawLognormal(std::get<LognormalDelay>(delay), stream);
}

}  // namespace mock_mc
