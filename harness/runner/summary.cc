#include "harness/runner/summary.h"

#include <fmt/format.h>

#include <algorithm>

#include "gate/base/check.h"
#include "gate/base/encoding.h"
#include "reports/text.h"

namespace drill {
namespace {

using reports::Outcome;
using reports::RunResult;
using reports::ScenarioResult;

constexpr std::size_t kLongestReason = 300;  // bytes

std::string Clean(std::string_view text) {
  return reports::OneLine(gate::Truncate(text, kLongestReason));
}

std::string Measures(const ScenarioResult& scenario) {
  std::string text;
  for (const reports::MeasureResult& measure : scenario.measures) {
    if (!measure.measured) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", measure.id,
                        reports::FormatInterval(*measure.measured));
  }
  return text;
}

std::string Row(const ScenarioResult& scenario, std::size_t id_width) {
  std::string text = fmt::format(
      "{:<{}}  {:<12}  {:>9}  {}", scenario.id, id_width,
      scenario.selected ? std::string(reports::ToString(scenario.outcome)) : "skipped",
      scenario.started ? gate::FormatSeconds(scenario.duration) + " s" : "", Measures(scenario));
  text.erase(text.find_last_not_of(' ') + 1);
  return Clean(text) + "\n";
}

}  // namespace

std::string Summarize(const RunResult& run) {
  std::size_t id_width = 0;
  for (const ScenarioResult& scenario : run.scenarios) {
    id_width = std::max(id_width, scenario.id.size());
  }
  std::string text = "\n";
  std::string reasons;
  int passed = 0;
  int failed = 0;
  int skipped = 0;
  for (const ScenarioResult& scenario : run.scenarios) {
    text += Row(scenario, id_width);
    if (!scenario.selected) {
      ++skipped;
    } else if (scenario.outcome == Outcome::kPass) {
      ++passed;
    } else {
      ++failed;
      reasons += fmt::format("{} {}: {}\n", scenario.id, reports::ToString(scenario.outcome),
                             Clean(scenario.reason));
    }
  }
  if (!reasons.empty()) text += "\n" + reasons;
  if (!run.trouble.empty()) text += "\nTrouble: " + Clean(run.trouble) + "\n";
  if (const std::string trace = reports::TraceHashOf(run); !trace.empty()) {
    text += fmt::format("\nseed {}, trace {}\n", run.seed, trace);
  }
  text += fmt::format("\n{}\n", reports::ToString(reports::Decide(run)));
  text += fmt::format("{} passed, {} failed", passed, failed);
  if (skipped > 0) text += fmt::format(", {} skipped", skipped);
  return text + "\n";
}

ExitCode ExitCodeOf(const RunResult& run) {
  Outcome worst = Outcome::kPass;
  for (const ScenarioResult& scenario : run.scenarios) {
    if (scenario.selected) worst = reports::Worse(worst, scenario.outcome);
  }
  if (worst == Outcome::kFail) return ExitCode::kFail;
  if (worst != Outcome::kPass || !run.trouble.empty() || !run.finished) {
    return ExitCode::kInconclusive;
  }
  return ExitCode::kPass;
}

ExitCode ExitCodeOf(reports::Decision decision) {
  switch (decision) {
    case reports::Decision::kReady:
      return ExitCode::kPass;
    case reports::Decision::kNotReady:
      return ExitCode::kFail;
    case reports::Decision::kIncomplete:
      return ExitCode::kInconclusive;
  }
  GATE_CHECK(false);
}

}  // namespace drill
