#pragma once

#include <optional>

#include "gate/base/rng.h"
#include "gate/base/time.h"

namespace gate::decide {

// Neither is negative.
struct BackoffPolicy {
  Nanos base;
  Nanos cap;
};

// How long to wait before the next attempt: exponential back-off with full jitter, uniform in
// [0, min(cap, base * 2^attempt)], but at least `retry_after`, which may exceed the cap: whoever
// waits has a budget. `attempt` counts from 0.
Nanos BackoffDelay(int attempt, const BackoffPolicy& policy, std::optional<Nanos> retry_after,
                   Rng& rng);

}  // namespace gate::decide
