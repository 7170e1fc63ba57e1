#include "reports/assess.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "gate/base/rng.h"
#include "tests/unit/reports/sample_run.h"

namespace reports {
namespace {

using gate::Nanos;
using std::chrono::hours;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// GATE-001 passed on kind, and an hour before on sim; the row wants both.
RunResult ReleaseRun() {
  RunResult run = GreenRun();
  run.profile = Profile::kRelease;
  run.scenarios.front().backends = {"sim", "kind"};
  ChecklistRow& row = run.checklist.front();
  row.backends = {"sim", "kind"};
  row.max_age = hours(24);
  const ScenarioResult& here = run.scenarios.front();
  Proof proof;
  proof.run_id = "earlier";
  proof.backend = "sim";
  proof.finished = run.started - hours(1);
  proof.scenarios = {{here.id, here.sha256, Outcome::kPass, "", here.measures}};
  run.proofs = {proof};
  return run;
}

RowJudgement FirstRow(const RunResult& run) { return Assess(run).rows.front(); }

TEST(AssessTest, AReleaseIsReadyWhenARowIsProvenOnEachOfItsBackends) {
  const RunResult run = ReleaseRun();
  const Assessment assessment = Assess(run);
  EXPECT_EQ(assessment.decision, Decision::kReady);
  EXPECT_THAT(assessment.rows.front().proven_on, ElementsAre("sim", "kind"));
  EXPECT_THAT(assessment.rows.front().open, IsEmpty());
  EXPECT_EQ(assessment.valid_until, run.started + hours(23));
}

TEST(AssessTest, ACommitNeedsNoOtherBackend) {
  RunResult run = ReleaseRun();
  run.proofs.clear();
  EXPECT_EQ(Assess(run).decision, Decision::kIncomplete);
  EXPECT_THAT(FirstRow(run).open, ElementsAre("GATE-001 on sim not run"));
  run.profile = Profile::kCommit;
  EXPECT_EQ(Assess(run).decision, Decision::kReady);
}

TEST(AssessTest, AProofIsStaleOneNanosecondPastItsAge) {
  RunResult run = ReleaseRun();
  run.proofs.front().finished = run.started - hours(24);
  EXPECT_EQ(Assess(run).decision, Decision::kReady);
  run.proofs.front().finished -= Nanos(1);
  EXPECT_EQ(Assess(run).decision, Decision::kIncomplete);
  EXPECT_THAT(FirstRow(run).open, ElementsAre("GATE-001 on sim is stale: 1 days old"));
}

TEST(AssessTest, AProofOfAnotherVersionOfTheScenarioIsNone) {
  RunResult run = ReleaseRun();
  run.proofs.front().scenarios.front().sha256 = std::string(64, 'b');
  EXPECT_EQ(Assess(run).decision, Decision::kIncomplete);
}

TEST(AssessTest, TheLastResultElsewhereCountsAndNotTheBest) {
  RunResult run = ReleaseRun();
  Proof later = run.proofs.front();
  later.finished += seconds(1);
  later.scenarios.front().outcome = Outcome::kFail;
  for (const bool first : {true, false}) {
    run.proofs.insert(first ? run.proofs.begin() : run.proofs.end(), later);
    EXPECT_EQ(Assess(run).decision, Decision::kNotReady);
    run.proofs.erase(first ? run.proofs.begin() : run.proofs.end() - 1);
  }
}

TEST(AssessTest, ARowsLimitHoldsForTheUpperBoundWhereverItWasMeasured) {
  RunResult run = ReleaseRun();
  ChecklistRow& row = run.checklist.front();
  row.measure = "rollback";
  row.limit = std::chrono::milliseconds(2501);
  EXPECT_EQ(Assess(run).decision, Decision::kReady);
  row.limit -= Nanos(1);
  EXPECT_EQ(Assess(run).decision, Decision::kNotReady);
  row.limit = seconds(300);
  auto& there = run.proofs.front().scenarios.front().measures.front();
  there.measured = Interval{seconds(1), seconds(301)};
  EXPECT_EQ(Assess(run).decision, Decision::kNotReady);
  EXPECT_EQ(FirstRow(run).worst_at, "GATE-001 on sim");
}

TEST(AssessTest, ALimitOfWhatWasNeverMeasuredIsNotMet) {
  RunResult run = GreenRun();
  run.checklist.front().measure = "recovery";
  run.checklist.front().limit = seconds(300);
  EXPECT_EQ(Assess(run).decision, Decision::kIncomplete);
  EXPECT_THAT(FirstRow(run).open, ElementsAre("no recovery was measured"));
}

TEST(AssessTest, AFileThatIsNotThereLeavesItsRowOpen) {
  RunResult run = GreenRun();
  run.checklist.push_back({.id = "REQ-DOC", .text = "Published", .files = {{"docs/a.md", "aa"}}});
  EXPECT_EQ(Assess(run).decision, Decision::kReady);
  run.checklist.back().files.push_back({"docs/b.md", ""});
  EXPECT_EQ(Assess(run).decision, Decision::kIncomplete);
  EXPECT_THAT(Assess(run).rows.back().open, ElementsAre("docs/b.md is not there"));
}

// --- People -------------------------------------------------------------------------------------

RunResult RunForPeople() {
  RunResult run = ReleaseRun();
  run.checklist.push_back({.id = "REQ-PLAYBOOK",
                           .text = "Validated",
                           .max_age = hours(24),
                           .files = {{"playbook.md", "abc"}},
                           .role = "on-call"});
  return run;
}

Approval AnApproval(const RunResult& run) {
  return {.row = "REQ-PLAYBOOK",
          .role = "on-call",
          .who = "ann",
          .time = run.started - hours(1),
          .approved = true,
          .digest = "abc",
          .text = "Validated"};
}

TEST(ApprovalTest, IsNeverAssumedForARelease) {
  RunResult run = RunForPeople();
  EXPECT_EQ(Assess(run).decision, Decision::kIncomplete);
  run.approvals = {AnApproval(run)};
  EXPECT_EQ(Assess(run).decision, Decision::kReady);
}

TEST(ApprovalTest, IsNotAskedForACommitAndTheReportSaysSo) {
  RunResult run = RunForPeople();
  run.profile = Profile::kCommit;
  run.checklist.back().files.clear();
  const Assessment assessment = Assess(run);
  EXPECT_EQ(assessment.decision, Decision::kReady);
  EXPECT_FALSE(assessment.rows.back().asked);
  EXPECT_NE(assessment.rows.back().outcome, Outcome::kPass);
  EXPECT_EQ(assessment.rows_asked, 1);
}

TEST(ApprovalTest, CountsOnlyForItsRowRoleFileAndTime) {
  const RunResult sample = RunForPeople();
  const auto decide = [&](auto change) {
    RunResult run = sample;
    run.approvals = {AnApproval(run)};
    change(run.approvals.front());
    return Assess(run).decision;
  };
  EXPECT_EQ(decide([](Approval& a) { a.row = "REQ-X"; }), Decision::kIncomplete);
  EXPECT_EQ(decide([](Approval& a) { a.role = "manager"; }), Decision::kIncomplete);
  EXPECT_EQ(decide([](Approval& a) { a.digest = "abd"; }), Decision::kIncomplete);
  EXPECT_EQ(decide([](Approval& a) { a.time -= hours(24); }), Decision::kIncomplete);
  EXPECT_EQ(decide([](Approval& a) { a.time += hours(9); }), Decision::kIncomplete);
  EXPECT_EQ(decide([](Approval& a) { a.approved = false; }), Decision::kNotReady);
}

TEST(ApprovalTest, TheLastWordCounts) {
  RunResult run = RunForPeople();
  Approval refusal = AnApproval(run);
  refusal.approved = false;
  refusal.time += seconds(1);
  run.approvals = {refusal, AnApproval(run)};
  EXPECT_EQ(Assess(run).decision, Decision::kNotReady);
  run.approvals.back().time += seconds(2);
  EXPECT_EQ(Assess(run).decision, Decision::kReady);
}

TEST(ApprovalTest, ARefusalCountsInAnyRoleAndForAnyRow) {
  for (const char* row : {"REQ-PLAYBOOK", "REQ-ROLLBACK-5MIN"}) {
    RunResult run = RunForPeople();
    run.approvals = {AnApproval(run), AnApproval(run)};
    run.approvals.back().row = row;
    run.approvals.back().role = "security";
    EXPECT_EQ(Assess(run).decision, Decision::kReady);
    run.approvals.back().approved = false;
    EXPECT_EQ(Assess(run).decision, Decision::kNotReady) << row;
  }
}

TEST(SignOffTest, ProofsAreAsOldAsTheyAreThen) {
  RunResult run = RunForPeople();
  run.approvals = {AnApproval(run)};
  run.checklist.front().max_age = hours(48);
  run.sign_off = SignOff{AnApproval(run).time + hours(24), "", ""};
  EXPECT_EQ(Assess(run).decision, Decision::kReady);
  run.sign_off->time += seconds(1);
  EXPECT_EQ(Assess(run).decision, Decision::kIncomplete);
  run.approvals.front().time = run.sign_off->time;
  EXPECT_EQ(Assess(run).decision, Decision::kReady) << "it need not be older than the run";
  run.approvals.front().time += seconds(1);
  EXPECT_EQ(Assess(run).decision, Decision::kIncomplete);
}

TEST(SignOffTest, TheRunItselfMayBeTooOldByThen) {
  RunResult run = RunForPeople();
  run.checklist.front().max_age = hours(30);
  run.proofs.front().finished = run.started + hours(1);
  run.sign_off = SignOff{run.started + hours(30), "", ""};
  EXPECT_EQ(Assess(run).rows.front().outcome, Outcome::kPass);
  run.sign_off->time += seconds(1);
  EXPECT_EQ(Assess(run).rows.front().outcome, Outcome::kNotRun);
}

// --- Over many generated results ----------------------------------------------------------------

Outcome AnOutcome(gate::Rng& rng) {
  return rng.Below(3) > 0 ? Outcome::kPass : static_cast<Outcome>(rng.Below(4));
}

template <typename T>
void Shuffle(std::vector<T>& values, gate::Rng& rng) {
  for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[rng.Below(i)]);
}

struct Generated {
  RunResult run;
  bool all_green = true;  // everything that is asked for, found out another way
};

void AddScenario(int number, gate::Rng& rng, Generated& made) {
  ScenarioResult scenario = GreenRun().scenarios.front();
  scenario.id = "S-" + std::to_string(number);
  scenario.outcome = AnOutcome(rng);
  scenario.required = rng.Below(2) == 0;
  scenario.backends = {"kind"};
  ChecklistRow row{.id = "R-" + std::to_string(number), .text = "", .scenarios = {scenario.id}};
  const bool listed = rng.Below(2) == 0;
  if (scenario.required || listed) made.all_green &= scenario.outcome == Outcome::kPass;
  if (listed && rng.Below(2) == 0) {
    scenario.backends.push_back("sim");
    row.backends = {"kind", "sim"};
    row.max_age = hours(10);
    bool proven = false;
    if (rng.Below(4) > 0) {
      const auto age = hours(static_cast<int>(rng.Below(12)));
      const Outcome outcome = AnOutcome(rng);
      Proof proof;
      proof.backend = "sim";
      proof.finished = made.run.started - age;
      proof.scenarios = {{scenario.id, scenario.sha256, outcome, "", {}}};
      made.run.proofs.push_back(proof);
      proven = outcome == Outcome::kPass && age <= hours(10);
    }
    if (made.run.profile == Profile::kRelease) made.all_green &= proven;
  }
  if (listed && rng.Below(4) == 0) {
    row.role = "on-call";
    const bool approved = rng.Below(2) == 0;
    if (rng.Below(2) == 0) {
      made.run.approvals.push_back(
          {.row = row.id, .role = "on-call", .time = made.run.started, .approved = approved});
      made.all_green &= approved;
    } else if (made.run.profile == Profile::kRelease) {
      made.all_green = false;
    }
  }
  if (listed) made.run.checklist.push_back(row);
  made.run.scenarios.push_back(scenario);
}

TEST(AssessTest, IsReadyExactlyWhenAllThatIsAskedForIsGreenInWhateverOrder) {
  gate::Rng rng(11);
  int ready = 0;
  for (int i = 0; i < 4000; ++i) {
    Generated made{GreenRun()};
    made.run.scenarios.clear();
    made.run.checklist.clear();
    made.run.profile = rng.Below(2) == 0 ? Profile::kCommit : Profile::kRelease;
    if (rng.Below(8) == 0) made.run.finished.reset();
    const int count = static_cast<int>(rng.Below(4));
    for (int k = 0; k < count; ++k) AddScenario(k, rng, made);
    const bool any = std::any_of(
        made.run.scenarios.begin(), made.run.scenarios.end(), [&](const ScenarioResult& each) {
          return each.required || std::any_of(made.run.checklist.begin(), made.run.checklist.end(),
                                              [&](const ChecklistRow& row) {
                                                return row.scenarios.front() == each.id;
                                              });
        });
    const bool expected = made.all_green && any && made.run.finished.has_value();
    const Decision decision = Assess(made.run).decision;
    EXPECT_EQ(decision == Decision::kReady, expected) << i;
    ready += decision == Decision::kReady ? 1 : 0;
    Shuffle(made.run.scenarios, rng);
    Shuffle(made.run.checklist, rng);
    Shuffle(made.run.proofs, rng);
    Shuffle(made.run.approvals, rng);
    EXPECT_EQ(Assess(made.run).decision, decision) << i;
  }
  EXPECT_GT(ready, 300);  // it is not vacuous
}

}  // namespace
}  // namespace reports
