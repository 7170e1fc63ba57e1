#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gate/base/strict_json.h"
#include "reports/history/run_summary.h"

// What became better and what worse from one run to another. Pure.
namespace reports {

enum class Turn {
  kWorse,
  kBetter,
  kOther,  // new, gone, or changed without being either
};

// "worse", "better", "other"
std::string_view ToString(Turn turn);

struct Difference {
  enum class Of { kRun, kRow, kScenario, kMeasure } of = Of::kRow;
  Turn turn = Turn::kOther;
  std::string id;      // "REQ-RETRY", "GATE-004", "GATE-004 rollback"
  std::string before;  // "passed", "12.345 s ± 0.500 s"; empty: it was not there
  std::string after;   // likewise
};

// All differences, what became worse first. Durations count as different only if they cannot be the
// same: if the intervals that they are known to lie in do not touch. `after` is compared with
// `before`, whatever backends they ran on.
std::vector<Difference> Compare(const RunSummary& before, const RunSummary& after);

// True if something became worse, or something required is gone.
bool IsWorse(const std::vector<Difference>& differences);

// A line each, for people, after one that names the runs.
std::string RenderText(const RunSummary& before, const RunSummary& after,
                       const std::vector<Difference>& differences);

gate::Json ToJson(const RunSummary& before, const RunSummary& after,
                  const std::vector<Difference>& differences);

}  // namespace reports
