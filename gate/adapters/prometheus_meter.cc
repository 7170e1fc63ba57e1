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

PerName<Counter> ForEachWhy(Family<Counter>& family) {
  PerName<Counter> counters;
  for (const char* why : {"malformed", "unauthorized", "overloaded"}) {
    counters[why] = &family.Add({{"why", why}});
  }
  return counters;
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
  explicit Metrics(const std::string& environment_name)
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
        refused(ForEachWhy(prometheus::BuildCounter()
                               .Name("rollout_gate_requests_refused_total")
                               .Help("Questions that were not judged, by why.")
                               .Register(registry))) {}

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

  const std::string environment;
  prometheus::Registry registry;
  Counter& pass;
  const CounterPerReason fail;
  const CounterPerReason inconclusive;
  const HistogramPerOutcome duration;
  const PerName<Histogram> mc_request;
  Gauge& breaker_state;
  const PerName<Counter> refused;
};

PrometheusMeter::PrometheusMeter(const std::string& environment)
    : metrics_(std::make_unique<Metrics>(environment)) {}

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

std::string PrometheusMeter::Expose() {
  return prometheus::TextSerializer().Serialize(metrics_->registry.Collect());
}

}  // namespace gate
