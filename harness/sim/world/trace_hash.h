#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace drill::sim {

// A running 64-bit hash of what happened, the same on every machine, compiler and build. It tells
// two runs apart; it is no protection against somebody who wants them to look the same.
class TraceHash {
 public:
  void Add(std::uint64_t value) {
    // Multiply and fold (as in wyhash): every bit of the state depends on every earlier value.
    state_ = Fold(state_ ^ value, 0x9E3779B97F4A7C15U) + 0xD1B54A32D192ED03U;
  }
  void Add(std::string_view text);

  std::uint64_t value() const { return state_; }
  std::string Hex() const;  // 16 digits

 private:
  static std::uint64_t Fold(std::uint64_t a, std::uint64_t b);

  std::uint64_t state_ = 0x243F6A8885A308D3U;
};

}  // namespace drill::sim
