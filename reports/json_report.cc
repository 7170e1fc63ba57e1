#include "reports/assess.h"
#include "reports/codec.h"
#include "reports/moments.h"
#include "reports/render.h"

namespace reports {
namespace {

using gate::Json;

Json MomentsToJson(const std::vector<TraceEntry>& timeline) {
  const Moments moments = FindMoments(timeline);
  Json json = Json::array();
  for (std::size_t i = 0; i < kMomentNames.size(); ++i) {
    const TraceEntry* entry = moments.at[i];
    if (entry == nullptr) continue;
    json.push_back({{"name", kMomentNames[i]},
                    {"event", entry->name},
                    {"atNs", (entry->at - moments.deployed->at).count()},
                    {"uncertaintyNs", entry->uncertainty.count()}});
  }
  return json;
}

Json ScenarioToJson(const ScenarioResult& scenario, bool required) {
  Json json = ScenarioHeadToJson(scenario);
  Json end = ScenarioEndToJson(scenario);
  for (auto& [key, value] : end.items()) json[key] = std::move(value);
  json["required"] = required;
  if (scenario.started) json["started"] = Timestamp(*scenario.started);
  json["notes"] = scenario.notes;
  json["timeline"] = WriteAll(scenario.timeline);
  json["moments"] = MomentsToJson(scenario.timeline);
  if (!scenario.repetitions.empty()) json["repetitions"] = WriteAll(scenario.repetitions);
  return json;
}

Json RowToJson(const ChecklistRow& row, const RowJudgement& judgement) {
  Json json = ToJson(row);
  json["outcome"] = ToString(judgement.outcome);
  json["asked"] = judgement.asked;
  json["open"] = judgement.open;
  json["provenOn"] = judgement.proven_on;
  if (judgement.worst) {
    json["worst"] = {{"lowerNs", judgement.worst->lower.count()},
                     {"upperNs", judgement.worst->upper.count()},
                     {"at", judgement.worst_at}};
  }
  if (judgement.oldest) json["oldest"] = Timestamp(*judgement.oldest);
  if (judgement.valid_until) json["validUntil"] = Timestamp(*judgement.valid_until);
  if (judgement.approval != nullptr) json["approval"] = ToJson(*judgement.approval);
  return json;
}

// What comes before "scenarios" in the order of keys, and what comes after.
struct Halves {
  Json before;
  Json after;
};

Halves RunToJson(const RunResult& run, const Assessment& assessment) {
  const Completeness& count = assessment.scenarios;
  Halves halves;
  halves.before = {
      {"approvals", WriteAll(run.approvals)},
      {"backend", run.backend},
      {"checklist", Json::array()},
      {"commandLine", run.command_line},
      {"completeness",
       {{"required", count.required},
        {"passed", count.passed},
        {"failed", count.failed},
        {"inconclusive", count.inconclusive},
        {"notRun", count.not_run}}},
      {"decision", ToString(assessment.decision)},
      {"environment", run.environment},
      {"facts", run.facts},
      {"fidelity", WriteAll(run.fidelity)},
      {"finished", run.finished ? Json(Timestamp(*run.finished)) : Json()},
      {"gitCommit", run.git_commit},
      {"gitDirty", run.git_dirty ? Json(*run.git_dirty) : Json()},
      {"ignoredApprovals", WriteAll(run.ignored_approvals)},
      {"journal",
       {{"records", run.journal_records}, {"head", run.journal_head}, {"torn", run.journal_torn}}},
      {"profile", ToString(run.profile)},
      {"program", run.program},
      {"programSha256", run.program_sha256},
      {"proofs", WriteAll(run.proofs)},
      {"repeat", run.repeat},
      {"runId", run.run_id}};
  if (run.past) halves.before["past"] = ToJson(*run.past);
  for (std::size_t i = 0; i < run.checklist.size(); ++i) {
    halves.before["checklist"].push_back(RowToJson(run.checklist[i], assessment.rows[i]));
  }
  halves.after = {{"schema", "gate-drill/report/v1"},      {"seed", std::to_string(run.seed)},
                  {"sentence", Sentence(run, assessment)}, {"simulated", IsSimulated(run)},
                  {"started", Timestamp(run.started)},     {"trouble", run.trouble}};
  if (std::string trace = TraceHashOf(run); !trace.empty()) {
    halves.after["traceHash"] = std::move(trace);
  }
  if (run.sign_off) halves.after["signOff"] = ToJson(*run.sign_off);
  if (assessment.valid_until) halves.after["validUntil"] = Timestamp(*assessment.valid_until);
  return halves;
}

void AppendIndented(std::string& out, std::string_view text, std::string_view indent) {
  for (std::size_t end = 0; (end = text.find('\n')) != std::string_view::npos;) {
    out.append(text, 0, end + 1).append(indent);
    text.remove_prefix(end + 1);
  }
  out += text;
}

}  // namespace

// Scenario by scenario, as a tree of all of them would be many times as large as their text, of
// which there is one, too.
std::string RenderJson(const RunResult& run) {
  const Assessment assessment = Assess(run);
  const auto [before, after] = RunToJson(run, assessment);
  std::string out = gate::DumpJson(before, 2);
  out.resize(out.size() - std::string_view("\n}").size());
  out += ",\n  \"scenarios\": [";
  for (std::size_t i = 0; i < run.scenarios.size(); ++i) {
    out += i == 0 ? "\n    " : ",\n    ";
    AppendIndented(out, gate::DumpJson(ScenarioToJson(run.scenarios[i], assessment.required[i]), 2),
                   "    ");
  }
  out += run.scenarios.empty() ? "]," : "\n  ],";
  out += gate::DumpJson(after, 2).substr(1) + "\n";
  return out;
}

}  // namespace reports
