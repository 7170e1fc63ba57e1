#include "gate/adapters/prometheus_meter.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <functional>
#include <map>

#include "gate/base/check.h"
#include "gate/evidence/reason.h"
#include "gate/service/metered_http_client.h"

namespace gate {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using Buckets = Histogram::BucketBoundaries;

// MC's latency is alerted on above 2 s; an attempt ends by default after 5 s, an evaluation after
// 30 s, and Argo's patience with a web metric is a minute or two.
const Buckets& RequestBuckets() {
  static const Buckets buckets = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30};
  return buckets;
}
const Buckets& VerdictBuckets() {
  static const Buckets buckets = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
                                  2,     5,    10,    30,   60,  120,  300};
  return buckets;
}

// Five minutes are the promise.
const Buckets& RollbackBuckets() {
  static const Buckets buckets = {1, 2, 5, 10, 20, 30, 60, 120, 180, 240, 300, 600, 1200};
  return buckets;
}
// A sink may be away for a day.
const Buckets& WaitBuckets() {
  static const Buckets buckets = {0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800, 7200, 86400};
  return buckets;
}

double Seconds(Nanos duration) { return std::chrono::duration<double>(duration).count(); }

double NumberOf(decide::CircuitBreaker::State state) {
  switch (state) {
    case decide::CircuitBreaker::State::kClosed:
      return 0;
    case decide::CircuitBreaker::State::kHalfOpen:
      return 1;
    case decide::CircuitBreaker::State::kOpen:
      return 2;
  }
  GATE_CHECK(false);
}

// Families of one label with known values: their metrics, made beforehand.
using CounterPerReason = std::map<evidence::Reason, Counter*>;
using HistogramPerOutcome = std::map<decide::Outcome, Histogram*>;
template <typename Metric>
using PerName = std::map<std::string, Metric*, std::less<>>;

CounterPerReason ForEachReason(Family<Counter>& family, const std::string& environment) {
  CounterPerReason counters;
  for (int i = 0; i <= static_cast<int>(evidence::kLastReason); ++i) {
    const auto reason = static_cast<evidence::Reason>(i);
    counters[reason] = &family.Add(
        {{"environment", environment}, {"reason", std::string(evidence::ToString(reason))}});
  }
  return counters;
}

HistogramPerOutcome ForEachOutcome(Family<Histogram>& family, const std::string& environment) {
  HistogramPerOutcome histograms;
  for (const auto outcome :
       {decide::Outcome::kPass, decide::Outcome::kFail, decide::Outcome::kInconclusive}) {
    histograms[outcome] = &family.Add(
        {{"environment", environment}, {"verdict", std::string(decide::ToString(outcome))}},
        VerdictBuckets());
  }
  return histograms;
}

PerName<Histogram> ForEachResult(Family<Histogram>& family) {
  PerName<Histogram> histograms;
  for (const std::string_view result : service::McResults()) {
    histograms[std::string(result)] =
        &family.Add({{"result", std::string(result)}}, RequestBuckets());
  }
  return histograms;
}

PerName<Counter> ForEach(Family<Counter>& family, const std::string& label,
                         const std::vector<std::string>& values, prometheus::Labels labels = {}) {
  PerName<Counter> counters;
  for (const std::string& value : values) {
    labels[label] = value;
    counters[value] = &family.Add(labels);
  }
  return counters;
}

std::map<std::string, PerName<Counter>, std::less<>> ForEachInquiry(Family<Counter>& family) {
  std::map<std::string, PerName<Counter>, std::less<>> counters;
  for (const std::string why : {"paused", "passed"}) {
    counters[why] = ForEach(family, "answer", {"yes", "no", "nothing"}, {{"why", why}});
  }
  return counters;
}

// What is known of one sink.
struct OfSink {
  Counter& delivered;
  Histogram& wait;
  Counter& failures;
  PerName<Counter> dropped;
  Gauge& waiting;
};

std::map<std::string, OfSink, std::less<>> ForEachSink(prometheus::Registry& registry,
                                                       const std::vector<std::string>& sinks) {
  auto& delivered = prometheus::BuildCounter()
                        .Name("rollout_gate_notices_delivered_total")
                        .Help("Notices that a sink has taken.")
                        .Register(registry);
  auto& wait = prometheus::BuildHistogram()
                   .Name("rollout_gate_notice_wait_seconds")
                   .Help("From noticing a fact to its delivery.")
                   .Register(registry);
  auto& failures = prometheus::BuildCounter()
                       .Name("rollout_gate_delivery_failures_total")
                       .Help("Attempts to deliver a notice that failed.")
                       .Register(registry);
  auto& dropped = prometheus::BuildCounter()
                      .Name("rollout_gate_notices_dropped_total")
                      .Help("Notices that will never be delivered, by why.")
                      .Register(registry);
  auto& waiting = prometheus::BuildGauge()
                      .Name("rollout_gate_notices_waiting")
                      .Help("Notices that the leader has not delivered yet.")
                      .Register(registry);
  const std::vector<std::string> why = {"overflow", "too-old", "refused", "unreadable"};
  std::map<std::string, OfSink, std::less<>> known;
  for (const std::string& sink : sinks) {
    const prometheus::Labels labels = {{"sink", sink}};
    known.emplace(
        sink, OfSink{delivered.Add(labels), wait.Add(labels, WaitBuckets()), failures.Add(labels),
                     ForEach(dropped, "why", why, labels), waiting.Add(labels)});
  }
  return known;
}

template <typename Metrics, typename Key>
auto& Known(const Metrics& metrics, const Key& key) {
  const auto found = metrics.find(key);
  GATE_CHECK(found != metrics.end());
  return *found->second;
}

}  // namespace

// prometheus-cpp's metrics are thread-safe. To make one it may throw, which only a mistake in a
// name can cause; so all are made at the start.
struct PrometheusMeter::Metrics {
  Metrics(const std::string& environment_name, const std::vector<std::string>& sink_names)
      : environment(environment_name),
        pass(prometheus::BuildCounter()
                 .Name("rollout_gate_pass_total")
                 .Help("Verdicts that let a release go on.")
                 .Register(registry)
                 .Add({{"environment", environment}})),
        fail(ForEachReason(prometheus::BuildCounter()
                               .Name("rollout_gate_fail_total")
                               .Help("Verdicts that roll a release back, by reason.")
                               .Register(registry),
                           environment)),
        inconclusive(ForEachReason(
            prometheus::BuildCounter()
                .Name("rollout_gate_inconclusive_total")
                .Help("Verdicts that hold a release because nobody can say, by reason.")
                .Register(registry),
            environment)),
        duration(ForEachOutcome(
            prometheus::BuildHistogram()
                .Name("rollout_gate_duration_seconds")
                .Help("From a question to its verdict, records included, by verdict.")
                .Register(registry),
            environment)),
        mc_request(ForEachResult(
            prometheus::BuildHistogram()
                .Name("rollout_gate_mc_request_duration_seconds")
                .Help("One request to the MC Evidence API, by class of status or error.")
                .Register(registry))),
        breaker_state(prometheus::BuildGauge()
                          .Name("rollout_gate_breaker_state")
                          .Help("Circuit breaker of MC: 0 closed, 1 half-open, 2 open.")
                          .Register(registry)
                          .Add({})),
        refused(ForEach(prometheus::BuildCounter()
                            .Name("rollout_gate_requests_refused_total")
                            .Help("Questions that were not judged, by why.")
                            .Register(registry),
                        "why", {"malformed", "unauthorized", "overloaded"})),
        leader(prometheus::BuildGauge()
                   .Name("rollout_gate_leader")
                   .Help("1 while this process follows rollbacks and tells people.")
                   .Register(registry)
                   .Add({})),
        rollback(
            prometheus::BuildHistogram()
                .Name("rollout_gate_rollback_duration_seconds")
                .Help("From a refusal or an abort until the stable version served alone again.")
                .Register(registry)),
        rolled_back(rollback.Add({{"environment", environment}, {"outcome", "in-time"}},
                                 RollbackBuckets())),
        rolled_back_late(
            rollback.Add({{"environment", environment}, {"outcome", "late"}}, RollbackBuckets())),
        late(ForEach(prometheus::BuildCounter()
                         .Name("rollout_gate_rollback_late_total")
                         .Help("Rollbacks that were behind, by the step that was taken.")
                         .Register(registry),
                     "step", {"warn", "fallback", "page"}, {{"environment", environment}})),
        bypassed(prometheus::BuildCounter()
                     .Name("rollout_gate_bypass_total")
                     .Help("Releases that went past a gate without a verdict.")
                     .Register(registry)
                     .Add({{"environment", environment}})),
        token_issued(prometheus::BuildGauge()
                         .Name("rollout_gate_token_issued_timestamp_seconds")
                         .Help("When the token for MC was issued; 0: nobody says.")
                         .Register(registry)
                         .Add({{"environment", environment}})),
        paused(prometheus::BuildGauge()
                   .Name("rollout_gate_paused_rollouts")
                   .Help("Rollouts that wait without a verdict; of the leader.")
                   .Register(registry)
                   .Add({})),
        inquiries(ForEachInquiry(prometheus::BuildCounter()
                                     .Name("rollout_gate_inquiries_total")
                                     .Help("Questions of the leader to MC while no gate asks, by "
                                           "why, and by its answer.")
                                     .Register(registry))),
        overrides(ForEach(prometheus::BuildCounter()
                              .Name("rollout_gate_overrides_total")
                              .Help("Verdicts that people made in MC's place.")
                              .Register(registry),
                          "decision", {"approve", "reject"}, {{"environment", environment}})),
        sinks(ForEachSink(registry, sink_names)) {}

  Counter& CounterOf(const decide::Verdict& verdict) {
    switch (verdict.outcome()) {
      case decide::Outcome::kPass:
        return pass;
      case decide::Outcome::kFail:
        return Known(fail, verdict.reason());
      case decide::Outcome::kInconclusive:
        return Known(inconclusive, verdict.reason());
    }
    GATE_CHECK(false);
  }

  // Null for a sink that is no longer configured: its queue is dropped, and nobody's metric.
  const OfSink* Find(std::string_view sink) const {
    const auto found = sinks.find(sink);
    return found == sinks.end() ? nullptr : &found->second;
  }

  const std::string environment;
  prometheus::Registry registry;
  Counter& pass;
  const CounterPerReason fail;
  const CounterPerReason inconclusive;
  const HistogramPerOutcome duration;
  const PerName<Histogram> mc_request;
  Gauge& breaker_state;
  const PerName<Counter> refused;
  Gauge& leader;
  Family<Histogram>& rollback;
  Histogram& rolled_back;
  Histogram& rolled_back_late;
  const PerName<Counter> late;
  Counter& bypassed;
  Gauge& token_issued;
  Gauge& paused;
  const std::map<std::string, PerName<Counter>, std::less<>> inquiries;  // by why and answer
  const PerName<Counter> overrides;
  const std::map<std::string, OfSink, std::less<>> sinks;
};

PrometheusMeter::PrometheusMeter(const std::string& environment,
                                 const std::vector<std::string>& sinks)
    : metrics_(std::make_unique<Metrics>(environment, sinks)) {}

PrometheusMeter::~PrometheusMeter() = default;

void PrometheusMeter::VerdictGiven(std::string_view environment, const decide::Verdict& verdict,
                                   Nanos took) {
  GATE_CHECK(environment == metrics_->environment);
  metrics_->CounterOf(verdict).Increment();
  Known(metrics_->duration, verdict.outcome()).Observe(Seconds(took));
}

void PrometheusMeter::McAsked(Nanos took, std::string_view result) {
  Known(metrics_->mc_request, result).Observe(Seconds(took));
}

void PrometheusMeter::BreakerState(decide::CircuitBreaker::State state) {
  metrics_->breaker_state.Set(NumberOf(state));
}

void PrometheusMeter::RequestRefused(std::string_view why) {
  Known(metrics_->refused, why).Increment();
}

void PrometheusMeter::Leads(bool leads) {
  metrics_->leader.Set(leads ? 1 : 0);
  if (!leads) RolloutsPaused(0);
}

void PrometheusMeter::RolloutsPaused(std::size_t count) {
  metrics_->paused.Set(static_cast<double>(count));
}

void PrometheusMeter::RolledBack(RollbackEnd end, Nanos took) {
  Histogram& histogram =
      end == RollbackEnd::kInTime ? metrics_->rolled_back : metrics_->rolled_back_late;
  histogram.Observe(Seconds(took));
}

void PrometheusMeter::RollbackLate(std::string_view step) {
  Known(metrics_->late, step).Increment();
}

void PrometheusMeter::TokenIssued(WallTime at) {
  metrics_->token_issued.Set(Seconds(at.time_since_epoch()));
}

void PrometheusMeter::Bypassed() { metrics_->bypassed.Increment(); }

void PrometheusMeter::Inquired(std::string_view why, std::string_view answer) {
  const auto found = metrics_->inquiries.find(why);
  GATE_CHECK(found != metrics_->inquiries.end());
  Known(found->second, answer).Increment();
}

void PrometheusMeter::Overridden(std::string_view decision) {
  Known(metrics_->overrides, decision).Increment();
}

void PrometheusMeter::NoticeDelivered(std::string_view sink, Nanos waited) {
  const OfSink* const known = metrics_->Find(sink);
  if (known == nullptr) return;
  known->delivered.Increment();
  known->wait.Observe(Seconds(waited));
}

void PrometheusMeter::DeliveryFailed(std::string_view sink) {
  if (const OfSink* const known = metrics_->Find(sink)) known->failures.Increment();
}

void PrometheusMeter::NoticesDropped(std::string_view sink, std::string_view why, int count) {
  if (const OfSink* const known = metrics_->Find(sink)) Known(known->dropped, why).Increment(count);
}

void PrometheusMeter::NoticesWaiting(std::string_view sink, std::size_t count) {
  const OfSink* const known = metrics_->Find(sink);
  if (known != nullptr) known->waiting.Set(static_cast<double>(count));
}

std::string PrometheusMeter::Expose() {
  return prometheus::TextSerializer().Serialize(metrics_->registry.Collect());
}

}  // namespace gate
