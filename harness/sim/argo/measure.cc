#include "harness/sim/argo/measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace drill::sim::argo {
namespace {

using gate::Nanos;
using gate::WallTime;

constexpr Nanos kErrorRetry = std::chrono::seconds(10);  // argo R35

// Durations were validated when the spec was read.
Nanos DurationOf(const std::string& text) {
  const auto parsed = gate::ParseDuration(text);
  return parsed ? *parsed : Nanos(0);
}

bool CountReached(const MetricSpec& metric, const MetricResult& result) {
  const auto count = metric.EffectiveCount();
  return count && result.count >= *count;
}

std::int32_t& CounterOf(AnalysisPhase phase, MetricResult& result) {
  switch (phase) {
    case AnalysisPhase::kSuccessful:
      return result.successful;
    case AnalysisPhase::kFailed:
      return result.failed;
    case AnalysisPhase::kInconclusive:
      return result.inconclusive;
    default:
      return result.error;
  }
}

void Count(AnalysisPhase phase, MetricResult& result) {
  ++CounterOf(phase, result);
  const bool error = phase == AnalysisPhase::kError;
  if (!error) ++result.count;
  result.consecutive_error = error ? result.consecutive_error + 1 : 0;
  result.consecutive_success =
      phase == AnalysisPhase::kSuccessful ? result.consecutive_success + 1 : 0;
}

bool IsInitialDelayOver(const MetricSpec& metric, const AnalysisStatus& status, WallTime now) {
  if (metric.initial_delay.empty()) return true;
  if (!status.started_at) return false;
  return *status.started_at + DurationOf(metric.initial_delay) <= now;
}

// Whether the metric is to be measured anew now.
bool IsDue(const MetricSpec& metric, const MetricResult& result, WallTime now) {
  if (CountReached(metric, result)) return false;
  const Measurement& last = *result.Last();
  Nanos interval = kErrorRetry;
  if (last.phase != AnalysisPhase::kError && !metric.interval.empty()) {
    interval = DurationOf(metric.interval);
  }
  return now > *last.finished_at + interval;
}

// argo R37: all measurements are taken, and no limit is broken.
AnalysisPhase AtCount(const MetricSpec& metric) {
  const bool failures_limited = metric.failure_limit.value_or(0) >= 0;
  const bool successes_required = metric.consecutive_success_limit.value_or(0) > 0;
  if (!successes_required) return AnalysisPhase::kSuccessful;
  return failures_limited ? AnalysisPhase::kInconclusive : AnalysisPhase::kFailed;
}

void AddTo(RunSummary& summary, AnalysisPhase phase) {
  switch (phase) {
    case AnalysisPhase::kError:
      ++summary.error;
      break;
    case AnalysisPhase::kFailed:
      ++summary.failed;
      break;
    case AnalysisPhase::kInconclusive:
      ++summary.inconclusive;
      break;
    default:
      ++summary.successful;
  }
}

// The worst of the metrics that count so far.
struct Worst {
  AnalysisPhase phase = AnalysisPhase::kNone;
  std::string message;

  void Take(const MetricSpec& metric, AnalysisPhase of_metric, const std::string& why,
            const MetricResult& result) {
    if (phase != AnalysisPhase::kNone && !IsWorse(phase, of_metric)) return;
    phase = of_metric;
    if (why.empty()) return;
    message =
        fmt::format("Metric \"{}\" assessed {} due to {}", metric.name, ToString(of_metric), why);
    if (!result.message.empty()) {
      message += fmt::format(": \"Error Message: {}\"", result.message);
    }
  }
};

// Writes what the metric has become.
void Transition(const MetricSpec& metric, AnalysisPhase phase, MetricResult& result,
                Assessment& assessment) {
  if (result.phase == phase) return;
  if (IsCompleted(phase)) assessment.ended.push_back({metric.name, phase});
  if (const Measurement* last = result.Last()) result.message = last->message;
  result.phase = phase;
}

}  // namespace

bool IsWorse(AnalysisPhase current, AnalysisPhase next) {
  constexpr std::array kOrder = {AnalysisPhase::kSuccessful, AnalysisPhase::kRunning,
                                 AnalysisPhase::kPending,    AnalysisPhase::kInconclusive,
                                 AnalysisPhase::kError,      AnalysisPhase::kFailed};
  const auto rank = [&](AnalysisPhase phase) {
    return std::find(kOrder.begin(), kOrder.end(), phase) - kOrder.begin();
  };
  return rank(next) > rank(current);
}

bool IsTerminating(const RunSpec& spec, const AnalysisStatus& status) {
  return spec.terminate ||
         std::any_of(status.results.begin(), status.results.end(), [](const MetricResult& result) {
           return !result.dry_run && IsCompleted(result.phase) &&
                  result.phase != AnalysisPhase::kSuccessful;
         });
}

std::vector<MetricTask> DueTasks(const RunSpec& spec, const AnalysisStatus& status, WallTime now,
                                 ArgoVersion version) {
  const bool terminating = IsTerminating(spec, status);
  std::vector<MetricTask> tasks;
  for (std::size_t i = 0; i < spec.metrics.size(); ++i) {
    const MetricSpec& metric = spec.metrics[i];
    const MetricResult* result = status.Find(metric.name);
    if (result != nullptr && IsCompleted(result->phase)) continue;
    const Measurement* last = result == nullptr ? nullptr : result->Last();
    if (last != nullptr && !last->finished_at) {
      // 1.9 waits for the time to resume even if the run is to end.
      const bool waits = last->resume_at && *last->resume_at > now &&
                         !(terminating && version == ArgoVersion::k1_10);
      using Kind = MetricTask::Kind;
      if (!waits) tasks.push_back({i, terminating ? Kind::kTerminate : Kind::kResume});
      continue;
    }
    if (terminating) continue;
    const bool due =
        last == nullptr ? IsInitialDelayOver(metric, status, now) : IsDue(metric, *result, now);
    if (due) tasks.push_back({i, MetricTask::Kind::kRun});
  }
  return tasks;
}

void Record(const RunSpec& spec, std::size_t metric, Measurement measurement, Taken taken,
            WallTime now, AnalysisStatus& status) {
  const std::string& name = spec.metrics[metric].name;
  MetricResult* result = status.Find(name);
  if (result == nullptr) {
    MetricResult fresh;
    fresh.name = name;
    fresh.phase = AnalysisPhase::kRunning;
    fresh.dry_run = spec.dry_run[metric];
    status.results.push_back(std::move(fresh));
    result = &status.results.back();
  }
  if (IsCompleted(measurement.phase)) {
    if (!measurement.finished_at) measurement.finished_at = now;
    Count(measurement.phase, *result);
  }
  if (taken == Taken::kNew || result->measurements.empty()) {
    result->measurements.push_back(std::move(measurement));
  } else {
    result->measurements.back() = std::move(measurement);
  }
}

LimitBroken AssessLimits(const MetricSpec& metric, const MetricResult& result) {
  constexpr std::int64_t kDefaultErrorLimit = 4;
  LimitBroken broken;
  const std::int64_t failures = metric.failure_limit.value_or(0);
  if (failures >= 0 && result.failed > failures) {
    broken = {AnalysisPhase::kFailed,
              fmt::format("failed ({}) > failureLimit ({})", result.failed, failures)};
  }
  const std::int64_t inconclusive = metric.inconclusive_limit.value_or(0);
  if (result.inconclusive > inconclusive) {
    broken = {AnalysisPhase::kInconclusive,
              fmt::format("inconclusive ({}) > inconclusiveLimit ({})", result.inconclusive,
                          inconclusive)};
  }
  const std::int64_t errors = metric.consecutive_error_limit.value_or(kDefaultErrorLimit);
  if (result.consecutive_error > errors) {
    broken = {AnalysisPhase::kError, fmt::format("consecutiveErrors ({}) > consecutiveErrorLimit "
                                                 "({})",
                                                 result.consecutive_error, errors)};
  }
  return broken;
}

AnalysisPhase AssessMetric(const MetricSpec& metric, const MetricResult& result, bool terminating) {
  if (IsCompleted(result.phase)) return result.phase;
  const Measurement* last = result.Last();
  if (last == nullptr) {
    return terminating ? AnalysisPhase::kSuccessful : AnalysisPhase::kPending;
  }
  if (!IsCompleted(last->phase)) return AnalysisPhase::kRunning;
  const LimitBroken broken = AssessLimits(metric, result);
  if (broken.phase != AnalysisPhase::kNone) return broken.phase;
  const std::int64_t successes = metric.consecutive_success_limit.value_or(0);
  if (successes > 0 && result.consecutive_success >= successes) return AnalysisPhase::kSuccessful;
  if (CountReached(metric, result)) return AtCount(metric);
  return terminating ? AnalysisPhase::kSuccessful : AnalysisPhase::kRunning;
}

Assessment AssessRun(const RunSpec& spec, WallTime now, AnalysisStatus& status) {
  const bool terminating = IsTerminating(spec, status);
  if (!status.started_at) status.started_at = now;
  Assessment assessment;
  Worst worst;
  if (spec.terminate) worst.message = "Run Terminated";
  RunSummary summary;
  RunSummary dry_run_summary;
  bool all_completed = true;
  for (std::size_t i = 0; i < spec.metrics.size(); ++i) {
    const MetricSpec& metric = spec.metrics[i];
    RunSummary& of_kind = spec.dry_run[i] ? dry_run_summary : summary;
    ++of_kind.count;
    MetricResult* result = status.Find(metric.name);
    if (result == nullptr) {
      all_completed = false;
      continue;
    }
    const AnalysisPhase phase = AssessMetric(metric, *result, terminating);
    Transition(metric, phase, *result, assessment);
    if (!IsCompleted(phase)) {
      all_completed = false;
      continue;
    }
    const LimitBroken broken = AssessLimits(metric, *result);
    AddTo(of_kind, broken.phase);
    if (!spec.dry_run[i]) {
      worst.Take(metric, phase, broken.message, *result);
      continue;
    }
    if (worst.phase == AnalysisPhase::kNone) worst.phase = AnalysisPhase::kSuccessful;
    if (!broken.message.empty()) {
      result->message =
          fmt::format("Metric assessed {} due to {}", ToString(phase), broken.message);
    }
  }
  status.summary = summary;
  status.dry_run_summary = dry_run_summary;
  if (terminating) {
    if (worst.phase == AnalysisPhase::kNone) worst.phase = AnalysisPhase::kSuccessful;
    assessment.phase = worst.phase;
    assessment.message = worst.message;
    return assessment;
  }
  if (!all_completed || worst.phase == AnalysisPhase::kNone) {
    assessment.phase = AnalysisPhase::kRunning;
    return assessment;
  }
  assessment.phase = worst.phase;
  assessment.message = worst.message;
  return assessment;
}

std::optional<WallTime> NextLook(const RunSpec& spec, const AnalysisStatus& status, WallTime now) {
  std::optional<WallTime> next;
  const auto take = [&next](WallTime time) { next = next ? std::min(*next, time) : time; };
  for (const MetricSpec& metric : spec.metrics) {
    const MetricResult* result = status.Find(metric.name);
    if (result != nullptr && IsCompleted(result->phase)) continue;
    const Measurement* last = result == nullptr ? nullptr : result->Last();
    if (last == nullptr) {
      if (metric.initial_delay.empty()) continue;
      take(status.started_at.value_or(now) + DurationOf(metric.initial_delay));
      continue;
    }
    if (!last->finished_at) {
      if (last->resume_at) take(*last->resume_at);
      continue;
    }
    if (CountReached(metric, *result)) continue;
    if (last->phase == AnalysisPhase::kError) {
      take(*last->finished_at + kErrorRetry);
    } else if (!metric.interval.empty()) {
      take(*last->finished_at + DurationOf(metric.interval));
    }
  }
  return next;
}

bool IsTtlExceeded(const RunSpec& spec, const AnalysisStatus& status, WallTime now) {
  if (!IsCompleted(status.phase) || !status.completed_at) return false;
  std::optional<std::int64_t> ttl = spec.ttl_after_completion;
  if (status.phase == AnalysisPhase::kSuccessful && spec.ttl_after_success) {
    ttl = spec.ttl_after_success;
  } else if (status.phase == AnalysisPhase::kFailed && spec.ttl_after_failure) {
    ttl = spec.ttl_after_failure;
  }
  if (!ttl) return false;
  const auto since =
      std::chrono::duration_cast<std::chrono::seconds>(now - *status.completed_at).count();
  return since > *ttl;
}

}  // namespace drill::sim::argo
