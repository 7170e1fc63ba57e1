#pragma once

#include <string>
#include <string_view>

#include "gate/base/result.h"
#include "gate/base/strict_json.h"
#include "gate/base/time.h"
#include "reports/journal.h"
#include "reports/model.h"

// What a run writes into its journal, and the way back from there to the result model.
namespace reports {

// Everything known before the first scenario runs: who, what, when, and all scenarios and checklist
// rows, also those that will not run (their `reason` says why). The first record.
gate::Json RunStartRecord(const RunResult& run);

gate::Json BackendReadyRecord(const gate::Json& facts, gate::WallTime time);

// Something that concerns the run as a whole went wrong.
gate::Json RunTroubleRecord(std::string_view trouble, gate::WallTime time);

gate::Json ScenarioStartRecord(const std::string& id, gate::WallTime time);
gate::Json ScenarioPhaseRecord(const std::string& id, std::string_view phase, gate::WallTime time);
gate::Json ScenarioNoteRecord(const std::string& id, std::string_view note, gate::WallTime time);
gate::Json ScenarioEventRecord(const std::string& id, const TraceEntry& entry, gate::WallTime time);

// Outcome, expectations and measures; the timeline is in the event records before.
gate::Json ScenarioEndRecord(const ScenarioResult& scenario, gate::WallTime time);

// One more time that a scenario was played; the records before are those of the first time.
gate::Json ScenarioRepetitionRecord(const std::string& id, const Repetition& repetition,
                                    gate::WallTime time);

// How simulation and real cluster compare, where both have played the same.
gate::Json RunFidelityRecord(const std::vector<FidelityRow>& rows, gate::WallTime time);

// The last record of a run: without it a run is incomplete.
gate::Json RunEndRecord(gate::WallTime time);

// What people said about the report of a run that has ended; follows its last record.
gate::Json SignOffRecord(const SignOff& sign_off, const std::vector<Approval>& approvals,
                         const std::vector<IgnoredApproval>& ignored);

// Rebuilds the result from whatever was recorded until the journal ends. A scenario that began and
// did not end is inconclusive, one that did not begin is not run. kProtocol if records contradict
// each other, naming the record's seq. Records of kinds that are not known here are skipped.
gate::Result<RunResult> BuildRunResult(const JournalContent& journal);

}  // namespace reports
