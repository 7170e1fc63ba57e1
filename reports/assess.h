#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reports/model.h"

// What a run is worth: decided here, once, and only shown by the formats.
namespace reports {

enum class Decision { kReady, kNotReady, kIncomplete };

// "READY", "NOT READY", "INCOMPLETE"
std::string_view ToString(Decision decision);

// Where a row of the checklist stands, and why.
struct RowJudgement {
  Outcome outcome = Outcome::kNotRun;
  bool asked = true;              // false: the profile does not ask for it; it proves nothing
  std::vector<std::string> open;  // what is missing or wrong, a clause each; none if it is green
  // The largest of what the row's measure measured, and at which scenario.
  std::optional<Interval> worst;
  std::string worst_at;
  // When the oldest proof or approval was given that it rests on, and until when the row stays
  // green; nothing if it is not, or if its proofs do not age.
  std::optional<gate::WallTime> oldest;
  std::optional<gate::WallTime> valid_until;
  std::vector<std::string> proven_on;  // backends on which all of its scenarios passed
  const Approval* approval = nullptr;  // the last word of the person it asks, in the run
};

struct Completeness {
  int required = 0;
  int passed = 0;  // of the required ones, as are the others
  int failed = 0;
  int inconclusive = 0;
  int not_run = 0;
};

struct Assessment {
  // INCOMPLETE without an end record; else NOT READY if something that is asked for failed; else
  // INCOMPLETE if something of that is missing, stale, or nothing is asked for; else READY.
  Decision decision = Decision::kIncomplete;
  Completeness scenarios;
  std::vector<RowJudgement> rows;  // as run.checklist
  // As run.scenarios: a scenario is required if it applies, and says so or is named by a row.
  std::vector<bool> required;
  int rows_asked = 0;
  int rows_green = 0;  // of those
  // When the first green row becomes stale: READY ends then.
  std::optional<gate::WallTime> valid_until;

  // `scenario` is an element of run.scenarios.
  bool Requires(const RunResult& run, const ScenarioResult& scenario) const {
    return required[static_cast<std::size_t>(&scenario - run.scenarios.data())];
  }
};

// Pure. The assessment points into `run`.
Assessment Assess(const RunResult& run);

// Short for Assess(run).decision, and costs the same.
Decision Decide(const RunResult& run);

// The decision in one sentence, without its name.
std::string Sentence(const RunResult& run, const Assessment& assessment);

}  // namespace reports
