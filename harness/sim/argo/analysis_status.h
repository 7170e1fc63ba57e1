#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/sim/kube/object.h"

namespace drill::sim::argo {

// argo R33. kNone: not set yet.
enum class AnalysisPhase {
  kNone,
  kPending,
  kRunning,
  kSuccessful,
  kFailed,
  kError,
  kInconclusive,
};
std::string_view ToString(AnalysisPhase phase);  // kNone: ""
AnalysisPhase ReadPhase(std::string_view text);  // what is unknown: kNone
bool IsCompleted(AnalysisPhase phase);

// Times have full precision until they are written: then whole seconds remain (argo R5).
struct Measurement {
  AnalysisPhase phase = AnalysisPhase::kNone;
  std::string message;
  std::string value;
  std::optional<gate::WallTime> started_at;
  std::optional<gate::WallTime> finished_at;
  std::optional<gate::WallTime> resume_at;
  StringMap metadata;
  bool operator==(const Measurement&) const = default;
};

struct MetricResult {
  std::string name;
  AnalysisPhase phase = AnalysisPhase::kNone;
  std::string message;
  std::vector<Measurement> measurements;
  std::int32_t count = 0;
  std::int32_t successful = 0;
  std::int32_t failed = 0;
  std::int32_t inconclusive = 0;
  std::int32_t error = 0;
  std::int32_t consecutive_error = 0;
  std::int32_t consecutive_success = 0;
  bool dry_run = false;
  bool operator==(const MetricResult&) const = default;

  const Measurement* Last() const { return measurements.empty() ? nullptr : &measurements.back(); }
};

struct RunSummary {
  std::int32_t count = 0;
  std::int32_t successful = 0;
  std::int32_t failed = 0;
  std::int32_t inconclusive = 0;
  std::int32_t error = 0;
  bool operator==(const RunSummary&) const = default;
};

struct AnalysisStatus {
  AnalysisPhase phase = AnalysisPhase::kNone;
  std::string message;
  std::vector<MetricResult> results;
  std::optional<gate::WallTime> started_at;
  std::optional<gate::WallTime> completed_at;
  RunSummary summary;
  std::optional<RunSummary> dry_run_summary;
  bool operator==(const AnalysisStatus&) const = default;

  const MetricResult* Find(std::string_view metric) const;
  MetricResult* Find(std::string_view metric);
};

AnalysisStatus ReadAnalysisStatus(const gate::Json& json);
gate::Json ToJson(const AnalysisStatus& status);
// As it reads back: times in whole seconds.
AnalysisStatus Truncated(AnalysisStatus status);

}  // namespace drill::sim::argo
