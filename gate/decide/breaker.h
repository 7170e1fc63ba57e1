#pragma once

#include <cstdint>
#include <optional>

#include "gate/base/time.h"

namespace gate::decide {

struct BreakerPolicy {
  int failures = 5;                           // in a row, until it opens; at least 1
  Nanos open_for = std::chrono::seconds(10);  // until a probe is let through
};

// A circuit breaker: it keeps callers from waiting for a peer that does not answer anyway, and the
// peer from being asked by everybody at once when it comes back. Pure: time is an argument.
//
//   closed     everything may be sent; `failures` in a row open it
//   open       nothing may be sent for `open_for`
//   half-open  one request at a time may be sent as a probe: a success closes, a failure opens
class CircuitBreaker {
 public:
  enum class State { kClosed, kOpen, kHalfOpen };

  // Leave to send one request. Exactly one of Succeeded, Failed and Abandoned is owed for it.
  struct Permit {
    std::uint64_t generation;  // counts the changes of state
  };

  explicit CircuitBreaker(const BreakerPolicy& policy);

  // Nothing while it is open, or while another probe is under way.
  std::optional<Permit> Acquire(Instant now);

  // Results of requests that were sent before the last change of state change nothing any more.
  void Succeeded(Permit permit);
  void Failed(Permit permit, Instant now);
  // It came to no result that says something about the peer: the caller gave up.
  void Abandoned(Permit permit);

  State state(Instant now) const;
  // When the next probe may be sent, if it is open at `now`.
  std::optional<Instant> opens_until(Instant now) const;

 private:
  void Become(State state);

  const BreakerPolicy policy_;
  State state_ =
      State::kClosed;  // kOpen turns into kHalfOpen with the first request after `until_`
  int failures_ = 0;   // in a row, while closed
  bool probing_ = false;
  Instant until_{};
  std::uint64_t generation_ = 0;
};

}  // namespace gate::decide
