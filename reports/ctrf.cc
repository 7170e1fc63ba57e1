#include <map>

#include "gate/base/encoding.h"
#include "gate/base/uuid.h"
#include "reports/assess.h"
#include "reports/render.h"
#include "reports/text.h"

namespace reports {
namespace {

using gate::Json;

constexpr std::size_t kLongestCtrfMessage = 2000;

std::int64_t Milliseconds(gate::WallTime time) {
  return std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

std::int64_t Milliseconds(gate::Nanos duration) {
  return std::chrono::round<std::chrono::milliseconds>(duration).count();
}

// CTRF knows no inconclusive: that is "other", as is what is required and did not run.
std::string_view StatusOf(const ScenarioResult& scenario, bool required) {
  switch (scenario.outcome) {
    case Outcome::kPass:
      return "passed";
    case Outcome::kFail:
      return "failed";
    case Outcome::kInconclusive:
      return "other";
    case Outcome::kNotRun:
      break;
  }
  return required ? "other" : "skipped";
}

Json TestOf(const RunResult& run, const ScenarioResult& scenario, bool required) {
  Json test = {{"name", OneLine(scenario.id + " " + scenario.title)},
               {"testId", gate::UuidOf("gate-drill/" + run.backend + "/" + scenario.id)},
               {"status", StatusOf(scenario, required)},
               {"rawStatus", ToString(scenario.outcome)},
               {"duration", Milliseconds(scenario.duration)},
               {"suite", {"gate-drill", OneLine(run.backend)}},
               {"type", "scenario"},
               {"filePath", OneLine(scenario.file)},
               {"extra", {{"required", required}, {"sha256", scenario.sha256}}}};
  if (!scenario.reason.empty()) {
    test["message"] = gate::Truncate(OneLine(scenario.reason), kLongestCtrfMessage);
  }
  if (!scenario.requirements.empty()) test["tags"] = scenario.requirements;
  if (!scenario.trace_hash.empty()) test["extra"]["traceHash"] = scenario.trace_hash;
  for (const MeasureResult& each : scenario.measures) {
    if (!each.measured) continue;
    test["extra"]["measures"][each.id] = {{"lowerNs", each.measured->lower.count()},
                                          {"upperNs", each.measured->upper.count()},
                                          {"limitNs", each.limit.count()}};
  }
  for (const ExpectationResult& each : scenario.expectations) {
    test["steps"].push_back({{"name", OneLine(each.id + ": " + each.demand)},
                             {"status", each.outcome == Outcome::kPass   ? "passed"
                                        : each.outcome == Outcome::kFail ? "failed"
                                                                         : "other"}});
  }
  return test;
}

}  // namespace

std::string RenderCtrf(const RunResult& run) {
  const Assessment assessment = Assess(run);
  std::map<std::string_view, int> count = {
      {"passed", 0}, {"failed", 0}, {"skipped", 0}, {"other", 0}};
  std::string tests;
  for (std::size_t i = 0; i < run.scenarios.size(); ++i) {
    const ScenarioResult& scenario = run.scenarios[i];
    ++count[StatusOf(scenario, assessment.required[i])];
    tests +=
        (i == 0 ? "\n" : ",\n") + gate::DumpJson(TestOf(run, scenario, assessment.required[i]));
  }
  Json environment = {
      {"appName", "rollout-gate"},
      {"testEnvironment", OneLine(run.backend)},
      {"healthy", assessment.decision == Decision::kReady},
      {"extra", {{"simulated", IsSimulated(run)}, {"seed", std::to_string(run.seed)}}}};
  if (!run.git_commit.empty()) environment["commit"] = OneLine(run.git_commit);
  const gate::WallTime stop = run.finished.value_or(run.started);
  const Json results = {{"tool", {{"name", "gate-drill"}, {"version", OneLine(run.program)}}},
                        {"environment", environment},
                        {"summary",
                         {{"tests", run.scenarios.size()},
                          {"passed", count["passed"]},
                          {"failed", count["failed"]},
                          {"skipped", count["skipped"]},
                          {"pending", 0},
                          {"other", count["other"]},
                          {"start", Milliseconds(run.started)},
                          {"stop", Milliseconds(stop)}}}};
  const Json head = {{"reportFormat", "CTRF"},
                     {"specVersion", "1.0.0"},
                     {"reportId", gate::UuidOf("gate-drill/ctrf/" + run.run_id)},
                     {"timestamp", gate::FormatRfc3339(stop)},
                     {"generatedBy", "gate-drill"},
                     {"extra",
                      {{"decision", ToString(assessment.decision)},
                       {"profile", ToString(run.profile)},
                       {"journalHead", run.journal_head},
                       {"runId", run.run_id}}}};
  // Test by test, as in RenderJson.
  std::string out = gate::DumpJson(head);
  out.back() = ',';
  std::string body = gate::DumpJson(results);
  body.back() = ',';
  return out + "\"results\":" + body + "\"tests\":[" + tests + "\n]}}\n";
}

}  // namespace reports
