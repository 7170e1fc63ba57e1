#include "harness/sim/argo/analysis_status.h"

#include <algorithm>
#include <array>
#include <utility>

#include "harness/sim/kube/fields.h"

namespace drill::sim::argo {
namespace {

using gate::Json;
using gate::WallTime;

constexpr std::array kPhases = {
    std::pair{AnalysisPhase::kNone, std::string_view("")},
    std::pair{AnalysisPhase::kPending, std::string_view("Pending")},
    std::pair{AnalysisPhase::kRunning, std::string_view("Running")},
    std::pair{AnalysisPhase::kSuccessful, std::string_view("Successful")},
    std::pair{AnalysisPhase::kFailed, std::string_view("Failed")},
    std::pair{AnalysisPhase::kError, std::string_view("Error")},
    std::pair{AnalysisPhase::kInconclusive, std::string_view("Inconclusive")},
};

Measurement ReadMeasurement(const Json& json) {
  return {ReadPhase(TextOf(json, "phase")), TextOf(json, "message"),    TextOf(json, "value"),
          TimeOf(json, "startedAt"),        TimeOf(json, "finishedAt"), TimeOf(json, "resumeAt"),
          StringsOf(json, "metadata")};
}

MetricResult ReadResult(const Json& json) {
  MetricResult result;
  result.name = TextOf(json, "name");
  result.phase = ReadPhase(TextOf(json, "phase"));
  result.message = TextOf(json, "message");
  for (const Json& measurement : Member(json, "measurements")) {
    result.measurements.push_back(ReadMeasurement(measurement));
  }
  result.count = Int32Of(json, "count");
  result.successful = Int32Of(json, "successful");
  result.failed = Int32Of(json, "failed");
  result.inconclusive = Int32Of(json, "inconclusive");
  result.error = Int32Of(json, "error");
  result.consecutive_error = Int32Of(json, "consecutiveError");
  result.consecutive_success = Int32Of(json, "consecutiveSuccess");
  result.dry_run = FlagOf(json, "dryRun");
  return result;
}

RunSummary ReadSummary(const Json& json) {
  return {Int32Of(json, "count"), Int32Of(json, "successful"), Int32Of(json, "failed"),
          Int32Of(json, "inconclusive"), Int32Of(json, "error")};
}

Json MeasurementJson(const Measurement& measurement) {
  Json json = Json::object();
  json["phase"] = ToString(measurement.phase);
  Put(json, "message", measurement.message);
  Put(json, "value", measurement.value);
  Put(json, "startedAt", measurement.started_at);
  Put(json, "finishedAt", measurement.finished_at);
  Put(json, "resumeAt", measurement.resume_at);
  if (!measurement.metadata.empty()) json["metadata"] = measurement.metadata;
  return json;
}

Json ResultJson(const MetricResult& result) {
  Json json = Json::object();
  json["name"] = result.name;
  json["phase"] = ToString(result.phase);
  for (const Measurement& measurement : result.measurements) {
    json["measurements"].push_back(MeasurementJson(measurement));
  }
  Put(json, "message", result.message);
  Put(json, "count", result.count);
  Put(json, "successful", result.successful);
  Put(json, "failed", result.failed);
  Put(json, "inconclusive", result.inconclusive);
  Put(json, "error", result.error);
  Put(json, "consecutiveError", result.consecutive_error);
  Put(json, "consecutiveSuccess", result.consecutive_success);
  PutFlag(json, "dryRun", result.dry_run);
  return json;
}

Json SummaryJson(const RunSummary& summary) {
  Json json = Json::object();
  Put(json, "count", summary.count);
  Put(json, "successful", summary.successful);
  Put(json, "failed", summary.failed);
  Put(json, "inconclusive", summary.inconclusive);
  Put(json, "error", summary.error);
  return json;
}

void Truncate(std::optional<WallTime>& time) {
  if (time) time = std::chrono::floor<std::chrono::seconds>(*time);
}

}  // namespace

std::string_view ToString(AnalysisPhase phase) {
  return kPhases[static_cast<std::size_t>(phase)].second;
}

AnalysisPhase ReadPhase(std::string_view text) {
  const auto found = std::find_if(kPhases.begin(), kPhases.end(),
                                  [text](const auto& phase) { return phase.second == text; });
  return found == kPhases.end() ? AnalysisPhase::kNone : found->first;
}

bool IsCompleted(AnalysisPhase phase) {
  switch (phase) {
    case AnalysisPhase::kSuccessful:
    case AnalysisPhase::kFailed:
    case AnalysisPhase::kError:
    case AnalysisPhase::kInconclusive:
      return true;
    case AnalysisPhase::kNone:
    case AnalysisPhase::kPending:
    case AnalysisPhase::kRunning:
      return false;
  }
  return false;
}

const MetricResult* AnalysisStatus::Find(std::string_view metric) const {
  const auto found =
      std::find_if(results.begin(), results.end(),
                   [metric](const MetricResult& result) { return result.name == metric; });
  return found == results.end() ? nullptr : &*found;
}

MetricResult* AnalysisStatus::Find(std::string_view metric) {
  const auto found =
      std::find_if(results.begin(), results.end(),
                   [metric](const MetricResult& result) { return result.name == metric; });
  return found == results.end() ? nullptr : &*found;
}

AnalysisStatus ReadAnalysisStatus(const Json& json) {
  AnalysisStatus status;
  status.phase = ReadPhase(TextOf(json, "phase"));
  status.message = TextOf(json, "message");
  for (const Json& result : Member(json, "metricResults")) {
    status.results.push_back(ReadResult(result));
  }
  status.started_at = TimeOf(json, "startedAt");
  status.completed_at = TimeOf(json, "completedAt");
  status.summary = ReadSummary(Member(json, "runSummary"));
  const Json& dry_run = Member(json, "dryRunSummary");
  if (dry_run.is_object()) status.dry_run_summary = ReadSummary(dry_run);
  return status;
}

Json ToJson(const AnalysisStatus& status) {
  Json json = Json::object();
  json["phase"] = ToString(status.phase);
  json["runSummary"] = SummaryJson(status.summary);
  Put(json, "message", status.message);
  for (const MetricResult& result : status.results) {
    json["metricResults"].push_back(ResultJson(result));
  }
  Put(json, "startedAt", status.started_at);
  Put(json, "completedAt", status.completed_at);
  if (status.dry_run_summary) json["dryRunSummary"] = SummaryJson(*status.dry_run_summary);
  return json;
}

AnalysisStatus Truncated(AnalysisStatus status) {
  Truncate(status.started_at);
  Truncate(status.completed_at);
  for (MetricResult& result : status.results) {
    for (Measurement& measurement : result.measurements) {
      Truncate(measurement.started_at);
      Truncate(measurement.finished_at);
      Truncate(measurement.resume_at);
    }
  }
  return status;
}

}  // namespace drill::sim::argo
