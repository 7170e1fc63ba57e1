#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "gate/base/time.h"
#include "gate/decide/breaker.h"
#include "gate/decide/verdict.h"

namespace gate::service {

// What the service counts and measures. Thread-safe; never waits. Labels are bounded by whoever
// implements it: `environment` is the configured one, reasons are those of gate/evidence/reason.h.
class Meter {
 public:
  virtual ~Meter() = default;

  virtual void VerdictGiven(std::string_view environment, const decide::Verdict& verdict,
                            Nanos took) = 0;
  // One request to MC, from the first byte sent to the last received, or its failure.
  virtual void McAsked(Nanos took, std::string_view result) = 0;
  virtual void BreakerState(decide::CircuitBreaker::State state) = 0;
  // When the token for MC was issued, as is told before metrics are read.
  virtual void TokenIssued(WallTime /*at*/) {}
  // Verdict requests refused before they were judged: "malformed", "unauthorized", "overloaded".
  virtual void RequestRefused(std::string_view why) = 0;

  // The leader's work. Whether this process leads:
  virtual void Leads(bool /*leads*/) {}
  // From the refusal, or the abort, until the stable version served alone again.
  enum class RollbackEnd { kInTime, kLate };
  virtual void RolledBack(RollbackEnd /*end*/, Nanos /*took*/) {}
  // "warn", "fallback", "page"
  virtual void RollbackLate(std::string_view /*step*/) {}
  virtual void Bypassed() {}
  // How many Rollouts wait without a verdict. Forgotten by whoever does not lead.
  virtual void RolloutsPaused(std::size_t /*count*/) {}
  // A question of the leader's own to MC: watch::ToString of why, and of what MC said.
  virtual void Inquired(std::string_view /*why*/, std::string_view /*answer*/) {}
  // "approve", "reject": a verdict that people made in MC's place.
  virtual void Overridden(std::string_view /*decision*/) {}

  // Notices on their way to a sink. `waited`: from the fact's being noticed to its delivery.
  virtual void NoticeDelivered(std::string_view /*sink*/, Nanos /*waited*/) {}
  virtual void DeliveryFailed(std::string_view /*sink*/) {}
  virtual void NoticesDropped(std::string_view /*sink*/, std::string_view /*why*/, int /*count*/) {}
  virtual void NoticesWaiting(std::string_view /*sink*/, std::size_t /*count*/) {}

  // The metrics in the text exposition format, and its content type.
  virtual std::string Expose() = 0;
};

}  // namespace gate::service
