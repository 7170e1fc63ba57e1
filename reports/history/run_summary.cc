#include "reports/history/run_summary.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "reports/codec.h"
#include "reports/read.h"

namespace reports {
namespace {

using gate::Json;
using gate::Result;

Result<RowSummary> ReadRow(const Json& json) {
  FieldReader reader(json);
  RowSummary row{reader.String("id"), reader.String("text"), reader.OutcomeField("outcome")};
  if (auto good = reader.Finish(); !good) return std::move(good).error().Wrap("checklist");
  return row;
}

Result<ScenarioSummary> ReadScenario(const Json& json) {
  FieldReader reader(json);
  ScenarioSummary scenario;
  scenario.id = reader.String("id");
  scenario.title = reader.String("title");
  scenario.sha256 = reader.String("sha256");
  scenario.required = reader.Bool("required");
  scenario.outcome = reader.OutcomeField("outcome");
  scenario.reason = reader.OptionalString("reason");
  if (auto good = reader.Finish(); !good) return std::move(good).error().Wrap("scenarios");
  return scenario;
}

Result<void> ReadMeasures(const Json& scenario, const std::string& id, RunSummary& run) {
  for (const Json& json : gate::JsonArray(scenario, "/measures")) {
    auto measure = MeasureFromJson(json);
    if (!measure) return std::move(measure).error().Wrap("measures of " + id);
    run.measures.push_back({id, measure->id, measure->outcome, measure->measured, measure->limit});
  }
  return {};
}

Result<void> ReadHead(const Json& report, RunSummary& run) {
  FieldReader reader(report);
  run.run_id = reader.String("runId");
  run.started = reader.Time("started");
  run.program = reader.String("program");
  run.backend = reader.String("backend");
  run.decision = reader.String("decision");
  run.git_commit = reader.OptionalString("gitCommit");
  run.trace_hash = reader.OptionalString("traceHash");
  run.journal_head = gate::JsonString(report, "/journal/head");
  return reader.Finish();
}

void Sort(RunSummary& run) {
  const auto by_id = [](const auto& a, const auto& b) { return a.id < b.id; };
  std::stable_sort(run.rows.begin(), run.rows.end(), by_id);
  std::stable_sort(run.scenarios.begin(), run.scenarios.end(), by_id);
  std::stable_sort(run.measures.begin(), run.measures.end(),
                   [](const MeasureSummary& a, const MeasureSummary& b) {
                     return std::tie(a.scenario, a.id) < std::tie(b.scenario, b.id);
                   });
}

}  // namespace

const MeasureSummary* RunSummary::Worst() const {
  const MeasureSummary* worst = nullptr;
  for (const MeasureSummary& measure : measures) {
    if (!measure.measured) continue;
    if (worst == nullptr || measure.measured->upper > worst->measured->upper) worst = &measure;
  }
  return worst;
}

Result<RunSummary> SummarizeReport(const Json& report) {
  RunSummary run;
  if (auto good = ReadHead(report, run); !good) return std::move(good).error();
  for (const Json& json : gate::JsonArray(report, "/checklist")) {
    auto row = ReadRow(json);
    if (!row) return std::move(row).error();
    run.rows.push_back(*std::move(row));
  }
  for (const Json& json : gate::JsonArray(report, "/scenarios")) {
    auto scenario = ReadScenario(json);
    if (!scenario) return std::move(scenario).error();
    if (auto good = ReadMeasures(json, scenario->id, run); !good) return std::move(good).error();
    run.scenarios.push_back(*std::move(scenario));
  }
  Sort(run);
  return run;
}

Result<RunSummary> ReadRunSummary(const std::string& folder) {
  const auto report = ReadReportJson(folder);
  if (!report) return report.error();
  auto run = SummarizeReport(*report);
  if (!run) return std::move(run).error().Wrap(folder + "/report.json");
  return run;
}

}  // namespace reports
