#include "harness/runner/recorder.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "reports/codec.h"
#include "reports/records.h"

namespace drill {
namespace {

// The fields that tell one event of a kind from another, for a line of progress.
std::string Brief(const reports::TraceEntry& entry) {
  std::string text = entry.name;
  for (const char* key : {"do", "stage", "verdict", "weight", "phase", "where", "release"}) {
    const auto found = entry.fields.find(key);
    if (found == entry.fields.end()) continue;
    text += " " + gate::JsonText(*found);
  }
  return text;
}

bool IsMilestone(const reports::TraceEntry& entry) {
  return entry.name != "event" && entry.name != "replicas" && entry.name != "release.seen" &&
         entry.name != "audit" && entry.name != "mc.request" && entry.name != "notice" &&
         entry.name != "audit.chain";
}

}  // namespace

void Recorder::AppendAll(std::vector<gate::Json> records) {
  auto appended = journal_.AppendAll(std::move(records));
  if (appended) return;
  {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::move(appended).error().Wrap("writing the journal");
  }
  stop_.request_stop();
}

// What belongs to a scenario that goes on.
void Recorder::AppendOf(const std::string& id, std::vector<gate::Json> records) {
  if (pace_ == Pace::kAsItHappens) return AppendAll(std::move(records));
  if (pace_ == Pace::kOnlyItsEnd) return;
  const std::lock_guard lock(mutex_);
  std::vector<gate::Json>& held = held_[id];
  held.insert(held.end(), std::make_move_iterator(records.begin()),
              std::make_move_iterator(records.end()));
}

void Recorder::Show(const std::string& id, std::string_view phase) {
  if (pace_ == Pace::kAsItHappens) view_.OnScenario(id, phase);
}

std::optional<gate::Error> Recorder::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

void Recorder::RunStart(const reports::RunResult& head) { Append(reports::RunStartRecord(head)); }

void Recorder::RunTrouble(std::string_view trouble) {
  Append(reports::RunTroubleRecord(trouble, runtime_.WallNow()));
}

void Recorder::BackendReady(const gate::Json& facts) {
  Append(reports::BackendReadyRecord(facts, runtime_.WallNow()));
}

void Recorder::RunFidelity(const std::vector<reports::FidelityRow>& rows) {
  Append(reports::RunFidelityRecord(rows, runtime_.WallNow()));
}

void Recorder::RunEnd() { Append(reports::RunEndRecord(runtime_.WallNow())); }

void Recorder::ScenarioStart(const std::string& id) {
  AppendOf(id, {reports::ScenarioStartRecord(id, runtime_.WallNow())});
}

void Recorder::ScenarioPhase(const std::string& id, std::string_view phase) {
  Show(id, phase);
  AppendOf(id, {reports::ScenarioPhaseRecord(id, phase, runtime_.WallNow())});
}

void Recorder::ScenarioNote(const std::string& id, std::string_view note) {
  {
    const std::lock_guard lock(mutex_);
    if (++notes_[id] > kMostNotes) return;
  }
  AppendOf(id, {reports::ScenarioNoteRecord(id, note, runtime_.WallNow())});
}

void Recorder::ScenarioEvents(const std::string& id,
                              const std::vector<reports::TraceEntry>& entries) {
  if (entries.empty()) return;
  const gate::WallTime now = runtime_.WallNow();
  std::vector<gate::Json> records;
  for (const reports::TraceEntry& entry : entries) {
    if (IsMilestone(entry)) Show(id, Brief(entry));
    records.push_back(reports::ScenarioEventRecord(id, entry, now));
  }
  AppendOf(id, std::move(records));
}

void Recorder::ScenarioEnd(const reports::ScenarioResult& result) {
  if (pace_ == Pace::kOnlyItsEnd) {
    const reports::Repetition again{number_,         result.outcome,  result.reason,
                                    result.duration, result.measures, result.trace_hash};
    return Append(reports::ScenarioRepetitionRecord(result.id, again, runtime_.WallNow()));
  }
  std::vector<gate::Json> records;
  {
    const std::lock_guard lock(mutex_);
    if (auto held = held_.extract(result.id)) records = std::move(held.mapped());
  }
  records.push_back(reports::ScenarioEndRecord(result, runtime_.WallNow()));
  AppendAll(std::move(records));
  view_.OnScenarioEnd(result);
}

}  // namespace drill
