#pragma once

#include <cstdint>
#include <optional>

// How many pods Argo Rollouts gives to the canary and to the stable version: argo R6 and R7, pure
// arithmetic. Exact for up to kMaxReplicas replicas.
namespace gate::argo {

inline constexpr std::int32_t kMaxReplicas = 1'000'000;

// A number of pods, or a share of all of them. The default is that of maxSurge and maxUnavailable.
struct IntOrPercent {
  enum class Kind { kNumber, kPercent } kind = Kind::kPercent;
  std::int64_t value = 25;
  bool operator==(const IntOrPercent&) const = default;
};

// A ReplicaSet as the arithmetic sees it.
struct SetSize {
  std::int32_t spec = 0;
  std::int32_t created = 0;    // status.replicas
  std::int32_t available = 0;  // status.availableReplicas
};

struct Counts {
  std::int32_t canary = 0;
  std::int32_t stable = 0;
  bool operator==(const Counts&) const = default;
};

struct Fenceposts {
  std::int32_t max_surge = 0;
  std::int32_t max_unavailable = 0;
};

// argo R6: surge is rounded up, unavailability down; not both are 0; at most all are unavailable.
Fenceposts ResolveFenceposts(const IntOrPercent& max_surge, const IntOrPercent& max_unavailable,
                             std::int32_t replicas);

// argo R6: the sizes that come closest to `weight`.
Counts ApproximateCounts(std::int32_t replicas, std::int32_t weight, std::int32_t max_weight,
                         std::int32_t max_surge);

// What is there now. `stable` may be the very set that is `canary` (nothing is rolled out).
struct SetSizes {
  std::optional<SetSize> canary;
  std::optional<SetSize> stable;
  bool same = false;
  std::int32_t others = 0;            // the sum of their spec
  std::int32_t others_available = 0;  // and of their available pods
};

// argo R7: the next sizes on the way to `weight`, without traffic router.
Counts BasicCanaryCounts(std::int32_t replicas, std::int32_t weight, std::int32_t max_weight,
                         const Fenceposts& posts, const SetSizes& sets);

// argo R11: what `weight` of `replicas` is, rounded up.
std::int32_t WeightToReplicas(std::int32_t replicas, std::int32_t weight, std::int32_t max_weight);

}  // namespace gate::argo
