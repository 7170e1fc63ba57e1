#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gate/base/strict_json.h"
#include "gate/base/time.h"

// The one result model: everything that any report shows, and nothing about how it was found out.
// It is always built from a run's journal (reports/build.h), so that a report made today and one
// made again from the journal next year are the same.
namespace reports {

// From best to worst. What did not run is never green.
enum class Outcome { kPass, kNotRun, kInconclusive, kFail };

// "passed", "not run", "inconclusive", "failed"
std::string_view ToString(Outcome outcome);
std::optional<Outcome> ParseOutcome(std::string_view text);

// The worse of the two.
Outcome Worse(Outcome a, Outcome b);

// Something that was seen to happen.
struct TraceEntry {
  std::string name;
  gate::Nanos at{0};           // since the start of its scenario; never earlier than the truth
  gate::WallTime wall;         // civil time
  gate::Nanos uncertainty{0};  // the truth lies in [at - uncertainty, at]
  gate::Json fields = gate::Json::object();  // flat: strings, numbers, booleans
};

struct ExpectationResult {
  std::string id;
  std::string demand;  // what was expected, as a sentence
  Outcome outcome = Outcome::kNotRun;
  std::string observed;            // what was seen instead or in proof, as a sentence
  std::vector<TraceEntry> events;  // the proof, the first violation, or near misses
};

// A duration known to lie in [lower, upper].
struct Interval {
  gate::Nanos lower;
  gate::Nanos upper;

  gate::Nanos Middle() const { return lower + (upper - lower) / 2; }
  // Middle() + HalfWidth() is exactly `upper`.
  gate::Nanos HalfWidth() const { return upper - Middle(); }
};

// "12.345 s ± 0.500 s"; the sum of the two is the upper bound as FormatUpperBound shows it.
std::string FormatInterval(const Interval& interval);

// "12.846 s": rounded up to the next millisecond, so that what is over a limit looks like it.
std::string FormatUpperBound(gate::Nanos upper);

struct MeasureResult {
  std::string id;
  std::string demand;  // from what to what
  gate::Nanos limit{0};
  Outcome outcome = Outcome::kNotRun;
  std::optional<Interval> measured;  // absent: could not be measured, `observed` says why
  std::string observed;
};

struct ScenarioResult {
  std::string id;
  std::string title;
  std::string hypothesis;
  std::string file;
  std::string sha256;  // of the file
  bool required = true;
  std::vector<std::string> requirements;
  bool selected = true;  // false: the run was not asked to play it, `reason` says why
  bool applies = true;   // false: it is not for the run's backend, and proves nothing there

  Outcome outcome = Outcome::kNotRun;
  std::string reason;  // one line: why it is not green, or empty
  std::optional<gate::WallTime> started;
  gate::Nanos duration{0};
  std::vector<ExpectationResult> expectations;
  std::vector<MeasureResult> measures;
  std::vector<std::string> notes;    // troubles and retries on the way
  std::vector<TraceEntry> timeline;  // by `at`; at most kMostEvents
  std::string trace_hash;            // of everything that happened in a simulation; else empty
  std::int64_t dropped_events = 0;   // seen beyond that limit
};

inline constexpr std::size_t kMostEvents = 2000;  // per scenario

// One row of the readiness checklist.
struct ChecklistRow {
  std::string id;
  std::string text;
  std::vector<std::string> scenarios;  // ids
};

struct RunResult {
  std::string run_id;
  std::string program;     // name and version
  std::string git_commit;  // empty: not known
  std::vector<std::string> command_line;
  std::string backend;
  std::uint64_t seed = 0;
  gate::Json facts = gate::Json::object();  // versions and image ids, from the backend
  gate::WallTime started;
  std::optional<gate::WallTime> finished;  // absent: the journal has no end record
  std::string trouble;  // why the run as a whole went wrong (backend, signal), or empty
  std::vector<ChecklistRow> checklist;
  std::vector<ScenarioResult> scenarios;  // ordered by id; also those that did not run

  // The journal that all this comes from.
  std::int64_t journal_records = 0;
  std::string journal_head;   // hash of its last record
  bool journal_torn = false;  // its last line was only half written and is ignored
};

enum class Decision { kReady, kNotReady, kIncomplete };

// "READY", "NOT READY", "INCOMPLETE"
std::string_view ToString(Decision decision);

// Whether what is proven was proven on a model instead of a real cluster.
inline bool IsSimulated(const RunResult& run) { return run.backend == "sim"; }

// INCOMPLETE without an end record; else NOT READY if something required failed; else INCOMPLETE if
// something required is missing or nothing is required; else READY.
Decision Decide(const RunResult& run);

// One hash of all that was simulated: 16 hexadecimal digits, the same for the same seed, scenarios
// and program. Empty if nothing was.
std::string TraceHashOf(const RunResult& run);

// A scenario is required if it applies, and says so or is named by a row of the checklist.
bool IsRequired(const RunResult& run, const ScenarioResult& scenario);

// The worst of the row's scenarios that apply; kNotRun for those that are not there, and if none
// applies.
Outcome OutcomeOf(const RunResult& run, const ChecklistRow& row);

struct Completeness {
  int required = 0;
  int passed = 0;  // of the required ones, as are the others
  int failed = 0;
  int inconclusive = 0;
  int not_run = 0;
};
Completeness Count(const RunResult& run);

// The measure with the largest upper bound of all that were measured; nothing if none was.
const MeasureResult* WorstMeasure(const RunResult& run);

}  // namespace reports
