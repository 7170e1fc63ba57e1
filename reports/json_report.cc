#include "reports/codec.h"
#include "reports/render.h"

namespace reports {
namespace {

using gate::Json;

constexpr int kFractionDigits = 9;

Json ScenarioToJson(const RunResult& run, const ScenarioResult& scenario) {
  Json json = ScenarioHeadToJson(scenario);
  json.update(ScenarioEndToJson(scenario));
  json["required"] = IsRequired(run, scenario);
  if (scenario.started) {
    json["started"] = gate::FormatRfc3339(*scenario.started, kFractionDigits);
  }
  json["notes"] = scenario.notes;
  json["timeline"] = Json::array();
  for (const TraceEntry& entry : scenario.timeline) json["timeline"].push_back(ToJson(entry));
  return json;
}

Json RowToJson(const RunResult& run, const ChecklistRow& row) {
  Json json = ToJson(row);
  json["outcome"] = ToString(OutcomeOf(run, row));
  return json;
}

}  // namespace

std::string RenderJson(const RunResult& run) {
  const Completeness count = Count(run);
  Json json = {
      {"schema", "gate-drill/report/v1"},
      {"decision", ToString(Decide(run))},
      {"runId", run.run_id},
      {"program", run.program},
      {"gitCommit", run.git_commit},
      {"commandLine", run.command_line},
      {"backend", run.backend},
      {"simulated", IsSimulated(run)},
      {"seed", std::to_string(run.seed)},
      {"facts", run.facts},
      {"started", gate::FormatRfc3339(run.started, kFractionDigits)},
      {"trouble", run.trouble},
      {"completeness",
       {{"required", count.required},
        {"passed", count.passed},
        {"failed", count.failed},
        {"inconclusive", count.inconclusive},
        {"notRun", count.not_run}}},
      {"journal",
       {{"records", run.journal_records}, {"head", run.journal_head}, {"torn", run.journal_torn}}}};
  json["finished"] = nullptr;
  if (run.finished) json["finished"] = gate::FormatRfc3339(*run.finished, kFractionDigits);
  if (std::string trace = TraceHashOf(run); !trace.empty()) json["traceHash"] = std::move(trace);
  json["checklist"] = Json::array();
  for (const ChecklistRow& row : run.checklist) json["checklist"].push_back(RowToJson(run, row));
  json["scenarios"] = Json::array();
  for (const ScenarioResult& scenario : run.scenarios) {
    json["scenarios"].push_back(ScenarioToJson(run, scenario));
  }
  return gate::DumpJson(json, 2) + "\n";
}

}  // namespace reports
