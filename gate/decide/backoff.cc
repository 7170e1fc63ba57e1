#include "gate/decide/backoff.h"

#include <algorithm>
#include <cstdint>

#include "gate/base/check.h"

namespace gate::decide {

Nanos BackoffDelay(int attempt, const BackoffPolicy& policy, std::optional<Nanos> retry_after,
                   Rng& rng) {
  GATE_CHECK(attempt >= 0 && policy.base >= Nanos(0) && policy.cap >= Nanos(0));
  // 62 doublings take even a nanosecond beyond any cap.
  const int doublings = std::min(attempt, 62);
  const bool capped = policy.base.count() > policy.cap.count() >> doublings;
  const Nanos longest = capped ? policy.cap : Nanos(policy.base.count() << doublings);
  const Nanos jittered(
      static_cast<std::int64_t>(rng.Below(static_cast<std::uint64_t>(longest.count()) + 1)));
  return std::max(jittered, retry_after.value_or(Nanos(0)));
}

}  // namespace gate::decide
