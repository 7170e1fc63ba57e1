#include "tests/unit/reports/sample_run.h"

#include "reports/file_io.h"
#include "reports/records.h"
#include "tests/support/temp_folder.h"

namespace reports {
namespace {

using gate::Nanos;
using std::chrono::milliseconds;
using std::chrono::seconds;

gate::WallTime At(Nanos offset) {
  return gate::WallTime(std::chrono::sys_days(std::chrono::year(2026) / 3 / 1)) +
         std::chrono::hours(12) + offset;
}

TraceEntry Event(const std::string& name, Nanos at, Nanos uncertainty, gate::Json fields) {
  return {name, at, At(at), uncertainty, std::move(fields)};
}

ScenarioResult Scenario(const std::string& id, const std::string& title, Outcome outcome) {
  ScenarioResult scenario;
  scenario.id = id;
  scenario.title = title;
  scenario.file = "scenarios/" + id + ".yaml";
  scenario.sha256 = std::string(64, 'a');
  scenario.outcome = outcome;
  if (outcome != Outcome::kNotRun) {
    scenario.started = At(seconds(1));
    scenario.duration = milliseconds(23456);
  }
  return scenario;
}

ScenarioResult PassedScenario() {
  ScenarioResult scenario = Scenario("GATE-001", "False at 20 % rolls back", Outcome::kPass);
  scenario.hypothesis = "The canary is rolled back.";
  scenario.requirements = {"REQ-ROLLBACK-5MIN"};
  const TraceEntry verdict = Event("verdict", seconds(12), milliseconds(1),
                                   {{"stage", "20"}, {"verdict", "fail"}, {"dryRun", false}});
  const TraceEntry restored =
      Event("restored", milliseconds(14500), milliseconds(500), gate::Json::object());
  scenario.expectations = {{"order",
                            "in this order: verdict, then restored",
                            Outcome::kPass,
                            "seen in this order",
                            {verdict, restored}}};
  scenario.measures = {{"rollback", "from verdict to restored", seconds(300), Outcome::kPass,
                        Interval{seconds(2), milliseconds(2501)},
                        "2.250 s ± 0.251 s, at most 2.501 s"}};
  scenario.timeline = {
      Event("rollout.phase", seconds(1), Nanos(0), {{"phase", "Healthy"}, {"message", ""}}),
      Event("deployed", seconds(2), Nanos(0), {{"release", "shop-1.5.0"}}),
      Event("event", seconds(3), Nanos(0), {{"reason", "Scheduled"}}), verdict, restored};
  return scenario;
}

ScenarioResult FailedScenario() {
  ScenarioResult scenario = Scenario("GATE-002", "True promotes", Outcome::kFail);
  scenario.requirements = {"REQ-PROMOTE"};
  scenario.reason = "promoted: expected eventually promoted; no event \"promoted\" was seen";
  scenario.expectations = {
      {"promoted", "eventually promoted", Outcome::kFail, "no event \"promoted\" was seen", {}}};
  scenario.measures = {{"rollback", "from verdict to restored", seconds(300), Outcome::kFail,
                        Interval{seconds(300), seconds(300) + Nanos(1)}, "too late"}};
  scenario.notes = {"watching pods: connection refused"};
  return scenario;
}

ScenarioResult InconclusiveScenario() {
  ScenarioResult scenario = Scenario("GATE-003", "MC never answers", Outcome::kInconclusive);
  scenario.reason = "preparing: the stable release did not become Healthy";
  scenario.expectations = {{"blocked",
                            "never promoted",
                            Outcome::kInconclusive,
                            "not seen, but the observation broke off",
                            {}}};
  scenario.measures = {{"rollback", "from verdict to restored", seconds(300),
                        Outcome::kInconclusive, std::nullopt,
                        "not measured: verdict was not seen"}};
  return scenario;
}

}  // namespace

RunResult GreenRun() {
  RunResult run;
  run.run_id = "20260301T120000Z-0000abcd";
  run.program = "gate-drill 0.1.0";
  run.git_commit = "0123456789abcdef";
  run.command_line = {"gate-drill", "run"};
  run.backend = "kind";
  run.seed = 18446744073709551615U;
  run.facts = {{"kubernetes", "v1.34.4"}, {"images", {{"gate", "sha256:11"}}}};
  run.started = At(Nanos(0));
  run.finished = At(std::chrono::minutes(2));
  run.checklist = {{"REQ-ROLLBACK-5MIN", "Rolled back in time", {"GATE-001"}}};
  run.scenarios = {PassedScenario()};
  return run;
}

RunResult SampleRun() {
  RunResult run = GreenRun();
  run.checklist.push_back({"REQ-PROMOTE", "Promoted on evidence", {"GATE-002", "GATE-001"}});
  run.scenarios.push_back(FailedScenario());
  run.scenarios.push_back(InconclusiveScenario());
  ScenarioResult missing = Scenario("GATE-004", "Required, not run", Outcome::kNotRun);
  missing.reason = "not selected";
  missing.selected = false;
  run.scenarios.push_back(missing);
  missing.id = "GATE-005";
  missing.title = "Optional, not run";
  missing.reason = "not for backend kind";
  missing.required = false;
  run.scenarios.push_back(missing);
  return run;
}

RunResult RunWithTextEverywhere(const std::string& text) {
  RunResult run = GreenRun();
  run.run_id = run.program = run.git_commit = run.backend = run.trouble = text;
  run.command_line = {text, text};
  run.facts = {{text, text}};
  run.checklist = {{text, text, {text}}};
  ScenarioResult scenario = PassedScenario();
  scenario.id = scenario.title = scenario.hypothesis = scenario.file = scenario.sha256 = text;
  scenario.requirements = {text};
  scenario.outcome = Outcome::kFail;
  scenario.reason = text;
  scenario.notes = {text};
  for (ExpectationResult& each : scenario.expectations) {
    each.id = each.demand = each.observed = text;
    each.outcome = Outcome::kFail;
    for (TraceEntry& event : each.events) event.name = text;
  }
  for (MeasureResult& each : scenario.measures) each.id = each.demand = each.observed = text;
  scenario.measures.push_back(scenario.measures.front());
  scenario.measures.back().measured.reset();
  for (TraceEntry& event : scenario.timeline) event.fields = {{text, text}};
  scenario.timeline.front().name = text;
  scenario.repetitions = {{2, Outcome::kFail, text, seconds(1), scenario.measures, text}};
  run.scenarios = {scenario};
  run.repeat = 2;
  run.profile = Profile::kRelease;
  run.program_sha256 = text;
  run.environment = {{text, {{text, text}}}};
  run.checklist.front().backends = {text};
  run.checklist.front().files = {{text, text}};
  run.checklist.front().role = text;
  run.checklist.front().measure = text;
  run.checklist.front().limit = seconds(300);
  run.approvals = {{text, text, text, run.started, true, text, text, text, text}};
  run.ignored_approvals = {{text, text}};
  run.sign_off = SignOff{run.started, text, text};
  const Interval worst{seconds(1), seconds(2)};
  run.past = PastRuns{
      {{text, run.started, text, text, text, worst, seconds(300)},
       {text, run.started, text, text, "", std::nullopt, Nanos(0)}},
      {{text, text, Outcome::kFail, Outcome::kFail, text, run.started, text, 2, text, text},
       {text, text}}};
  run.proofs = {{text,
                 text,
                 text,
                 text,
                 "another " + text,
                 run.facts,
                 1,
                 run.started,
                 text,
                 {{text, text, Outcome::kFail, text, scenario.measures}}}};
  run.fidelity = {{text, false, 1, {text}}};
  return run;
}

std::string JournalOf(const RunResult& run) {
  const test_support::TempFolder folder;
  const std::string path = JournalPath(folder.path());
  {
    const auto journal = Journal::Create(path);
    GATE_CHECK(journal.has_value());
    const auto append = [&](const gate::Json& record) {
      GATE_CHECK((*journal)->Append(record).has_value());
    };
    append(RunStartRecord(run));
    append(BackendReadyRecord(run.facts, run.started));
    if (!run.trouble.empty()) append(RunTroubleRecord(run.trouble, run.started));
    for (const ScenarioResult& scenario : run.scenarios) {
      if (!scenario.started) continue;
      append(ScenarioStartRecord(scenario.id, *scenario.started));
      append(ScenarioPhaseRecord(scenario.id, "observing", *scenario.started));
      for (const std::string& note : scenario.notes) {
        append(ScenarioNoteRecord(scenario.id, note, *scenario.started));
      }
      for (const TraceEntry& event : scenario.timeline) {
        append(ScenarioEventRecord(scenario.id, event, event.wall));
      }
      append(ScenarioEndRecord(scenario, *scenario.started + scenario.duration));
      for (const Repetition& each : scenario.repetitions) {
        append(ScenarioRepetitionRecord(scenario.id, each, *scenario.started));
      }
    }
    if (!run.fidelity.empty()) append(RunFidelityRecord(run.fidelity, run.started));
    if (run.finished) append(RunEndRecord(*run.finished));
    if (run.sign_off) append(SignOffRecord(*run.sign_off, {}, {}));
  }
  const auto text = ReadWholeFile(path);
  GATE_CHECK(text.has_value());
  return *text;
}

}  // namespace reports
