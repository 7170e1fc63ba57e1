#include "reports/model.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "gate/base/check.h"
#include "gate/base/digest.h"

namespace reports {
namespace {

constexpr std::array kOutcomes = {Outcome::kPass, Outcome::kNotRun, Outcome::kInconclusive,
                                  Outcome::kFail};

}  // namespace

std::string_view ToString(Outcome outcome) {
  switch (outcome) {
    case Outcome::kPass:
      return "passed";
    case Outcome::kNotRun:
      return "not run";
    case Outcome::kInconclusive:
      return "inconclusive";
    case Outcome::kFail:
      return "failed";
  }
  GATE_CHECK(false);
}

std::optional<Outcome> ParseOutcome(std::string_view text) {
  for (const Outcome outcome : kOutcomes) {
    if (text == ToString(outcome)) return outcome;
  }
  return std::nullopt;
}

Outcome Worse(Outcome a, Outcome b) { return std::max(a, b); }

std::string FormatInterval(const Interval& interval) {
  const auto middle = std::chrono::floor<std::chrono::milliseconds>(interval.Middle());
  const auto upper = std::chrono::ceil<std::chrono::milliseconds>(interval.upper);
  return fmt::format("{} s ± {} s", gate::FormatSeconds(middle),
                     gate::FormatSeconds(upper - middle));
}

std::string FormatUpperBound(gate::Nanos upper) {
  return gate::FormatSeconds(std::chrono::ceil<std::chrono::milliseconds>(upper)) + " s";
}

std::string_view ToString(Decision decision) {
  switch (decision) {
    case Decision::kReady:
      return "READY";
    case Decision::kNotReady:
      return "NOT READY";
    case Decision::kIncomplete:
      return "INCOMPLETE";
  }
  GATE_CHECK(false);
}

std::string TraceHashOf(const RunResult& run) {
  std::string lines;
  for (const ScenarioResult& scenario : run.scenarios) {
    if (scenario.trace_hash.empty()) continue;
    lines += scenario.id + " " + scenario.trace_hash + "\n";
  }
  constexpr std::size_t kDigits = 16;
  return lines.empty() ? "" : gate::Sha256Hex(lines).substr(0, kDigits);
}

bool IsRequired(const RunResult& run, const ScenarioResult& scenario) {
  if (!scenario.applies || scenario.required) return scenario.applies;
  return std::any_of(run.checklist.begin(), run.checklist.end(), [&](const ChecklistRow& row) {
    return std::find(row.scenarios.begin(), row.scenarios.end(), scenario.id) !=
           row.scenarios.end();
  });
}

Outcome OutcomeOf(const RunResult& run, const ChecklistRow& row) {
  Outcome worst = Outcome::kPass;
  bool any = false;
  for (const std::string& id : row.scenarios) {
    const auto found =
        std::find_if(run.scenarios.begin(), run.scenarios.end(),
                     [&](const ScenarioResult& scenario) { return scenario.id == id; });
    const bool there = found != run.scenarios.end();
    if (there && !found->applies) continue;
    any = true;
    worst = Worse(worst, there ? found->outcome : Outcome::kNotRun);
  }
  return any ? worst : Outcome::kNotRun;
}

Completeness Count(const RunResult& run) {
  Completeness count;
  for (const ScenarioResult& scenario : run.scenarios) {
    if (!IsRequired(run, scenario)) continue;
    ++count.required;
    switch (scenario.outcome) {
      case Outcome::kPass:
        ++count.passed;
        break;
      case Outcome::kNotRun:
        ++count.not_run;
        break;
      case Outcome::kInconclusive:
        ++count.inconclusive;
        break;
      case Outcome::kFail:
        ++count.failed;
        break;
    }
  }
  return count;
}

Decision Decide(const RunResult& run) {
  if (!run.finished) return Decision::kIncomplete;
  const Completeness count = Count(run);
  Outcome rows = Outcome::kPass;
  for (const ChecklistRow& row : run.checklist) rows = Worse(rows, OutcomeOf(run, row));
  if (count.failed > 0 || rows == Outcome::kFail) return Decision::kNotReady;
  if (count.required == 0 || count.passed < count.required || rows != Outcome::kPass) {
    return Decision::kIncomplete;
  }
  return Decision::kReady;
}

const MeasureResult* WorstMeasure(const RunResult& run) {
  const MeasureResult* worst = nullptr;
  for (const ScenarioResult& scenario : run.scenarios) {
    for (const MeasureResult& measure : scenario.measures) {
      if (!measure.measured) continue;
      if (worst == nullptr || measure.measured->upper > worst->measured->upper) worst = &measure;
    }
  }
  return worst;
}

}  // namespace reports
