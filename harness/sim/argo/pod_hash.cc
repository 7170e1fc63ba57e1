#include "harness/sim/argo/pod_hash.h"

#include <array>

namespace drill::sim::argo {

std::uint32_t Fnv1a32(std::string_view bytes, std::uint32_t state) {
  constexpr std::uint32_t kPrime = 16777619U;
  for (const char c : bytes) {
    state ^= static_cast<std::uint8_t>(c);
    state *= kPrime;
  }
  return state;
}

std::string SafeEncode(std::string_view text) {
  constexpr std::string_view kAlphabet = "bcdfghjklmnpqrstvwxz2456789";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    encoded += kAlphabet[static_cast<std::uint8_t>(c) % kAlphabet.size()];
  }
  return encoded;
}

std::string PodTemplateHash(const gate::Json& pod_template,
                            std::optional<std::int32_t> collision_count) {
  std::uint32_t hash = Fnv1a32(pod_template.dump());
  if (collision_count) {
    std::array<char, 8> bytes{};  // little-endian, the upper half is zero
    const auto count = static_cast<std::uint32_t>(*collision_count);
    for (unsigned i = 0; i < 4; ++i) bytes[i] = static_cast<char>((count >> (8U * i)) & 0xFFU);
    hash = Fnv1a32({bytes.data(), bytes.size()}, hash);
  }
  return SafeEncode(std::to_string(hash));
}

std::string StepHash(const gate::Json& steps) {
  return SafeEncode(std::to_string(Fnv1a32(steps.dump())));
}

}  // namespace drill::sim::argo
