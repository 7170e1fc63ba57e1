#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "gate/argo/rollback_estimate.h"
#include "gate/lint/catalog.h"
#include "gate/lint/checks.h"
#include "gate/lint/gate_use.h"

namespace gate::lint {
namespace {

using argo::RollbackShape;

// What a gate has to do with the time of a rollback.
struct GateFacts {
  int weight = 0;      // the highest below 100 at which a gate can abort
  Nanos detection{0};  // until Argo sees a verdict
};

// argo R52: a Job's end is looked for at growing intervals.
Nanos JobDetection(Nanos hold) {
  const double seconds = std::chrono::duration<double>(hold).count();
  return std::chrono::seconds(static_cast<std::int64_t>(std::ceil(std::sqrt(2 * seconds))));
}

Nanos Detection(const MetricUse& use, const Context& context) {
  if (GateKindOf(*use.metric) != GateKind::kJob) return Nanos{0};
  const JobProvider& job = *use.metric->job;
  const Container* gate = GateContainer(job);
  const Nanos hold =
      HoldOf(*gate, job, use.analysis_template->identity.ns, context.objects.config_maps)
          .value_or(context.options.gate_hold);
  return JobDetection(std::max(hold, Nanos{0}));
}

GateFacts FactsOf(const Rollout& rollout, const Context& context) {
  GateFacts facts;
  int weight = 0;
  for (const Step& step : rollout.steps) {
    if (step.kind == Step::Kind::kSetWeight) weight = step.weight;
    if (step.kind != Step::Kind::kAnalysis || weight >= 100) continue;
    const Expanded expanded =
        Expand(step.analysis.templates, rollout.identity.ns, context.objects.templates);
    if (!expanded.MayHaveGate()) continue;
    facts.weight = std::max(facts.weight, weight);
    for (const MetricUse& use : expanded.metrics) {
      facts.detection = std::max(facts.detection, Detection(use, context));
    }
  }
  // A gate that is missing is missed by another rule.
  for (const int gate : context.options.gates) facts.weight = std::max(facts.weight, gate);
  return facts;
}

// argo R13: with dynamicStableScale the weights are walked back one by one.
std::int32_t DynamicWaves(const Rollout& rollout, int weight) {
  std::set<int> lower;
  for (const Step& step : rollout.steps) {
    if (step.kind == Step::Kind::kSetWeight && step.weight > 0 && step.weight < weight) {
      lower.insert(step.weight);
    }
  }
  return static_cast<std::int32_t>(lower.size()) + 1;
}

RollbackShape ShapeOf(const Rollout& rollout, int weight, const Options& options) {
  RollbackShape shape;
  shape.replicas = rollout.replicas ? static_cast<std::int32_t>(rollout.replicas->value)
                                    : static_cast<std::int32_t>(options.replicas);
  shape.weight = weight;
  if (rollout.max_surge) shape.max_surge = rollout.max_surge->value;
  if (rollout.max_unavailable) shape.max_unavailable = rollout.max_unavailable->value;
  shape.pod_time = options.pod_start + std::chrono::seconds(rollout.min_ready_seconds);
  if (rollout.pod_template) shape.pod_time += rollout.pod_template->probe_time;
  return shape;
}

std::string FixFor(const Rollout& rollout, const RollbackShape& shape, Nanos limit) {
  constexpr const char* kFasterPods = "make pods ready sooner (readinessProbe, minReadySeconds)";
  if (rollout.is_routed) return kFasterPods;
  const argo::FasterRollback faster = FindFasterRollback(shape, limit);
  std::vector<std::string> ways;
  if (faster.max_surge_percent) {
    ways.push_back(fmt::format("maxSurge: {}%", *faster.max_surge_percent));
  }
  if (faster.max_unavailable_percent) {
    ways.push_back(fmt::format("maxUnavailable: {}%", *faster.max_unavailable_percent));
  }
  if (ways.empty()) return std::string(kFasterPods) + ": no maxSurge or maxUnavailable is enough";
  return fmt::format("set {}, which would do, or {}", fmt::join(ways, " or "), kFasterPods);
}

// argo R6, R7, R67; R12 with a router: traffic leaves the canary at once.
void CheckTime(const Rollout& rollout, const Context& context, Reporter& report) {
  const Options& options = context.options;
  const GateFacts facts = FactsOf(rollout, context);
  const RollbackShape shape = ShapeOf(rollout, facts.weight, options);
  argo::RollbackEstimate estimate;
  if (!rollout.is_routed) {
    estimate = EstimateRollback(shape);
  } else if (rollout.dynamic_stable_scale && shape.replicas > 0) {
    estimate.waves = DynamicWaves(rollout, facts.weight);
    estimate.time =
        estimate.waves * std::min(shape.pod_time, argo::kLongestRollback / estimate.waves);
  }
  const std::int32_t waves = estimate.waves;
  const Nanos time = facts.detection + estimate.time;
  if (time <= options.rollback_limit) return;
  const Place& place = rollout.max_surge         ? rollout.max_surge->place
                       : rollout.max_unavailable ? rollout.max_unavailable->place
                                                 : rollout.strategy;
  report.Add(
      Rule::kRollbackTooSlow, place,
      fmt::format("a rollback from {} % of {} pods takes about {}, more than {}: {} {} of {}{}",
                  facts.weight, shape.replicas, FormatDuration(time),
                  FormatDuration(options.rollback_limit), waves, waves == 1 ? "wave" : "waves",
                  FormatDuration(shape.pod_time),
                  facts.detection > Nanos{0} ? fmt::format(", and {} until the Job's end is seen",
                                                           FormatDuration(facts.detection))
                                             : ""),
      FixFor(rollout, shape, options.rollback_limit - facts.detection));
}

void CheckReadiness(const Rollout& rollout, Reporter& report) {
  if (!rollout.pod_template || rollout.pod_template->has_readiness_probe) return;
  report.Add(Rule::kReadinessProbe, rollout.pod_template->place,
             "no container has a readinessProbe: a stable pod counts as back before it serves",
             "give the serving container a readinessProbe");
}

bool HasCanaryScale(const Rollout& rollout) {
  return std::any_of(rollout.steps.begin(), rollout.steps.end(),
                     [](const Step& step) { return step.kind == Step::Kind::kSetCanaryScale; });
}

// argo R69; without a router the delay does not matter (R67).
void CheckDelay(const Rollout& rollout, const Options& options, Reporter& report) {
  if (!rollout.is_routed || !rollout.abort_scale_down_delay) return;
  const Number& delay = *rollout.abort_scale_down_delay;
  if (delay.value == 0 && HasCanaryScale(rollout)) {
    report.Add(Rule::kAbortScaleDownDelay, delay.place,
               "abortScaleDownDelaySeconds 0 together with setCanaryScale keeps the pods of an "
               "aborted canary for ever",
               "set it to 30, or remove it");
  }
  const auto limit = std::chrono::floor<std::chrono::seconds>(options.rollback_limit).count();
  if (delay.value <= limit) return;
  report.Add(Rule::kAbortScaleDownDelay, delay.place,
             fmt::format("the pods of an aborted canary stay for {} s, longer than a rollback may "
                         "take",
                         delay.value),
             fmt::format("set it to at most {}", limit));
}

}  // namespace

void CheckRollback(const Rollout& rollout, const Context& context) {
  Reporter report(rollout.identity, context.findings);
  CheckTime(rollout, context, report);
  CheckReadiness(rollout, report);
  CheckDelay(rollout, context.options, report);
  if (rollout.rollback_window && rollout.rollback_window->value > 0) {  // argo R77
    report.Add(Rule::kRollbackWindow, rollout.rollback_window->place,
               fmt::format("going back to one of the last {} revisions skips steps and gates",
                           rollout.rollback_window->value),
               "remove rollbackWindow, or accept that older releases are not asked about");
  }
  constexpr std::int64_t kDefaultDeadline = 600;  // argo R70
  const std::int64_t deadline =
      rollout.progress_deadline ? rollout.progress_deadline->value : kDefaultDeadline;
  const auto limit =
      std::chrono::floor<std::chrono::seconds>(context.options.rollback_limit).count();
  const auto& aborts = rollout.progress_deadline_abort;
  if (!aborts || !aborts->value || deadline <= limit) return;
  report.Add(
      Rule::kProgressDeadline,
      rollout.progress_deadline ? rollout.progress_deadline->place : aborts->place,
      fmt::format("progressDeadlineAbort aborts a canary that cannot start only after {} s{}",
                  deadline, rollout.progress_deadline ? "" : " (the default)"),
      fmt::format("set progressDeadlineSeconds to at most {}", limit));
}

}  // namespace gate::lint
