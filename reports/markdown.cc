#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <string_view>

#include "gate/base/encoding.h"
#include "reports/assess.h"
#include "reports/codec.h"
#include "reports/digest.h"
#include "reports/render.h"
#include "reports/text.h"
#include "reports/trend.h"

namespace reports {
namespace {

// The Markdown is for reading; report.json has everything.
constexpr std::size_t kMostTimelineRows = 60;     // per scenario
constexpr std::size_t kLongestReasonLine = 1000;  // bytes, in the step summary
constexpr std::size_t kLongestFieldsLine = 160;   // bytes of an event's fields

std::string_view Mark(Outcome outcome) { return outcome == Outcome::kPass ? "✅" : "❌"; }

std::string Status(Outcome outcome) {
  return fmt::format("{} {}", Mark(outcome), ToString(outcome));
}

std::string StatusOf(const RunResult& run, const Assessment& assessment,
                     const ScenarioResult& scenario) {
  const bool harmless = scenario.outcome == Outcome::kNotRun && !assessment.Requires(run, scenario);
  return harmless ? "➖ not run" : Status(scenario.outcome);
}

std::string Fields(const TraceEntry& entry) {
  return gate::Truncate(FieldsText(entry), kLongestFieldsLine);
}

void Head(std::string& out, const RunResult& run, const Assessment& assessment) {
  auto to = std::back_inserter(out);
  const std::string_view decision = ToString(assessment.decision);
  fmt::format_to(to, "# Readiness report: {}\n\n", decision);
  fmt::format_to(to, "**{}**: {}.\n\n", decision, EscapeMarkdown(Sentence(run, assessment)));
  fmt::format_to(to, "{}\n\n", EscapeMarkdown(Scope(run, assessment)));
  if (IsSimulated(run)) {
    fmt::format_to(to, "> **SIMULATED.** {} {}\n\n", kSimulatedMeans,
                   EscapeMarkdown(FidelityOf(run)));
  }
  if (const auto found = WorstMeasure(run)) {
    const MeasureResult* worst = found->measure;
    fmt::format_to(to, "Worst measured time: {} ({}), at most {} of {} s allowed.\n\n",
                   FormatInterval(*worst->measured), EscapeMarkdown(worst->demand),
                   FormatUpperBound(worst->measured->upper), gate::FormatSeconds(worst->limit));
  }
  if (!run.trouble.empty()) fmt::format_to(to, "Trouble: {}\n\n", EscapeMarkdown(run.trouble));
  if (run.journal_torn) {
    out += "The journal's last line was only half written; it is ignored here.\n\n";
  }
}

enum class Which { kRequired, kOther };

void ScenarioTable(std::string& out, const RunResult& run, const Assessment& assessment,
                   Which which) {
  std::string rows;
  for (const ScenarioResult& scenario : run.scenarios) {
    if (assessment.Requires(run, scenario) != (which == Which::kRequired)) continue;
    fmt::format_to(std::back_inserter(rows), "| {} | {} | {} | {} |\n", EscapeMarkdown(scenario.id),
                   EscapeMarkdown(scenario.title), StatusOf(run, assessment, scenario),
                   EscapeMarkdown(scenario.reason));
  }
  if (rows.empty()) return;
  out += which == Which::kRequired ? "## Required scenarios\n\n" : "## Other scenarios\n\n";
  out += "| scenario | title | result | why |\n|---|---|---|---|\n" + rows + "\n";
}

void MeasureTable(std::string& out, const RunResult& run) {
  const bool any = std::any_of(run.scenarios.begin(), run.scenarios.end(),
                               [](const auto& scenario) { return !scenario.measures.empty(); });
  if (!any) return;
  out += "## Measured times\n\n";
  out +=
      "Limits are asserted on the upper bound: measured plus uncertainty.\n\n"
      "| scenario | measure | measured | upper bound | limit | result |\n"
      "|---|---|---|---|---|---|\n";
  for (const ScenarioResult& scenario : run.scenarios) {
    for (const MeasureResult& measure : scenario.measures) {
      const auto& measured = measure.measured;
      fmt::format_to(std::back_inserter(out), "| {} | {} | {} | {} | {} s | {} |\n",
                     EscapeMarkdown(scenario.id),
                     EscapeMarkdown(measure.id + ": " + measure.demand),
                     measured ? FormatInterval(*measured) : EscapeMarkdown(measure.observed),
                     measured ? FormatUpperBound(measured->upper) : "",
                     gate::FormatSeconds(measure.limit), Status(measure.outcome));
    }
  }
  out += "\n";
}

// Their ids; those that prove nothing on this backend in brackets; then what else is asked for.
std::string Proofs(const std::set<std::string_view>& elsewhere, const ChecklistRow& row) {
  std::string text;
  const auto add = [&](std::string_view proof) {
    text += fmt::format("{}{}", text.empty() ? "" : ", ", proof);
  };
  for (const std::string& id : row.scenarios) {
    const bool here = !elsewhere.contains(id);
    add(here ? id : "(" + id + ")");
  }
  for (const ChecklistFile& file : row.files) add(file.path);
  if (IsForPeople(row)) add("approval by " + row.role);
  return text;
}

std::string Worst(const ChecklistRow& row, const RowJudgement& judgement) {
  if (!judgement.worst) return "";
  return fmt::format("{} of {} s, at {}", FormatUpperBound(judgement.worst->upper),
                     gate::FormatSeconds(row.limit), judgement.worst_at);
}

std::string RowStatus(const RowJudgement& judgement) {
  if (!judgement.asked) return "➖ not asked";
  std::string text = Status(judgement.outcome);
  for (const std::string& open : judgement.open) text += "; " + EscapeMarkdown(open);
  return text;
}

void ChecklistTable(std::string& out, const RunResult& run, const Assessment& assessment) {
  if (run.checklist.empty()) return;
  std::set<std::string_view> elsewhere;  // scenarios that are for other backends
  for (const ScenarioResult& each : run.scenarios) {
    if (!each.applies) elsewhere.insert(each.id);
  }
  out += "## Checklist\n\n| row | requirement | proven by | worst time | valid until | result |\n";
  out += "|---|---|---|---|---|---|\n";
  for (std::size_t i = 0; i < run.checklist.size(); ++i) {
    const ChecklistRow& row = run.checklist[i];
    const RowJudgement& judgement = assessment.rows[i];
    fmt::format_to(
        std::back_inserter(out), "| {} | {} | {} | {} | {} | {} |\n", EscapeMarkdown(row.id),
        EscapeMarkdown(row.text), EscapeMarkdown(Proofs(elsewhere, row)),
        EscapeMarkdown(Worst(row, judgement)),
        judgement.valid_until ? gate::FormatRfc3339(*judgement.valid_until, 0).substr(0, 10) : "",
        RowStatus(judgement));
  }
  out += "\n";
}

void ApprovalTable(std::string& out, const RunResult& run) {
  if (run.approvals.empty() && run.ignored_approvals.empty()) return;
  out += "## What people said\n\n| row | answer | by | role | when | key | comment |\n";
  out += "|---|---|---|---|---|---|---|\n";
  for (const Approval& each : run.approvals) {
    fmt::format_to(
        std::back_inserter(out), "| {} | {} | {} | {} | {} | {} | {} |\n", EscapeMarkdown(each.row),
        each.approved ? "approved" : "refused", EscapeMarkdown(each.who), EscapeMarkdown(each.role),
        gate::FormatRfc3339(each.time, 0), EscapeMarkdown(each.key), EscapeMarkdown(each.comment));
  }
  out += "\n";
  for (const IgnoredApproval& each : run.ignored_approvals) {
    fmt::format_to(std::back_inserter(out), "- Does not count: {}: {}\n", EscapeMarkdown(each.file),
                   EscapeMarkdown(each.why));
  }
  if (!run.ignored_approvals.empty()) out += "\n";
}

void TrendTable(std::string& out, const RunResult& run) {
  if (!run.past || run.past->trend.empty()) return;
  const std::vector<TrendPoint> trend = TrendOf(run);
  out += "## Over time\n\n| run | started | commit | decision | worst time | limit | at |\n";
  out += "|---|---|---|---|---|---|---|\n";
  for (const TrendPoint& each : trend) {
    fmt::format_to(std::back_inserter(out), "| {} | {} | {} | {} | {} | {} s | {} |\n",
                   EscapeMarkdown(each.run_id), gate::FormatRfc3339(each.started, 0),
                   EscapeMarkdown(each.git_commit), EscapeMarkdown(each.decision),
                   each.worst ? FormatUpperBound(each.worst->upper) : "not measured",
                   gate::FormatSeconds(each.limit), EscapeMarkdown(each.scenario));
  }
  out += "\n";
}

void ProofTable(std::string& out, const RunResult& run) {
  if (run.proofs.empty()) return;
  out += "## Other runs that count here\n\n";
  out += "| backend | run | finished | program | commit | scenarios | journal |\n";
  out += "|---|---|---|---|---|---|---|\n";
  for (const Proof& proof : run.proofs) {
    fmt::format_to(std::back_inserter(out), "| {} | {} | {} | {} | {} | {} | {} |\n",
                   EscapeMarkdown(proof.backend), EscapeMarkdown(proof.run_id),
                   gate::FormatRfc3339(proof.finished, 0), EscapeMarkdown(proof.program),
                   EscapeMarkdown(proof.git_commit), proof.scenarios.size(),
                   EscapeMarkdown(proof.journal_head));
  }
  out += "\n";
}

std::string Milestones(const BackendComparison& row) {
  std::string text = EscapeMarkdown(row.milestones);
  for (const std::string& each : row.differences) text += "; " + EscapeMarkdown(each);
  return text;
}

void ComparisonTable(std::string& out, const RunResult& run) {
  const auto rows = CompareBackends(run);
  if (rows.empty()) return;
  out += "## Simulated and real\n\n";
  out += "| scenario | backend | result | times | other backend | result | times | milestones |\n";
  out += "|---|---|---|---|---|---|---|---|\n";
  for (const BackendComparison& row : rows) {
    fmt::format_to(std::back_inserter(out), "| {} | {} | {} | {} | {} | {} | {} | {} |\n",
                   EscapeMarkdown(row.scenario), EscapeMarkdown(run.backend), Status(row.here),
                   EscapeMarkdown(row.times_here), EscapeMarkdown(row.backend), Status(row.there),
                   EscapeMarkdown(row.times_there), Milestones(row));
  }
  out += "\n";
}

void ProvenanceRow(std::string& out, std::string_view name, std::string_view value) {
  fmt::format_to(std::back_inserter(out), "| {} | {} |\n", EscapeMarkdown(name),
                 EscapeMarkdown(value));
}

void Provenance(std::string& out, const RunResult& run) {
  out += "## Provenance\n\n| | |\n|---|---|\n";
  for (const auto& [name, value] : ProvenanceOf(run)) ProvenanceRow(out, name, value);
  out += "\n";
}

void Repetitions(std::string& out, const ScenarioResult& scenario) {
  const auto all = DistributionsOf(scenario);
  if (all.empty()) return;
  out +=
      "| measure | times | least | median | 95 % | most | limit |\n|---|---|---|---|---|---|---|\n";
  for (const Distribution& each : all) {
    fmt::format_to(std::back_inserter(out), "| {} | {} | {} | {} | {} | {} | {} s |\n",
                   EscapeMarkdown(each.measure), each.uppers.size(),
                   FormatUpperBound(each.uppers.front()), FormatUpperBound(each.At(50)),
                   FormatUpperBound(each.At(95)), FormatUpperBound(each.uppers.back()),
                   gate::FormatSeconds(each.limit));
  }
  out += "\n";
}

void ExpectationTable(std::string& out, const ScenarioResult& scenario) {
  if (scenario.expectations.empty()) return;
  out += "| expectation | demanded | result | observed |\n|---|---|---|---|\n";
  for (const ExpectationResult& each : scenario.expectations) {
    fmt::format_to(std::back_inserter(out), "| {} | {} | {} | {} |\n", EscapeMarkdown(each.id),
                   EscapeMarkdown(each.demand), Status(each.outcome),
                   EscapeMarkdown(each.observed));
  }
  out += "\n";
}

// Seconds since the canary was deployed; before that, negative.
void Timeline(std::string& out, const ScenarioResult& scenario) {
  const auto& timeline = scenario.timeline;
  if (timeline.empty()) return;
  const auto deployed = std::find_if(timeline.begin(), timeline.end(), [](const TraceEntry& entry) {
    return entry.name == "deployed";
  });
  const gate::Nanos zero = deployed == timeline.end() ? gate::Nanos(0) : deployed->at;
  out += "| seconds | ± | event | fields |\n|---:|---:|---|---|\n";
  std::size_t rows = 0;
  for (const TraceEntry& entry : timeline) {
    // Kubernetes Events and audit records repeat what the others say.
    if (entry.name == "event" || entry.name == "audit") continue;
    if (++rows > kMostTimelineRows) continue;
    fmt::format_to(std::back_inserter(out), "| {} | {} | {} | {} |\n",
                   gate::FormatSeconds(entry.at - zero), gate::FormatSeconds(entry.uncertainty),
                   EscapeMarkdown(entry.name), EscapeMarkdown(Fields(entry)));
  }
  const std::size_t shown = std::min(rows, kMostTimelineRows);
  const auto hidden = static_cast<std::int64_t>(timeline.size() - shown) + scenario.dropped_events;
  if (hidden > 0) {
    fmt::format_to(std::back_inserter(out), "\n{} more events; see report.json.\n", hidden);
  }
  out += "\n";
}

void Detail(std::string& out, const RunResult& run, const Assessment& assessment,
            const ScenarioResult& scenario) {
  auto to = std::back_inserter(out);
  fmt::format_to(to, "### {}: {}\n\n", EscapeMarkdown(scenario.id), EscapeMarkdown(scenario.title));
  fmt::format_to(to, "Result: {}{}, after {} s.\n\n", StatusOf(run, assessment, scenario),
                 scenario.reason.empty() ? "" : " (" + EscapeMarkdown(scenario.reason) + ")",
                 gate::FormatSeconds(scenario.duration));
  if (!scenario.hypothesis.empty()) {
    fmt::format_to(to, "Hypothesis: {}\n\n", EscapeMarkdown(scenario.hypothesis));
  }
  fmt::format_to(to, "File: {}, sha256 {}\n\n", EscapeMarkdown(scenario.file),
                 EscapeMarkdown(scenario.sha256));
  if (!scenario.trace_hash.empty()) {
    fmt::format_to(to, "Trace hash: {}\n\n", EscapeMarkdown(scenario.trace_hash));
  }
  ExpectationTable(out, scenario);
  Repetitions(out, scenario);
  for (const std::string& note : scenario.notes) {
    fmt::format_to(to, "- Note: {}\n", EscapeMarkdown(note));
  }
  if (!scenario.notes.empty()) out += "\n";
  Timeline(out, scenario);
}

}  // namespace

// GitHub refuses more than 1 MiB of all steps' texts together, as a whole.
std::string RenderStepSummary(const RunResult& run) {
  constexpr std::size_t kMost = 900'000;
  const Assessment assessment = Assess(run);
  std::string out;
  Head(out, run, assessment);
  ChecklistTable(out, run, assessment);
  std::string rows;
  std::size_t hidden = 0;
  for (const ScenarioResult& scenario : run.scenarios) {
    const bool harmless =
        scenario.outcome == Outcome::kNotRun && !assessment.Requires(run, scenario);
    if (scenario.outcome == Outcome::kPass || harmless) continue;
    const std::string row =
        fmt::format("| {} | {} | {} | {} |\n", EscapeMarkdown(scenario.id),
                    EscapeMarkdown(scenario.title), Status(scenario.outcome),
                    EscapeMarkdown(gate::Truncate(scenario.reason, kLongestReasonLine)));
    const bool fits = out.size() + rows.size() + row.size() < kMost;
    hidden += fits ? 0 : 1;
    if (fits) rows += row;
  }
  if (!rows.empty()) {
    out +=
        "## What is not green\n\n| scenario | title | result | why |\n|---|---|---|---|\n" + rows;
  }
  if (hidden > 0) fmt::format_to(std::back_inserter(out), "\n{} more; see report.md.\n", hidden);
  if (out.size() <= kMost) return out;
  return "# Readiness report: " + std::string(ToString(assessment.decision)) +
         "\n\nThe checklist is too long to be shown here; see report.md.\n";
}

std::string RenderMarkdown(const RunResult& run) {
  const Assessment assessment = Assess(run);
  std::string out;
  Head(out, run, assessment);
  ChecklistTable(out, run, assessment);
  ScenarioTable(out, run, assessment, Which::kRequired);
  ScenarioTable(out, run, assessment, Which::kOther);
  MeasureTable(out, run);
  ComparisonTable(out, run);
  TrendTable(out, run);
  ApprovalTable(out, run);
  ProofTable(out, run);
  Provenance(out, run);
  out += "## Details\n\n";
  out += "Times count from the deployment of the canary; an event happened at most ± earlier.\n\n";
  for (const ScenarioResult& scenario : run.scenarios) {
    if (scenario.started) Detail(out, run, assessment, scenario);
  }
  return out;
}

}  // namespace reports
