#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "gate/base/encoding.h"
#include "reports/codec.h"
#include "reports/render.h"
#include "reports/text.h"

namespace reports {
namespace {

// The Markdown is for reading; report.json has everything.
constexpr std::size_t kMostTimelineRows = 60;  // per scenario
constexpr std::size_t kLongestFields = 160;    // bytes of an event's fields

std::string_view Mark(Outcome outcome) { return outcome == Outcome::kPass ? "✅" : "❌"; }

std::string Status(Outcome outcome) {
  return fmt::format("{} {}", Mark(outcome), ToString(outcome));
}

std::string StatusOf(const RunResult& run, const ScenarioResult& scenario) {
  const bool harmless = scenario.outcome == Outcome::kNotRun && !IsRequired(run, scenario);
  return harmless ? "➖ not run" : Status(scenario.outcome);
}

std::string Text(std::string_view text) { return EscapeMarkdown(text); }

std::string Seconds(gate::Nanos duration) { return gate::FormatSeconds(duration); }

std::string Fields(const TraceEntry& entry) {
  std::string text;
  for (const auto& [key, value] : entry.fields.items()) {
    const std::string scalar = gate::JsonText(value);
    if (scalar.empty()) continue;
    text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", key, scalar);
  }
  return gate::Truncate(text, kLongestFields);
}

std::string Sentence(const RunResult& run) {
  const Completeness count = Count(run);
  if (!run.finished) {
    return fmt::format("the run was not finished; {} of {} required scenarios passed until then",
                       count.passed, count.required);
  }
  if (count.required == 0) return "no scenario is required";
  std::string text =
      fmt::format("{} of {} required scenarios passed", count.passed, count.required);
  if (count.failed > 0) text += fmt::format(", {} failed", count.failed);
  if (count.inconclusive > 0) text += fmt::format(", {} inconclusive", count.inconclusive);
  if (count.not_run > 0) text += fmt::format(", {} not run", count.not_run);
  return text;
}

void Head(std::string& out, const RunResult& run) {
  auto to = std::back_inserter(out);
  fmt::format_to(to, "# Readiness report: {}\n\n", ToString(Decide(run)));
  fmt::format_to(to, "**{}**: {}.\n\n", ToString(Decide(run)), Sentence(run));
  if (IsSimulated(run)) {
    out +=
        "> **SIMULATED.** The gate and MC are the real code; Kubernetes and Argo Rollouts are "
        "models, "
        "and all times are virtual. This is no proof of what a real cluster does.\n\n";
  }
  if (const MeasureResult* worst = WorstMeasure(run)) {
    fmt::format_to(to, "Worst measured time: {} ({}), at most {} of {} s allowed.\n\n",
                   FormatInterval(*worst->measured), Text(worst->demand),
                   FormatUpperBound(worst->measured->upper), Seconds(worst->limit));
  }
  if (!run.trouble.empty()) fmt::format_to(to, "Trouble: {}\n\n", Text(run.trouble));
  if (run.journal_torn) {
    out += "The journal's last line was only half written; it is ignored here.\n\n";
  }
}

enum class Which { kRequired, kOther };

void ScenarioTable(std::string& out, const RunResult& run, Which which) {
  std::string rows;
  for (const ScenarioResult& scenario : run.scenarios) {
    if (IsRequired(run, scenario) != (which == Which::kRequired)) continue;
    fmt::format_to(std::back_inserter(rows), "| {} | {} | {} | {} |\n", Text(scenario.id),
                   Text(scenario.title), StatusOf(run, scenario), Text(scenario.reason));
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
                     Text(scenario.id), Text(measure.id + ": " + measure.demand),
                     measured ? FormatInterval(*measured) : Text(measure.observed),
                     measured ? FormatUpperBound(measured->upper) : "", Seconds(measure.limit),
                     Status(measure.outcome));
    }
  }
  out += "\n";
}

// Their ids; those that prove nothing on this backend in brackets.
std::string Proofs(const RunResult& run, const ChecklistRow& row) {
  std::string text;
  for (const std::string& id : row.scenarios) {
    const bool here = std::none_of(
        run.scenarios.begin(), run.scenarios.end(),
        [&](const ScenarioResult& scenario) { return scenario.id == id && !scenario.applies; });
    text += fmt::format("{}{}", text.empty() ? "" : ", ", here ? id : "(" + id + ")");
  }
  return text;
}

void ChecklistTable(std::string& out, const RunResult& run) {
  if (run.checklist.empty()) return;
  out += "## Checklist\n\n| row | requirement | proven by | result |\n|---|---|---|---|\n";
  for (const ChecklistRow& row : run.checklist) {
    fmt::format_to(std::back_inserter(out), "| {} | {} | {} | {} |\n", Text(row.id), Text(row.text),
                   Text(Proofs(run, row)), Status(OutcomeOf(run, row)));
  }
  out += "\n";
}

void ProvenanceRow(std::string& out, std::string_view name, std::string_view value) {
  fmt::format_to(std::back_inserter(out), "| {} | {} |\n", Text(name), Text(value));
}

void Provenance(std::string& out, const RunResult& run) {
  out += "## Provenance\n\n| | |\n|---|---|\n";
  ProvenanceRow(out, "run", run.run_id);
  ProvenanceRow(out, "started", gate::FormatRfc3339(run.started));
  ProvenanceRow(out, "finished", run.finished ? gate::FormatRfc3339(*run.finished) : "never");
  ProvenanceRow(out, "program", run.program);
  ProvenanceRow(out, "git commit", run.git_commit.empty() ? "not known" : run.git_commit);
  ProvenanceRow(out, "command line", fmt::format("{}", fmt::join(run.command_line, " ")));
  ProvenanceRow(out, "backend", run.backend);
  ProvenanceRow(out, "seed", std::to_string(run.seed));
  if (const std::string trace = TraceHashOf(run); !trace.empty()) {
    ProvenanceRow(out, "trace hash", trace);
  }
  for (const auto& [key, value] : run.facts.items()) ProvenanceRow(out, key, gate::JsonText(value));
  ProvenanceRow(out, "journal",
                fmt::format("{} records, last hash {}", run.journal_records, run.journal_head));
  out += "\n";
}

void ExpectationTable(std::string& out, const ScenarioResult& scenario) {
  if (scenario.expectations.empty()) return;
  out += "| expectation | demanded | result | observed |\n|---|---|---|---|\n";
  for (const ExpectationResult& each : scenario.expectations) {
    fmt::format_to(std::back_inserter(out), "| {} | {} | {} | {} |\n", Text(each.id),
                   Text(each.demand), Status(each.outcome), Text(each.observed));
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
    fmt::format_to(std::back_inserter(out), "| {} | {} | {} | {} |\n", Seconds(entry.at - zero),
                   Seconds(entry.uncertainty), Text(entry.name), Text(Fields(entry)));
  }
  const std::size_t shown = std::min(rows, kMostTimelineRows);
  const auto hidden = static_cast<std::int64_t>(timeline.size() - shown) + scenario.dropped_events;
  if (hidden > 0) {
    fmt::format_to(std::back_inserter(out), "\n{} more events; see report.json.\n", hidden);
  }
  out += "\n";
}

void Detail(std::string& out, const RunResult& run, const ScenarioResult& scenario) {
  auto to = std::back_inserter(out);
  fmt::format_to(to, "### {}: {}\n\n", Text(scenario.id), Text(scenario.title));
  fmt::format_to(to, "Result: {}{}, after {} s.\n\n", StatusOf(run, scenario),
                 scenario.reason.empty() ? "" : " (" + Text(scenario.reason) + ")",
                 Seconds(scenario.duration));
  if (!scenario.hypothesis.empty()) {
    fmt::format_to(to, "Hypothesis: {}\n\n", Text(scenario.hypothesis));
  }
  fmt::format_to(to, "File: {}, sha256 {}\n\n", Text(scenario.file), Text(scenario.sha256));
  if (!scenario.trace_hash.empty()) {
    fmt::format_to(to, "Trace hash: {}\n\n", Text(scenario.trace_hash));
  }
  ExpectationTable(out, scenario);
  for (const std::string& note : scenario.notes) fmt::format_to(to, "- Note: {}\n", Text(note));
  if (!scenario.notes.empty()) out += "\n";
  Timeline(out, scenario);
}

}  // namespace

std::string RenderMarkdown(const RunResult& run) {
  std::string out;
  Head(out, run);
  ScenarioTable(out, run, Which::kRequired);
  ScenarioTable(out, run, Which::kOther);
  MeasureTable(out, run);
  ChecklistTable(out, run);
  Provenance(out, run);
  out += "## Details\n\n";
  out += "Times count from the deployment of the canary; an event happened at most ± earlier.\n\n";
  for (const ScenarioResult& scenario : run.scenarios) {
    if (scenario.started) Detail(out, run, scenario);
  }
  return out;
}

}  // namespace reports
