#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace drill {

// What the simulator needs, besides the rest of a scenario, to play a run of a campaign again in
// the very same way: everything that was drawn. Such a scenario ends when the campaign would end
// it, and is judged by the campaign's invariants (docs/campaign.md), too: each that breaks is an
// event `broken`.
struct Replay {
  std::uint64_t seed = 0;           // of the world: delays, names, nonces
  std::uint64_t campaign_seed = 0;  // of keys and token
  enum class Ties { kInOrder, kDrawn } ties = Ties::kInOrder;  // what is due at the same instant
  enum class Argo { k1_10, k1_9 } argo = Argo::k1_10;          // version of Argo Rollouts
  std::optional<std::uint64_t> trace;  // hash of how it went when it was written
};

// In the order of drill::sim::Invariant.
inline constexpr std::array<std::string_view, 12> kInvariantNames = {
    "gate-holds",  "pass-is-proven",      "fail-is-proven", "refusal-rolls-back",
    "abort-stays", "availability",        "audit-line",     "pass-is-recorded",
    "one-chain",   "secrets-stay-secret", "settles",        "people-are-told",
};

}  // namespace drill
