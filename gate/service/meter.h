#pragma once

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
  // Verdict requests refused before they were judged: "malformed", "unauthorized", "overloaded".
  virtual void RequestRefused(std::string_view why) = 0;

  // The metrics in the text exposition format, and its content type.
  virtual std::string Expose() = 0;
};

}  // namespace gate::service
