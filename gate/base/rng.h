#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gate {

// A stream of random numbers that is the same for the same seed on every machine and compiler
// (the standard library's distributions are not). The algorithm is SplitMix64 (Steele, Lea,
// Flood 2014). Not for secrets: nonces that must be unpredictable are seeded from the OS.
class Rng {
 public:
  explicit Rng(std::uint64_t seed) : state_(seed) {}

  std::uint64_t Next();

  // Uniform in [0, bound); `bound` > 0. Unbiased (Lemire's method).
  std::uint64_t Below(std::uint64_t bound);

  // An independent stream for one concern, so that a new draw there shifts nothing here.
  // Does not advance this stream.
  Rng Fork(std::string_view concern) const;

  // `count` random bytes.
  std::string Bytes(std::size_t count);

 private:
  std::uint64_t state_;
};

}  // namespace gate
