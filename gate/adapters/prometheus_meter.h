#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "gate/service/meter.h"

namespace gate {

// The Meter of production, by prometheus-cpp. All times are in seconds.
//
//   rollout_gate_pass_total{environment}                    verdicts
//   rollout_gate_fail_total{environment,reason}
//   rollout_gate_inconclusive_total{environment,reason}
//   rollout_gate_duration_seconds{environment,verdict}      histogram: from question to verdict
//   rollout_gate_mc_request_duration_seconds{result}        histogram: one request to MC
//   rollout_gate_breaker_state                              0 closed, 1 half-open, 2 open
//   rollout_gate_requests_refused_total{why}
//
// Counters exist, as 0, from the start, because Prometheus does not see the first increase of a
// series that begins with it. Labels are bounded: `environment` is the configured one, the others
// come from fixed lists.
class PrometheusMeter : public service::Meter {
 public:
  explicit PrometheusMeter(const std::string& environment);
  ~PrometheusMeter() override;

  void VerdictGiven(std::string_view environment, const decide::Verdict& verdict,
                    Nanos took) override;
  void McAsked(Nanos took, std::string_view result) override;
  void BreakerState(decide::CircuitBreaker::State state) override;
  void RequestRefused(std::string_view why) override;
  std::string Expose() override;

 private:
  struct Metrics;
  const std::unique_ptr<Metrics> metrics_;
};

}  // namespace gate
