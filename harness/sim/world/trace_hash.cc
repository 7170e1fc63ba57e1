#include "harness/sim/world/trace_hash.h"

#include <fmt/format.h>

namespace drill::sim {

// A 64 x 64 -> 128 bit product, folded, in portable arithmetic.
std::uint64_t TraceHash::Fold(std::uint64_t a, std::uint64_t b) {
  const std::uint64_t a_low = a & 0xFFFFFFFFU;
  const std::uint64_t a_high = a >> 32U;
  const std::uint64_t b_low = b & 0xFFFFFFFFU;
  const std::uint64_t b_high = b >> 32U;
  const std::uint64_t middle = a_high * b_low + ((a_low * b_low) >> 32U);
  const std::uint64_t other = a_low * b_high + (middle & 0xFFFFFFFFU);
  const std::uint64_t high = a_high * b_high + (middle >> 32U) + (other >> 32U);
  return (a * b) ^ high;
}

void TraceHash::Add(std::string_view text) {
  Add(text.size());
  while (!text.empty()) {
    std::uint64_t word = 0;
    const std::size_t count = text.size() < 8 ? text.size() : 8;
    for (std::size_t i = 0; i < count; ++i) {  // little-endian on every machine
      word |= std::uint64_t{static_cast<unsigned char>(text[i])} << (8U * i);
    }
    Add(word);
    text.remove_prefix(count);
  }
}

std::string TraceHash::Hex() const { return fmt::format("{:016x}", state_); }

}  // namespace drill::sim
