#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gate/base/time.h"
#include "harness/sim/argo/analysis_status.h"
#include "harness/sim/argo/metric_spec.h"
#include "harness/sim/argo/version.h"

// The measurement loop of an AnalysisRun without the measuring: what is due, what it counts as,
// when to look again (argo R33 to R46). Pure.
namespace drill::sim::argo {

// argo R38: it was asked to end, or some metric has already failed.
bool IsTerminating(const RunSpec& spec, const AnalysisStatus& status);

struct MetricTask {
  std::size_t metric;  // index into RunSpec::metrics
  enum class Kind { kRun, kResume, kTerminate } kind;
};
// argo R35
std::vector<MetricTask> DueTasks(const RunSpec& spec, const AnalysisStatus& status,
                                 gate::WallTime now, ArgoVersion version);

// Counts a measurement: a new one, or the end of the one under way (`resumed`).
enum class Taken { kNew, kResumed };
void Record(const RunSpec& spec, std::size_t metric, Measurement measurement, Taken taken,
            gate::WallTime now, AnalysisStatus& status);

// argo R36: the limit that a metric broke, if it did.
struct LimitBroken {
  AnalysisPhase phase = AnalysisPhase::kNone;
  std::string message;
};
LimitBroken AssessLimits(const MetricSpec& metric, const MetricResult& result);

// argo R37, R38
AnalysisPhase AssessMetric(const MetricSpec& metric, const MetricResult& result, bool terminating);

// argo R39, R40: judges all metrics (their phases and messages are written into `status`, as are
// the summaries and the start), then the run. Does not write the run's phase.
struct Assessment {
  AnalysisPhase phase = AnalysisPhase::kNone;
  std::string message;
  struct MetricEnd {  // argo R47
    std::string metric;
    AnalysisPhase phase;
  };
  std::vector<MetricEnd> ended;  // in this assessment
};
Assessment AssessRun(const RunSpec& spec, gate::WallTime now, AnalysisStatus& status);

// argo R46
std::optional<gate::WallTime> NextLook(const RunSpec& spec, const AnalysisStatus& status,
                                       gate::WallTime now);

// argo R42
bool IsTtlExceeded(const RunSpec& spec, const AnalysisStatus& status, gate::WallTime now);

// argo R39: the order from best to worst.
bool IsWorse(AnalysisPhase current, AnalysisPhase next);

}  // namespace drill::sim::argo
