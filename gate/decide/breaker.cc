#include "gate/decide/breaker.h"

#include "gate/base/check.h"

namespace gate::decide {

CircuitBreaker::CircuitBreaker(const BreakerPolicy& policy) : policy_(policy) {
  GATE_CHECK(policy.failures >= 1 && policy.open_for >= Nanos(0));
}

void CircuitBreaker::Become(State state) {
  state_ = state;
  failures_ = 0;
  probing_ = false;
  ++generation_;
}

std::optional<CircuitBreaker::Permit> CircuitBreaker::Acquire(Instant now) {
  if (state_ == State::kOpen && now >= until_) Become(State::kHalfOpen);
  if (state_ == State::kOpen || probing_) return std::nullopt;
  probing_ = state_ == State::kHalfOpen;
  return Permit{generation_};
}

void CircuitBreaker::Succeeded(Permit permit) {
  if (permit.generation != generation_) return;
  failures_ = 0;
  if (state_ == State::kHalfOpen) Become(State::kClosed);
}

void CircuitBreaker::Failed(Permit permit, Instant now) {
  if (permit.generation != generation_) return;
  if (state_ == State::kClosed && ++failures_ < policy_.failures) return;
  Become(State::kOpen);
  until_ = now + policy_.open_for;
}

void CircuitBreaker::Abandoned(Permit permit) {
  if (permit.generation == generation_) probing_ = false;
}

CircuitBreaker::State CircuitBreaker::state(Instant now) const {
  return state_ == State::kOpen && now >= until_ ? State::kHalfOpen : state_;
}

std::optional<Instant> CircuitBreaker::opens_until(Instant now) const {
  if (state(now) != State::kOpen) return std::nullopt;
  return until_;
}

}  // namespace gate::decide
