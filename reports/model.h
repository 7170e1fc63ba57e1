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

// One more time that a scenario was played, with other random choices; the first time is the
// ScenarioResult itself.
struct Repetition {
  int number = 2;
  Outcome outcome = Outcome::kInconclusive;
  std::string reason;
  gate::Nanos duration{0};
  std::vector<MeasureResult> measures;
  std::string trace_hash;
};

struct ScenarioResult {
  std::string id;
  std::string title;
  std::string hypothesis;
  std::string file;
  std::string sha256;  // of the file
  bool required = true;
  std::vector<std::string> requirements;
  std::vector<std::string> backends;  // that can play it; empty: not known
  bool selected = true;               // false: the run was not asked to play it, `reason` says why
  bool applies = true;  // false: it is not for the run's backend, and proves nothing there

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
  // By number. `outcome` and `reason` are those of the worst time, this one or the first.
  std::vector<Repetition> repetitions;
};

inline constexpr std::size_t kMostEvents = 2000;  // per scenario

// A document that a row of the checklist names.
struct ChecklistFile {
  std::string path;    // as in the checklist
  std::string sha256;  // empty: it was not there
};

// One row of the readiness checklist. All that it names has to hold.
struct ChecklistRow {
  std::string id;
  std::string text;
  std::vector<std::string> scenarios = {};  // ids
  // Where its scenarios must have passed, if the profile asks for more than the run's own backend.
  std::vector<std::string> backends = {};
  std::string measure = {};               // of each scenario that has it, within `limit`; or empty
  gate::Nanos limit{0};                   // none without `measure`
  gate::Nanos max_age{0};                 // proofs and approvals that are older are stale; 0: any
  std::vector<ChecklistFile> files = {};  // published
  std::string role = {};                  // of the person who must have approved it; or empty
};

// What a person has answered to a row of the checklist. Its signature has been verified before it
// gets here; what is not signed well is not an approval.
struct Approval {
  std::string row;
  std::string role;
  std::string who;
  gate::WallTime time;
  bool approved = false;  // false: refused
  // SHA-256 of the row's file, which was looked at; empty if the row names none.
  std::string digest;
  std::string comment;
  std::string key;   // fingerprint of the key that signed
  std::string text;  // of the row, as it was approved
};

// A file that claims to be somebody's approval, and is none that counts.
struct IgnoredApproval {
  std::string file;
  std::string why;
};

// That people's answers were put to a finished and signed report, when, and to which.
struct SignOff {
  gate::WallTime time;        // everything has to be fresh at that time
  std::string report_sha256;  // of the report.sigstore.json that they answered to
  std::string key;            // id of the key that this is signed with
};

// A scenario's result in another run, as far as a proof needs it.
struct ProofScenario {
  std::string id;
  std::string sha256;  // of the file
  Outcome outcome = Outcome::kNotRun;
  std::string reason;
  std::vector<MeasureResult> measures;
};

// Another run, finished, whose results count as well: that on the other backend.
struct Proof {
  std::string run_id;
  std::string program;
  std::string program_sha256;
  std::string git_commit;
  std::string backend;
  gate::Json facts = gate::Json::object();
  std::uint64_t seed = 0;
  gate::WallTime finished;
  std::string journal_head;
  std::vector<ProofScenario> scenarios;  // ordered by id; those that were played
};

// How the same scenario went in a simulation and on a real cluster.
struct FidelityRow {
  std::string scenario;
  bool agrees = false;
  std::int64_t compared = 0;             // entries that are the same
  std::vector<std::string> differences;  // the first of each track; or why nothing was compared
};

// A run as the trend shows it: the worst rollback that it measured.
struct TrendPoint {
  std::string run_id;
  gate::WallTime started;
  std::string git_commit;
  std::string decision;
  std::string scenario;           // of the worst measure; empty if nothing was measured
  std::optional<Interval> worst;  // absent: nothing was measured
  gate::Nanos limit{0};           // of that measure
};

// Since when a row of the checklist is as it is, on one backend.
struct RowHistory {
  std::string row;
  std::string text;
  Outcome now = Outcome::kNotRun;  // in the newest run

  // The newest runs in a row that agree about it. Runs that came to nothing about it (not run,
  // inconclusive) are passed over; `proven` is absent if all did.
  std::optional<Outcome> proven;  // kPass or kFail
  std::string since_run;          // the first of those that agree
  gate::WallTime since;
  std::string since_commit;
  std::int64_t runs = 0;   // how many agree
  std::string before_run;  // the last that said otherwise; empty if none is known
  std::string before_commit;
};

// What a history knew of the backend when the run began.
struct PastRuns {
  std::vector<TrendPoint> trend;  // oldest first
  std::vector<RowHistory> rows;   // by id
};

// What READY has to mean.
enum class Profile {
  kCommit,   // each change: proven on the backend of this run; people are not asked
  kRelease,  // a release: proven on every backend of each row, and answered by people
};

// "commit", "release"
std::string_view ToString(Profile profile);
std::optional<Profile> ParseProfile(std::string_view text);

struct RunResult {
  std::string run_id;
  std::string program;                 // name and version
  std::string program_sha256 = {};     // of its file; empty: not known
  std::string git_commit;              // empty: not known
  std::optional<bool> git_dirty = {};  // whether the tree held changes that are in no commit
  std::vector<std::string> command_line;
  std::string backend;
  std::uint64_t seed = 0;
  Profile profile = Profile::kCommit;
  int repeat = 1;                                 // times that each scenario is played
  gate::Json facts = gate::Json::object();        // versions and image ids, from the backend
  gate::Json environment = gate::Json::object();  // where the program ran: machine, CI job
  gate::WallTime started;
  std::optional<gate::WallTime> finished;  // absent: the journal has no end record
  std::string trouble;  // why the run as a whole went wrong (backend, signal), or empty
  std::vector<ChecklistRow> checklist;
  std::vector<ScenarioResult> scenarios;  // ordered by id; also those that did not run
  std::vector<Proof> proofs = {};
  std::vector<FidelityRow> fidelity = {};  // ordered by scenario; empty: nothing was compared
  std::vector<Approval> approvals = {};
  std::vector<IgnoredApproval> ignored_approvals = {};
  std::optional<SignOff> sign_off = {};
  std::optional<PastRuns> past = {};  // nothing: no history was asked

  // The journal that all this comes from.
  std::int64_t journal_records = 0;
  std::string journal_head;   // hash of its last record
  bool journal_torn = false;  // its last line was only half written and is ignored
};

// True if a row, or a part of it, can be answered only by a person.
inline bool IsForPeople(const ChecklistRow& row) { return !row.role.empty(); }

// Whether what is proven was proven on a model instead of a real cluster.
inline bool IsSimulated(const RunResult& run) { return run.backend == "sim"; }

// When the proofs of a run have to be fresh.
inline gate::WallTime JudgedAt(const RunResult& run) {
  return run.sign_off ? run.sign_off->time : run.started;
}

// One hash of all that was simulated: 16 hexadecimal digits, the same for the same seed, scenarios
// and program. Empty if nothing was.
std::string TraceHashOf(const RunResult& run);

// The measure with the largest upper bound of all that were measured; nothing if none was.
struct WorstTime {
  const ScenarioResult* scenario;
  const MeasureResult* measure;
};
std::optional<WorstTime> WorstMeasure(const RunResult& run);

}  // namespace reports
