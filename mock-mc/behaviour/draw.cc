#include "mock-mc/behaviour/draw.h"

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
      .Fork(site.rule)
      .Fork(site.key)
      .Fork(std::to_string(site.n))
      .Fork(concern);
}

// In (0, 1], with 53 bits.
double UnitInterval(gate::Rng& stream) {
  return static_cast<double>((stream.Next() >> 11U) + 1) * 0x1.0p-53;
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

Nanos DrawDelay(const Delay& delay, const DrawSite& site) {
  if (const auto* fixed = std::get_if<FixedDelay>(&delay)) return fixed->length;
  gate::Rng stream = StreamOf(site, "delay");
  if (const auto* uniform = std::get_if<UniformDelay>(&delay)) return DrawUniform(*uniform, stream);
  return DrawLognormal(std::get<LognormalDelay>(delay), stream);
}

}  // namespace mock_mc
