#include "tests/reports/drawn_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace reports {
namespace {

using gate::Json;
using gate::Nanos;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

gate::WallTime Epoch() {
  return gate::WallTime(std::chrono::sys_days(std::chrono::year(2026) / 3 / 1)) + hours(9);
}

// Adds events in the order of their times.
class Timeline {
 public:
  void Add(double at, const std::string& name, Json fields = Json::object(),
           Nanos uncertainty = Nanos(0)) {
    const Nanos time = milliseconds(static_cast<std::int64_t>(at * 1000));
    events_.push_back({name, time, Epoch() + time, uncertainty, std::move(fields)});
  }
  void Replicas(double at, int stable, int canary) {
    Add(at, "replicas",
        {{"stableSpec", stable},
         {"stableAvailable", stable},
         {"canarySpec", canary},
         {"canaryAvailable", canary},
         {"olderSpec", 0},
         {"olderAvailable", 0}},
        milliseconds(400));
  }
  void Phase(double at, const std::string& phase, const std::string& message) {
    Add(at, "rollout.phase", {{"phase", phase}, {"message", message}}, milliseconds(300));
  }
  void Gate(double at, const std::string& stage, bool ok) {
    const std::string run = "shop-gate-" + stage;
    const auto analysis = [&](double when, const char* phase) {
      Add(when, "analysisrun.phase",
          {{"name", run}, {"type", "Step"}, {"step", stage}, {"phase", phase}, {"message", ""}},
          milliseconds(900));
    };
    analysis(at, "Running");
    Add(at + 2.1, "mc.request",
        {{"release", "shop-1.5.0"}, {"stage", stage}, {"status", 200}, {"evidenceOk", ok}});
    Add(at + 2.2, "verdict",
        {{"stage", stage},
         {"verdict", ok ? "pass" : "fail"},
         {"reason", ok ? "evidence-true" : "evidence-false"},
         {"release", "shop-1.5.0"},
         {"message", ok ? "" : "error rate 4 % above 1 %"},
         {"dryRun", false}});
    analysis(at + 3.0, ok ? "Successful" : "Failed");
  }
  void Step(double at, int index, int weight) {
    Add(at, "rollout.step", {{"index", index}, {"weight", weight}}, milliseconds(300));
  }
  std::vector<TraceEntry> Take() && {
    std::stable_sort(events_.begin(), events_.end(),
                     [](const TraceEntry& a, const TraceEntry& b) { return a.at < b.at; });
    return std::move(events_);
  }

 private:
  std::vector<TraceEntry> events_;
};

void AddBeginning(Timeline& timeline) {
  timeline.Phase(1, "Healthy", "");
  timeline.Replicas(1, 5, 0);
  timeline.Add(4, "deployed", {{"release", "shop-1.5.0"}});
  timeline.Phase(4.3, "Progressing", "more replicas need to be updated");
  timeline.Step(4.3, 0, 20);
  timeline.Replicas(6.4, 5, 1);
}

std::vector<TraceEntry> Rollback(double shift) {
  Timeline timeline;
  AddBeginning(timeline);
  timeline.Add(7, "fault",
               {{"kind", "network.lost"}, {"state", "began"}, {"detail", "share 20 %"}});
  timeline.Gate(8 + shift, "20", false);
  timeline.Add(9.5 + shift, "fault",
               {{"kind", "network.lost"}, {"state", "ended"}, {"detail", ""}});
  timeline.Add(11.4 + shift, "rollout.aborted", {{"message", "metric gate failed"}}, seconds(1));
  timeline.Phase(11.5 + shift, "Degraded", "RolloutAborted: metric \"gate\" assessed Failed");
  timeline.Add(11.9 + shift, "notice",
               {{"to", "slack"}, {"status", 200}, {"text", "shop-1.5.0 was refused at 20 %"}});
  timeline.Add(12.0 + shift, "notice",
               {{"to", "pagerduty"}, {"status", 202}, {"action", "trigger"}, {"kind", "failed"}});
  timeline.Replicas(13 + shift, 5, 0);
  timeline.Add(13.4 + shift, "restored", Json::object(), milliseconds(600));
  timeline.Add(14.5 + shift, "notice",
               {{"to", "pagerduty"}, {"status", 202}, {"action", "resolve"}, {"kind", "failed"}});
  return std::move(timeline).Take();
}

std::vector<TraceEntry> Promotion(double shift) {
  Timeline timeline;
  AddBeginning(timeline);
  timeline.Gate(8 + shift, "20", true);
  timeline.Step(11.4 + shift, 2, 50);
  timeline.Replicas(13 + shift, 3, 3);
  timeline.Gate(14 + shift, "50", true);
  timeline.Step(17.5 + shift, 4, 100);
  timeline.Replicas(19 + shift, 0, 5);
  timeline.Phase(19.6 + shift, "Healthy", "");
  timeline.Add(19.6 + shift, "promoted", {{"release", "shop-1.5.0"}});
  return std::move(timeline).Take();
}

MeasureResult Measured(Nanos lower, Nanos upper) {
  return {"rollback",
          "from verdict (verdict fail) to restored",
          seconds(300),
          upper <= seconds(300) ? Outcome::kPass : Outcome::kFail,
          Interval{lower, upper},
          ""};
}

ScenarioResult Drawn(int number) {
  const bool promotes = number % 3 == 2;
  const double shift = 0.1 * (number % 17);
  ScenarioResult scenario;
  scenario.id = fmt::format("GATE-{:03}", number);
  scenario.title = promotes ? "True evidence promotes" : "False evidence at 20 % rolls back";
  scenario.hypothesis =
      "What MC says decides what happens to the canary, and the stable release serves on.";
  scenario.file = "scenarios/" + scenario.id + ".yaml";
  scenario.sha256 = std::string(64, static_cast<char>('a' + number % 6));
  scenario.requirements = {promotes ? "REQ-PROMOTE" : "REQ-ROLLBACK-5MIN"};
  scenario.backends = {"sim", "kind"};
  scenario.outcome = Outcome::kPass;
  scenario.started = Epoch();
  scenario.timeline = promotes ? Promotion(shift) : Rollback(shift);
  scenario.duration = scenario.timeline.back().at + seconds(2);
  scenario.trace_hash = fmt::format("{:016x}", 0x9e3779b97f4a7c15U * static_cast<unsigned>(number));
  scenario.expectations = {
      {"verdict", "eventually verdict", Outcome::kPass, "seen after 6.200 s", {}},
      {promotes ? "promoted" : "blocked",
       promotes ? "eventually promoted" : "never promoted",
       Outcome::kPass,
       promotes ? "seen after 15.600 s" : "not seen until the end",
       {}}};
  if (!promotes) {
    const Nanos upper = milliseconds(3200 + 10 * (number % 50));
    scenario.measures = {Measured(upper - milliseconds(600), upper)};
  }
  return scenario;
}

void Fail(ScenarioResult& scenario) {
  scenario.outcome = Outcome::kFail;
  scenario.expectations.back().outcome = Outcome::kFail;
  scenario.expectations.back().observed = "seen 15.600 s after the deployment";
  scenario.reason = scenario.expectations.back().id + ": expected " +
                    scenario.expectations.back().demand + "; seen 15.600 s after the deployment";
}

Proof Elsewhere(const RunResult& run) {
  Proof proof;
  proof.run_id = "20260227T020000Z-000000aa";
  proof.program = run.program;
  proof.program_sha256 = std::string(64, 'd');
  proof.git_commit = "89abcdef0123456789abcdef0123456789abcdef";
  proof.backend = "kind";
  proof.facts = {{"kubernetes", {{"version", "v1.34.4"}, {"nodes", 1}}}};
  proof.seed = 7;
  proof.finished = run.started - hours(55);
  proof.journal_head = std::string(64, 'e');
  const std::size_t most = std::min<std::size_t>(run.scenarios.size(), 12);
  for (std::size_t i = 0; i < most; ++i) {
    const ScenarioResult& here = run.scenarios[i];
    ProofScenario there{here.id, here.sha256, Outcome::kPass, "", here.measures};
    for (MeasureResult& each : there.measures) {
      each.measured =
          Interval{each.measured->lower + seconds(4), each.measured->upper + seconds(6)};
    }
    proof.scenarios.push_back(std::move(there));
  }
  return proof;
}

// A run each day before this one: one took too long, one measured nothing, and then all was well.
PastRuns Past(const RunResult& run) {
  PastRuns past;
  for (int day = 24; day >= 1; --day) {
    Nanos upper = milliseconds(2600 + (day * 37) % 900 + (day > 15 ? 40'000 : 0));
    if (day == 18) upper = seconds(320);
    TrendPoint point{fmt::format("2026{:04}T090000Z-0000abcd", day),
                     run.started - hours(24 * day),
                     fmt::format("{:040x}", day * 7919),
                     "READY",
                     "GATE-004",
                     Interval{upper - milliseconds(900), upper},
                     seconds(300)};
    if (day == 18) point.decision = "NOT READY";
    if (day == 9) point = {point.run_id, point.started, point.git_commit, "INCOMPLETE", "", {}, {}};
    past.trend.push_back(std::move(point));
  }
  RowHistory row{"REQ-ROLLBACK-5MIN", "", Outcome::kPass, Outcome::kPass};
  row.since = run.started - hours(24 * 17);
  row.runs = 16;
  past.rows = {row};
  row.row = "REQ-PROMOTE";
  row.runs = 24;
  row.since = run.started - hours(24 * 24);
  past.rows.insert(past.rows.begin(), row);
  return past;
}

}  // namespace

RunResult DrawnRun(int count) {
  RunResult run;
  run.run_id = "20260301T090000Z-0000abcd";
  run.program = "gate-drill 0.1.0";
  run.program_sha256 = std::string(64, 'c');
  run.git_commit = "0123456789abcdef0123456789abcdef01234567";
  run.git_dirty = false;
  run.command_line = {"gate-drill", "run", "--seed", "1", "--with", "kind-report"};
  run.backend = "sim";
  run.seed = 1;
  run.facts = {{"simulated", true}, {"argoRollouts", {{"version", "v1.10"}}}};
  run.environment = {{"machine", {{"system", "Linux 6.1"}, {"processors", 2}}}};
  run.started = Epoch();
  run.finished = Epoch() + seconds(3);
  ChecklistRow rollback{.id = "REQ-ROLLBACK-5MIN",
                        .text = "The stable release serves alone again within 5 minutes",
                        .measure = "rollback",
                        .limit = seconds(300),
                        .max_age = hours(720)};
  ChecklistRow promote{.id = "REQ-PROMOTE",
                       .text = "The canary is promoted only on verified evidence",
                       .max_age = hours(720)};
  for (int number = 1; number <= count; ++number) {
    run.scenarios.push_back(Drawn(number));
    ChecklistRow& row = number % 3 == 2 ? promote : rollback;
    if (row.scenarios.size() < 12) row.scenarios.push_back(run.scenarios.back().id);
  }
  for (int i = 2; i <= 40 && !run.scenarios.empty(); ++i) {
    ScenarioResult& first = run.scenarios.front();
    const Nanos upper = milliseconds(3000 + (i * 37) % 900);
    first.repetitions.push_back(
        {i, Outcome::kPass, "", seconds(17), {Measured(upper - milliseconds(500), upper)}, ""});
  }
  run.repeat = 1;
  if (count >= 7) Fail(run.scenarios[6]);
  run.proofs = {Elsewhere(run)};
  for (const ProofScenario& each : run.proofs.front().scenarios) {
    run.fidelity.push_back({each.id, true, 35, {}});
  }
  run.checklist = {rollback,
                   promote,
                   {.id = "REQ-PLAYBOOK",
                    .text = "The playbook is published",
                    .files = {{"docs/playbook.md", std::string(64, 'f')}}},
                   {.id = "REQ-PLAYBOOK-VALIDATED",
                    .text = "On-call has gone through the playbook and can work with it",
                    .max_age = hours(2160),
                    .role = "on-call"}};
  run.past = Past(run);
  run.journal_records = 1234;
  run.journal_head = std::string(64, '1');
  return run;
}

}  // namespace reports
