#include "reports/records.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "reports/codec.h"

namespace reports {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Json;
using gate::Result;
using gate::WallTime;

Json NewRecord(std::string_view kind, WallTime time) {
  return {{"kind", kind}, {"time", Timestamp(time)}};
}

Json ScenarioRecord(std::string_view kind, const std::string& id, WallTime time) {
  Json record = NewRecord(kind, time);
  record["id"] = id;
  return record;
}

// Applies records one after the other to the result so far.
class Builder {
 public:
  Result<void> Apply(const Json& record);
  RunResult Finish(const JournalContent& journal) &&;

 private:
  Result<void> RunStart(const Json& record);
  Result<void> Answers(FieldReader& reader);  // of people
  Result<void> SignedOff(const Json& record);
  Result<void> OfScenario(const std::string& kind, const Json& record);
  Result<void> RepetitionOf(ScenarioResult& scenario, const Json& record);
  void CountRepetitions(ScenarioResult& scenario) const;
  ScenarioResult* Find(const std::string& id);

  std::map<std::string, std::size_t> index_;  // of scenarios, by id
  RunResult run_;
  bool started_ = false;
};

Result<void> Builder::RunStart(const Json& record) {
  if (started_) return Error{ErrorCode::kProtocol, "a second run.start"};
  started_ = true;
  FieldReader reader(record);
  run_.started = reader.Time("time");
  run_.run_id = reader.String("runId");
  run_.program = reader.String("program");
  run_.git_commit = reader.String("gitCommit");
  run_.command_line = reader.Strings("commandLine");
  run_.backend = reader.String("backend");
  run_.seed = ReadWholeNumber(reader, "seed");
  run_.program_sha256 = reader.OptionalString("programSha256");
  if (reader.Has("gitDirty")) run_.git_dirty = reader.Bool("gitDirty");
  if (reader.Has("profile")) {
    const auto profile = ParseProfile(reader.String("profile"));
    if (!profile) reader.Complain("profile", "a profile");
    run_.profile = profile.value_or(Profile::kRelease);
  }
  if (reader.Has("repeat")) run_.repeat = static_cast<int>(reader.Int("repeat"));
  if (reader.Has("environment")) run_.environment = reader.Object("environment");
  auto proofs = ReadAll(reader.OptionalArray("proofs"), ProofFromJson);
  if (!proofs) return std::move(proofs).error().Wrap("proofs");
  run_.proofs = *std::move(proofs);
  if (auto good = Answers(reader); !good) return good;
  if (reader.Has("past")) {
    auto past = PastRunsFromJson(reader.Object("past"));
    if (!past) return std::move(past).error().Wrap("past");
    run_.past = *std::move(past);
  }
  for (const Json& json : reader.Array("checklist")) {
    auto row = ChecklistRowFromJson(json);
    if (!row) return std::move(row).error().Wrap("checklist");
    run_.checklist.push_back(*std::move(row));
  }
  for (const Json& json : reader.Array("scenarios")) {
    auto scenario = ScenarioHeadFromJson(json);
    if (!scenario) return std::move(scenario).error().Wrap("scenarios");
    if (Find(scenario->id) != nullptr) {
      return Error{ErrorCode::kProtocol, "scenario " + scenario->id + " is listed twice"};
    }
    index_.emplace(scenario->id, run_.scenarios.size());
    run_.scenarios.push_back(*std::move(scenario));
  }
  return reader.Finish();
}

Result<void> Builder::Answers(FieldReader& reader) {
  auto approvals = ReadAll(reader.OptionalArray("approvals"), ApprovalFromJson);
  if (!approvals) return std::move(approvals).error().Wrap("approvals");
  auto ignored = ReadAll(reader.OptionalArray("ignoredApprovals"), IgnoredApprovalFromJson);
  if (!ignored) return std::move(ignored).error().Wrap("ignoredApprovals");
  std::move(approvals->begin(), approvals->end(), std::back_inserter(run_.approvals));
  std::move(ignored->begin(), ignored->end(), std::back_inserter(run_.ignored_approvals));
  return {};
}

Result<void> Builder::SignedOff(const Json& record) {
  if (!run_.finished) return Error{ErrorCode::kProtocol, "run.signOff before run.end"};
  if (run_.sign_off) return Error{ErrorCode::kProtocol, "a second run.signOff"};
  FieldReader reader(record);
  auto sign_off = SignOffFromJson(reader.Object("signOff"));
  if (!sign_off) return std::move(sign_off).error().Wrap("signOff");
  run_.sign_off = *std::move(sign_off);
  if (auto good = Answers(reader); !good) return good;
  return reader.Finish();
}

ScenarioResult* Builder::Find(const std::string& id) {
  const auto found = index_.find(id);
  return found == index_.end() ? nullptr : &run_.scenarios[found->second];
}

Result<void> Builder::OfScenario(const std::string& kind, const Json& record) {
  FieldReader reader(record);
  const std::string id = reader.String("id");
  const WallTime time = reader.Time("time");
  if (auto good = reader.Finish(); !good) return good;
  ScenarioResult* scenario = Find(id);
  if (scenario == nullptr) {
    return Error{ErrorCode::kProtocol, "scenario " + id + " was not announced"};
  }
  if (kind == "scenario.start") {
    scenario->started = time;
    scenario->outcome = Outcome::kInconclusive;
    scenario->reason = "the run ended before this scenario did";
    return {};
  }
  if (!scenario->started) {
    return Error{ErrorCode::kProtocol, "scenario " + id + " has not been started"};
  }
  if (kind == "scenario.end") return ReadScenarioEnd(record, *scenario);
  if (kind == "scenario.repetition") return RepetitionOf(*scenario, record);
  scenario->duration = time - *scenario->started;
  if (kind == "scenario.note") {
    scenario->notes.push_back(reader.String("text"));
    return reader.Finish();
  }
  if (kind == "scenario.event") {
    auto entry = TraceEntryFromJson(reader.Object("event"));
    if (!entry) return std::move(entry).error();
    if (scenario->timeline.size() < kMostEvents) scenario->timeline.push_back(*std::move(entry));
  }
  return {};
}

Result<void> Builder::RepetitionOf(ScenarioResult& scenario, const Json& record) {
  FieldReader reader(record);
  auto repetition = RepetitionFromJson(reader.Object("repetition"));
  if (!repetition) return std::move(repetition).error();
  const bool again =
      std::any_of(scenario.repetitions.begin(), scenario.repetitions.end(),
                  [&](const Repetition& each) { return each.number == repetition->number; });
  if (again || repetition->number < 2 || repetition->number > run_.repeat) {
    return Error{ErrorCode::kProtocol, fmt::format("scenario {} was not to be played for time {}",
                                                   scenario.id, repetition->number)};
  }
  scenario.repetitions.push_back(*std::move(repetition));
  return {};
}

Result<void> Builder::Apply(const Json& record) {
  FieldReader reader(record);
  const std::string kind = reader.String("kind");
  const WallTime time = reader.Time("time");
  if (auto good = reader.Finish(); !good) return good;
  if (kind == "run.start") return RunStart(record);
  if (!started_) return Error{ErrorCode::kProtocol, kind + " before run.start"};
  if (kind == "run.signOff") return SignedOff(record);
  if (run_.finished) return Error{ErrorCode::kProtocol, kind + " after run.end"};
  if (kind.starts_with("scenario.")) return OfScenario(kind, record);
  if (kind == "backend.ready") run_.facts = reader.Object("facts");
  if (kind == "run.trouble") {
    if (!run_.trouble.empty()) run_.trouble += "; ";
    run_.trouble += reader.String("text");
  }
  if (kind == "run.fidelity") {
    auto rows = ReadAll(reader.Array("rows"), FidelityRowFromJson);
    if (!rows) return std::move(rows).error();
    run_.fidelity = *std::move(rows);
  }
  if (kind == "run.end") run_.finished = time;
  return reader.Finish();
}

// The worst time counts, and what is missing of them is no pass.
void Builder::CountRepetitions(ScenarioResult& scenario) const {
  auto& all = scenario.repetitions;
  std::sort(all.begin(), all.end(),
            [](const Repetition& a, const Repetition& b) { return a.number < b.number; });
  for (const Repetition& each : all) {
    if (each.outcome <= scenario.outcome) continue;
    scenario.outcome = each.outcome;
    scenario.reason = fmt::format("time {}: {}", each.number, each.reason);
  }
  const auto played = static_cast<int>(all.size()) + 1;
  if (!scenario.started || played >= run_.repeat) return;
  if (scenario.outcome != Outcome::kPass) return;
  scenario.outcome = Outcome::kInconclusive;
  scenario.reason = fmt::format("played {} of {} times", played, run_.repeat);
}

RunResult Builder::Finish(const JournalContent& journal) && {
  if (!started_) run_.trouble = "the journal ends before the run was described";
  for (ScenarioResult& scenario : run_.scenarios) {
    std::stable_sort(scenario.timeline.begin(), scenario.timeline.end(),
                     [](const TraceEntry& a, const TraceEntry& b) { return a.at < b.at; });
    if (scenario.outcome == Outcome::kNotRun && scenario.reason.empty()) {
      scenario.reason = "the run ended before this scenario began";
    }
  }
  for (ScenarioResult& scenario : run_.scenarios) CountRepetitions(scenario);
  std::sort(run_.scenarios.begin(), run_.scenarios.end(),
            [](const ScenarioResult& a, const ScenarioResult& b) { return a.id < b.id; });
  run_.journal_records = static_cast<std::int64_t>(journal.records.size());
  run_.journal_head = journal.head;
  run_.journal_torn = journal.torn;
  return std::move(run_);
}

}  // namespace

Json RunStartRecord(const RunResult& run) {
  Json record = NewRecord("run.start", run.started);
  record["runId"] = run.run_id;
  record["program"] = run.program;
  record["gitCommit"] = run.git_commit;
  record["commandLine"] = run.command_line;
  record["backend"] = run.backend;
  record["seed"] = std::to_string(run.seed);  // as text: JSON numbers are often read as doubles
  record["programSha256"] = run.program_sha256;
  if (run.git_dirty) record["gitDirty"] = *run.git_dirty;
  record["profile"] = ToString(run.profile);
  record["repeat"] = run.repeat;
  record["environment"] = run.environment;
  record["proofs"] = WriteAll(run.proofs);
  record["approvals"] = WriteAll(run.approvals);
  record["ignoredApprovals"] = WriteAll(run.ignored_approvals);
  if (run.past) record["past"] = ToJson(*run.past);
  record["checklist"] = Json::array();
  for (const ChecklistRow& row : run.checklist) record["checklist"].push_back(ToJson(row));
  record["scenarios"] = Json::array();
  for (const ScenarioResult& scenario : run.scenarios) {
    record["scenarios"].push_back(ScenarioHeadToJson(scenario));
  }
  return record;
}

Json BackendReadyRecord(const Json& facts, WallTime time) {
  Json record = NewRecord("backend.ready", time);
  record["facts"] = facts.is_object() ? facts : Json::object();
  return record;
}

Json RunTroubleRecord(std::string_view trouble, WallTime time) {
  Json record = NewRecord("run.trouble", time);
  record["text"] = trouble;
  return record;
}

Json ScenarioStartRecord(const std::string& id, WallTime time) {
  return ScenarioRecord("scenario.start", id, time);
}

Json ScenarioPhaseRecord(const std::string& id, std::string_view phase, WallTime time) {
  Json record = ScenarioRecord("scenario.phase", id, time);
  record["phase"] = phase;
  return record;
}

Json ScenarioNoteRecord(const std::string& id, std::string_view note, WallTime time) {
  Json record = ScenarioRecord("scenario.note", id, time);
  record["text"] = note;
  return record;
}

Json ScenarioEventRecord(const std::string& id, const TraceEntry& entry, WallTime time) {
  Json record = ScenarioRecord("scenario.event", id, time);
  record["event"] = ToJson(entry);
  return record;
}

Json ScenarioEndRecord(const ScenarioResult& scenario, WallTime time) {
  Json record = ScenarioRecord("scenario.end", scenario.id, time);
  record.update(ScenarioEndToJson(scenario));
  return record;
}

Json ScenarioRepetitionRecord(const std::string& id, const Repetition& repetition, WallTime time) {
  Json record = ScenarioRecord("scenario.repetition", id, time);
  record["repetition"] = ToJson(repetition);
  return record;
}

Json RunFidelityRecord(const std::vector<FidelityRow>& rows, WallTime time) {
  Json record = NewRecord("run.fidelity", time);
  record["rows"] = WriteAll(rows);
  return record;
}

Json RunEndRecord(WallTime time) { return NewRecord("run.end", time); }

Json SignOffRecord(const SignOff& sign_off, const std::vector<Approval>& approvals,
                   const std::vector<IgnoredApproval>& ignored) {
  Json record = NewRecord("run.signOff", sign_off.time);
  record["signOff"] = ToJson(sign_off);
  record["approvals"] = WriteAll(approvals);
  record["ignoredApprovals"] = WriteAll(ignored);
  return record;
}

Result<RunResult> BuildRunResult(const JournalContent& journal) {
  Builder builder;
  for (const Json& record : journal.records) {
    if (auto applied = builder.Apply(record); !applied) {
      return std::move(applied).error().Wrap(
          fmt::format("record {}", gate::JsonInt(record, "/seq")));
    }
  }
  return std::move(builder).Finish(journal);
}

}  // namespace reports
