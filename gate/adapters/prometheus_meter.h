#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

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
//   rollout_gate_token_issued_timestamp_seconds{environment} 0: nobody says
//   rollout_gate_requests_refused_total{why}
//   rollout_gate_leader                                     1 while this process leads
//   rollout_gate_rollback_duration_seconds{environment,outcome}  histogram; in-time, late
//   rollout_gate_rollback_late_total{environment,step}      warn, fallback, page
//   rollout_gate_bypass_total{environment}
//   rollout_gate_paused_rollouts                            of the leader
//   rollout_gate_inquiries_total{why,answer}                why: paused, passed; answer: yes, no,
//                                                           nothing
//   rollout_gate_overrides_total{environment,decision}      approve, reject
//   rollout_gate_notices_delivered_total{sink}
//   rollout_gate_notice_wait_seconds{sink}                  histogram: from noticing to delivery
//   rollout_gate_delivery_failures_total{sink}              attempts
//   rollout_gate_notices_dropped_total{sink,why}
//   rollout_gate_notices_waiting{sink}                      of the leader
//
// Counters exist, as 0, from the start, because Prometheus does not see the first increase of a
// series that begins with it. Labels are bounded: `environment` is the configured one, the others
// come from fixed lists or, sinks, from the configuration.
class PrometheusMeter : public service::Meter {
 public:
  // `sinks`: the names of those that are told.
  explicit PrometheusMeter(const std::string& environment,
                           const std::vector<std::string>& sinks = {});
  ~PrometheusMeter() override;

  void VerdictGiven(std::string_view environment, const decide::Verdict& verdict,
                    Nanos took) override;
  void McAsked(Nanos took, std::string_view result) override;
  void BreakerState(decide::CircuitBreaker::State state) override;
  void TokenIssued(WallTime at) override;
  void RequestRefused(std::string_view why) override;
  void Leads(bool leads) override;
  void RolledBack(RollbackEnd end, Nanos took) override;
  void RollbackLate(std::string_view step) override;
  void Bypassed() override;
  void RolloutsPaused(std::size_t count) override;
  void Inquired(std::string_view why, std::string_view answer) override;
  void Overridden(std::string_view decision) override;
  void NoticeDelivered(std::string_view sink, Nanos waited) override;
  void DeliveryFailed(std::string_view sink) override;
  void NoticesDropped(std::string_view sink, std::string_view why, int count) override;
  void NoticesWaiting(std::string_view sink, std::size_t count) override;
  std::string Expose() override;

 private:
  struct Metrics;
  const std::unique_ptr<Metrics> metrics_;
};

}  // namespace gate
