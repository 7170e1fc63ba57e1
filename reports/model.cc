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

std::string_view ToString(Profile profile) {
  switch (profile) {
    case Profile::kCommit:
      return "commit";
    case Profile::kRelease:
      return "release";
  }
  GATE_CHECK(false);
}

std::optional<Profile> ParseProfile(std::string_view text) {
  for (const Profile profile : {Profile::kCommit, Profile::kRelease}) {
    if (text == ToString(profile)) return profile;
  }
  return std::nullopt;
}

std::string TraceHashOf(const RunResult& run) {
  std::string lines;
  for (const ScenarioResult& scenario : run.scenarios) {
    if (scenario.trace_hash.empty()) continue;
    lines += scenario.id + " " + scenario.trace_hash + "\n";
    for (const Repetition& each : scenario.repetitions) {
      lines += fmt::format("{} {} {}\n", scenario.id, each.number, each.trace_hash);
    }
  }
  constexpr std::size_t kDigits = 16;
  return lines.empty() ? "" : gate::Sha256Hex(lines).substr(0, kDigits);
}

namespace {

void FindWorst(const ScenarioResult& scenario, const std::vector<MeasureResult>& measures,
               std::optional<WorstTime>& worst) {
  for (const MeasureResult& each : measures) {
    if (!each.measured) continue;
    const bool worse = !worst || each.measured->upper > worst->measure->measured->upper;
    if (worse) worst = WorstTime{&scenario, &each};
  }
}

}  // namespace

std::optional<WorstTime> WorstMeasure(const RunResult& run) {
  std::optional<WorstTime> worst;
  for (const ScenarioResult& scenario : run.scenarios) {
    FindWorst(scenario, scenario.measures, worst);
    for (const Repetition& each : scenario.repetitions) FindWorst(scenario, each.measures, worst);
  }
  return worst;
}

}  // namespace reports
