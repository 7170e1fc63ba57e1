#include "reports/history/diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "gate/base/check.h"
#include "reports/assess.h"
#include "reports/text.h"

namespace reports {
namespace {

using gate::Json;

using Of = Difference::Of;

Turn TurnOf(Outcome before, Outcome after) {
  if (before == after) return Turn::kOther;
  return Worse(before, after) == after ? Turn::kWorse : Turn::kBetter;
}

// The ids of either run, each with its part there, if any.
template <typename Part, typename Key>
std::map<std::string, std::pair<const Part*, const Part*>> Pair(const std::vector<Part>& before,
                                                                const std::vector<Part>& after,
                                                                const Key& key) {
  std::map<std::string, std::pair<const Part*, const Part*>> pairs;
  for (const Part& part : before) pairs[key(part)].first = &part;
  for (const Part& part : after) pairs[key(part)].second = &part;
  return pairs;
}

// Something that came or went. What must be proven and is not there any more is worse.
template <typename Part>
Difference OneSided(Of of, const std::string& id, const Part* before, const Part* after,
                    bool required) {
  const Turn turn = after == nullptr && required ? Turn::kWorse : Turn::kOther;
  return {of, turn, id, before == nullptr ? "" : std::string(ToString(before->outcome)),
          after == nullptr ? "" : std::string(ToString(after->outcome))};
}

template <typename Part, typename Required>
void CompareOutcomes(Of of, const std::vector<Part>& before, const std::vector<Part>& after,
                     const Required& required, std::vector<Difference>& differences) {
  for (const auto& [id, parts] : Pair(before, after, [](const Part& part) { return part.id; })) {
    const auto& [a, b] = parts;
    if (a == nullptr || b == nullptr) {
      differences.push_back(OneSided(of, id, a, b, a != nullptr && required(*a)));
    } else if (a->outcome != b->outcome) {
      differences.push_back({of, TurnOf(a->outcome, b->outcome), id,
                             std::string(ToString(a->outcome)), std::string(ToString(b->outcome))});
    }
  }
}

std::string TextOf(const MeasureSummary* measure) {
  if (measure == nullptr) return "";
  return measure->measured ? FormatInterval(*measure->measured) : "not measured";
}

void CompareMeasures(const RunSummary& before, const RunSummary& after,
                     std::vector<Difference>& differences) {
  const auto key = [](const MeasureSummary& measure) {
    return measure.scenario + " " + measure.id;
  };
  for (const auto& [id, parts] : Pair(before.measures, after.measures, key)) {
    const auto& [a, b] = parts;
    const auto was = a == nullptr ? std::nullopt : a->measured;
    const auto is = b == nullptr ? std::nullopt : b->measured;
    if (!was && !is) continue;
    Turn turn = Turn::kOther;
    if (was && is) {
      if (is->lower <= was->upper && was->lower <= is->upper) continue;
      turn = is->lower > was->upper ? Turn::kWorse : Turn::kBetter;
    }
    differences.push_back({Of::kMeasure, turn, id, TextOf(a), TextOf(b)});
  }
}

int RankOf(const std::string& decision) {
  if (decision == ToString(Decision::kReady)) return 0;
  return decision == ToString(Decision::kIncomplete) ? 1 : 2;
}

void CompareDecisions(const RunSummary& before, const RunSummary& after,
                      std::vector<Difference>& differences) {
  if (before.decision == after.decision) return;
  const bool worse = RankOf(after.decision) > RankOf(before.decision);
  differences.push_back({Of::kRun, worse ? Turn::kWorse : Turn::kBetter, "decision",
                         before.decision, after.decision});
}

std::string_view NameOf(Of of) {
  switch (of) {
    case Of::kRun:
      return "run";
    case Of::kRow:
      return "row";
    case Of::kScenario:
      return "scenario";
    case Of::kMeasure:
      return "measure";
  }
  GATE_CHECK(false);
}

std::string Line(const Difference& difference) {
  const std::string what = difference.before.empty() ? "new: " + difference.after
                           : difference.after.empty()
                               ? "gone; it was " + difference.before
                               : difference.before + " -> " + difference.after;
  return fmt::format("{:<6}  {:<8}  {}: {}\n", ToString(difference.turn), NameOf(difference.of),
                     OneLine(difference.id), OneLine(what));
}

std::string TitleOf(const RunSummary& run) {
  return OneLine(fmt::format("{} ({}, {}{}{})", run.run_id, run.backend, run.decision,
                             run.git_commit.empty() ? "" : ", commit ", run.git_commit));
}

Json ToJson(const RunSummary& run) {
  return {{"runId", run.run_id},
          {"started", gate::FormatRfc3339(run.started, 9)},
          {"backend", run.backend},
          {"decision", run.decision},
          {"gitCommit", run.git_commit}};
}

}  // namespace

std::string_view ToString(Turn turn) {
  switch (turn) {
    case Turn::kWorse:
      return "worse";
    case Turn::kBetter:
      return "better";
    case Turn::kOther:
      return "other";
  }
  GATE_CHECK(false);
}

std::vector<Difference> Compare(const RunSummary& before, const RunSummary& after) {
  std::vector<Difference> differences;
  CompareDecisions(before, after, differences);
  CompareOutcomes(
      Of::kRow, before.rows, after.rows, [](const RowSummary&) { return true; }, differences);
  CompareOutcomes(
      Of::kScenario, before.scenarios, after.scenarios,
      [](const ScenarioSummary& scenario) { return scenario.required; }, differences);
  CompareMeasures(before, after, differences);
  std::stable_sort(differences.begin(), differences.end(),
                   [](const Difference& a, const Difference& b) { return a.turn < b.turn; });
  return differences;
}

bool IsWorse(const std::vector<Difference>& differences) {
  return std::any_of(differences.begin(), differences.end(),
                     [](const Difference& each) { return each.turn == Turn::kWorse; });
}

std::string RenderText(const RunSummary& before, const RunSummary& after,
                       const std::vector<Difference>& differences) {
  std::string text = TitleOf(before) + " -> " + TitleOf(after) + "\n";
  if (before.backend != after.backend) text += "(they ran on different backends)\n";
  if (differences.empty()) text += "no difference\n";
  for (const Difference& difference : differences) text += Line(difference);
  return text;
}

Json ToJson(const RunSummary& before, const RunSummary& after,
            const std::vector<Difference>& differences) {
  Json list = Json::array();
  for (const Difference& each : differences) {
    list.push_back({{"of", NameOf(each.of)},
                    {"turn", ToString(each.turn)},
                    {"id", each.id},
                    {"before", each.before},
                    {"after", each.after}});
  }
  return {{"schema", "gate-drill/diff/v1"},
          {"before", ToJson(before)},
          {"after", ToJson(after)},
          {"worse", IsWorse(differences)},
          {"differences", std::move(list)}};
}

}  // namespace reports
