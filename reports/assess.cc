#include "reports/assess.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "gate/base/check.h"

namespace reports {
namespace {

using gate::Nanos;
using gate::WallTime;

// What is learnt about a row piece by piece.
class RowJudge {
 public:
  RowJudge(const RunResult& run, const ChecklistRow& row) : run_(run), row_(row) {
    judgement_.outcome = Outcome::kPass;
  }

  // Whether anything was looked at; a row of which nothing was is not proven.
  RowJudgement Finish() &&;

  void Lacks(Outcome outcome, std::string why) {
    judgement_.outcome = Worse(judgement_.outcome, outcome);
    judgement_.open.push_back(std::move(why));
    looked_ = true;
  }
  void Rests(WallTime on) {
    judgement_.oldest = judgement_.oldest ? std::min(*judgement_.oldest, on) : on;
    looked_ = true;
  }
  void Proven(const std::string& backend) { judgement_.proven_on.push_back(backend); }

  // Takes what one scenario measured into account.
  void Take(const std::string& scenario, const std::vector<MeasureResult>& measures);
  void CheckLimit();
  void CheckFiles();
  void CheckRefusals();
  void CheckApproval();
  bool IsStale(WallTime time) const {
    return row_.max_age > Nanos(0) && JudgedAt(run_) - time > row_.max_age;
  }
  std::string Age(WallTime time) const {
    using days = std::chrono::duration<std::int64_t, std::ratio<86400>>;
    return fmt::format("{} days old",
                       std::chrono::duration_cast<days>(JudgedAt(run_) - time).count());
  }

 private:
  std::map<std::string_view, const Approval*> LastWords() const;

  const RunResult& run_;
  const ChecklistRow& row_;
  RowJudgement judgement_;
  bool looked_ = false;
};

// The latest time that something may be of that counts for a run.
WallTime EndOf(const RunResult& run) {
  return run.sign_off ? run.sign_off->time : run.finished.value_or(run.started);
}

std::string NameOf(const Approval& approval) {
  return fmt::format("{} ({})", approval.who, approval.role);
}

void RowJudge::Take(const std::string& scenario, const std::vector<MeasureResult>& measures) {
  for (const MeasureResult& measure : measures) {
    if (row_.measure.empty() || measure.id != row_.measure || !measure.measured) continue;
    if (judgement_.worst && judgement_.worst->upper >= measure.measured->upper) continue;
    judgement_.worst = measure.measured;
    judgement_.worst_at = scenario;
  }
}

void RowJudge::CheckLimit() {
  if (row_.measure.empty()) return;
  if (!judgement_.worst) return Lacks(Outcome::kNotRun, "no " + row_.measure + " was measured");
  if (judgement_.worst->upper <= row_.limit) return;
  Lacks(Outcome::kFail,
        fmt::format("{} of {} took up to {}, more than {} s", row_.measure, judgement_.worst_at,
                    FormatUpperBound(judgement_.worst->upper), gate::FormatSeconds(row_.limit)));
}

void RowJudge::CheckFiles() {
  for (const ChecklistFile& file : row_.files) {
    looked_ = true;
    if (file.sha256.empty()) Lacks(Outcome::kNotRun, file.path + " is not there");
  }
}

// By role. A refusal of the same instant is the later word.
std::map<std::string_view, const Approval*> RowJudge::LastWords() const {
  std::map<std::string_view, const Approval*> words;
  for (const Approval& approval : run_.approvals) {
    if (approval.row != row_.id) continue;
    const Approval*& last = words[approval.role];
    const bool later = last == nullptr || approval.time > last->time ||
                       (approval.time == last->time && !approval.approved);
    if (later) last = &approval;
  }
  return words;
}

// Whoever may speak about a row may refuse it, also one that needs nobody's approval.
void RowJudge::CheckRefusals() {
  for (const auto& [role, last] : LastWords()) {
    if (!last->approved) Lacks(Outcome::kFail, NameOf(*last) + " refused it");
  }
}

void RowJudge::CheckApproval() {
  const auto words = LastWords();
  const auto found = words.find(row_.role);
  if (found == words.end()) {
    std::string why = row_.role + " has not approved it";
    for (const auto& [role, last] : words) why += ", only " + NameOf(*last);
    return Lacks(Outcome::kNotRun, std::move(why));
  }
  const Approval* last = judgement_.approval = found->second;
  if (!last->approved) return;  // as CheckRefusals says
  const std::string who = NameOf(*last);
  const bool same = row_.files.empty() || last->digest == row_.files.front().sha256;
  if (!same) {
    return Lacks(Outcome::kNotRun,
                 fmt::format("{} approved another version of {}", who, row_.files.front().path));
  }
  if (last->text != row_.text) {
    return Lacks(Outcome::kNotRun, who + " approved another wording of it");
  }
  if (last->time > EndOf(run_)) {
    return Lacks(Outcome::kNotRun, fmt::format("the approval of {} is dated after this {}", who,
                                               run_.sign_off ? "sign-off" : "run"));
  }
  if (IsStale(last->time)) {
    return Lacks(Outcome::kNotRun, "the approval of " + who + " is " + Age(last->time));
  }
  Rests(last->time);
}

RowJudgement RowJudge::Finish() && {
  if (!looked_) Lacks(Outcome::kNotRun, "nothing proves it");
  if (judgement_.outcome == Outcome::kPass && judgement_.oldest && row_.max_age > Nanos(0)) {
    judgement_.valid_until = *judgement_.oldest + row_.max_age;
  }
  return std::move(judgement_);
}

// Looks things up by id, for runs of many scenarios.
class Assessor {
 public:
  explicit Assessor(const RunResult& run);
  Assessment Assess() const;

 private:
  struct OtherResult {
    const Proof* proof;
    const ProofScenario* scenario;
  };

  static bool IsAsked(Profile profile, const ChecklistRow& row) {
    return profile == Profile::kRelease || !row.scenarios.empty() || !row.files.empty();
  }
  RowJudgement Judge(const ChecklistRow& row) const;
  void JudgeHere(const ChecklistRow& row, RowJudge& judge) const;
  void JudgeElsewhere(const ChecklistRow& row, const std::string& backend, RowJudge& judge) const;
  void JudgeScenarios(const ChecklistRow& row, RowJudge& judge) const;
  bool CanBePlayedOn(const std::string& backend, const std::string& id) const;
  // Why the result of a scenario on another backend does not count; nothing if it does.
  struct Missing {
    Outcome outcome;
    std::string why;
  };
  std::optional<Missing> WhatIsMissing(const std::string& id, const std::string& backend,
                                       RowJudge& judge) const;
  const ScenarioResult* Find(const std::string& id) const {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : found->second;
  }
  Completeness Count(const std::vector<bool>& required) const;
  Decision Decide(const Assessment& assessment) const;

  const RunResult& run_;
  std::map<std::string_view, const ScenarioResult*> by_id_;
  std::set<std::string_view> named_;  // scenarios in rows that are asked for
  // The last result on another backend, by backend and scenario.
  std::map<std::pair<std::string_view, std::string_view>, OtherResult> elsewhere_;
};

Assessor::Assessor(const RunResult& run) : run_(run) {
  for (const ScenarioResult& scenario : run.scenarios) by_id_.emplace(scenario.id, &scenario);
  for (const ChecklistRow& row : run.checklist) {
    named_.insert(row.scenarios.begin(), row.scenarios.end());
  }
  for (const Proof& proof : run.proofs) {
    for (const ProofScenario& scenario : proof.scenarios) {
      OtherResult& last = elsewhere_[{proof.backend, scenario.id}];
      const bool later =
          last.proof == nullptr || proof.finished > last.proof->finished ||
          (proof.finished == last.proof->finished && scenario.outcome > last.scenario->outcome);
      if (later) last = {&proof, &scenario};
    }
  }
}

void Assessor::JudgeHere(const ChecklistRow& row, RowJudge& judge) const {
  bool any = false;
  bool all = true;
  for (const std::string& id : row.scenarios) {
    const ScenarioResult* scenario = Find(id);
    if (scenario != nullptr && !scenario->applies) continue;
    any = true;
    const Outcome outcome = scenario == nullptr ? Outcome::kNotRun : scenario->outcome;
    if (outcome != Outcome::kPass) {
      judge.Lacks(outcome, fmt::format("{} {}", id, ToString(outcome)));
      all = false;
      continue;
    }
    if (judge.IsStale(run_.started)) {
      judge.Lacks(Outcome::kNotRun, fmt::format("{} is stale: {}", id, judge.Age(run_.started)));
      all = false;
      continue;
    }
    judge.Rests(run_.started);
    judge.Take(id, scenario->measures);
    for (const Repetition& each : scenario->repetitions) judge.Take(id, each.measures);
  }
  if (!any) return judge.Lacks(Outcome::kNotRun, "no scenario proves it on " + run_.backend);
  if (all) judge.Proven(run_.backend);
}

std::optional<Assessor::Missing> Assessor::WhatIsMissing(const std::string& id,
                                                         const std::string& backend,
                                                         RowJudge& judge) const {
  const ScenarioResult* here = Find(id);
  if (here == nullptr) return Missing{Outcome::kNotRun, "is not known"};
  const auto found = elsewhere_.find({backend, id});
  if (found == elsewhere_.end()) return Missing{Outcome::kNotRun, "not run"};
  const auto& [proof, scenario] = found->second;
  if (scenario->outcome != Outcome::kPass) {
    return Missing{scenario->outcome, std::string(ToString(scenario->outcome))};
  }
  if (scenario->sha256 != here->sha256) {
    return Missing{Outcome::kNotRun, "was played in another version"};
  }
  if (proof->finished > EndOf(run_)) {
    return Missing{Outcome::kNotRun, "is dated after this run"};
  }
  if (judge.IsStale(proof->finished)) {
    return Missing{Outcome::kNotRun, "is stale: " + judge.Age(proof->finished)};
  }
  judge.Rests(proof->finished);
  judge.Take(fmt::format("{} on {}", id, backend), scenario->measures);
  return std::nullopt;
}

bool Assessor::CanBePlayedOn(const std::string& backend, const std::string& id) const {
  const ScenarioResult* scenario = Find(id);
  if (scenario == nullptr || scenario->backends.empty()) return true;
  const auto& backends = scenario->backends;
  return std::find(backends.begin(), backends.end(), backend) != backends.end();
}

void Assessor::JudgeElsewhere(const ChecklistRow& row, const std::string& backend,
                              RowJudge& judge) const {
  bool any = false;
  bool all = true;
  for (const std::string& id : row.scenarios) {
    if (!CanBePlayedOn(backend, id)) continue;
    any = true;
    const auto missing = WhatIsMissing(id, backend, judge);
    if (!missing) continue;
    judge.Lacks(missing->outcome, fmt::format("{} on {} {}", id, backend, missing->why));
    all = false;
  }
  if (!any) return judge.Lacks(Outcome::kNotRun, "no scenario proves it on " + backend);
  if (all) judge.Proven(backend);
}

void Assessor::JudgeScenarios(const ChecklistRow& row, RowJudge& judge) const {
  const bool everywhere = run_.profile == Profile::kRelease && !row.backends.empty();
  if (!everywhere) return JudgeHere(row, judge);
  for (const std::string& backend : row.backends) {
    if (backend == run_.backend) {
      JudgeHere(row, judge);
    } else {
      JudgeElsewhere(row, backend, judge);
    }
  }
}

RowJudgement Assessor::Judge(const ChecklistRow& row) const {
  RowJudge judge(run_, row);
  if (!row.scenarios.empty()) {
    JudgeScenarios(row, judge);
    judge.CheckLimit();
  }
  judge.CheckFiles();
  judge.CheckRefusals();
  if (IsForPeople(row) && run_.profile == Profile::kRelease) judge.CheckApproval();
  RowJudgement judgement = std::move(judge).Finish();
  judgement.asked = IsAsked(run_.profile, row);
  if (!judgement.asked) judgement.open = {row.role + " has to approve it for a release"};
  return judgement;
}

Completeness Assessor::Count(const std::vector<bool>& required) const {
  Completeness count;
  for (std::size_t i = 0; i < run_.scenarios.size(); ++i) {
    if (!required[i]) continue;
    ++count.required;
    switch (run_.scenarios[i].outcome) {
      case Outcome::kPass:
        ++count.passed;
        break;
      case Outcome::kNotRun:
        ++count.not_run;
        break;
      case Outcome::kInconclusive:
        ++count.inconclusive;
        break;
      case Outcome::kFail:
        ++count.failed;
        break;
    }
  }
  return count;
}

Decision Assessor::Decide(const Assessment& assessment) const {
  if (!run_.finished) return Decision::kIncomplete;
  Outcome rows = Outcome::kPass;
  for (const RowJudgement& row : assessment.rows) {
    if (row.asked) rows = Worse(rows, row.outcome);
  }
  const Completeness& count = assessment.scenarios;
  if (count.failed > 0 || rows == Outcome::kFail) return Decision::kNotReady;
  const bool all = count.required > 0 && count.passed == count.required;
  return all && rows == Outcome::kPass ? Decision::kReady : Decision::kIncomplete;
}

Assessment Assessor::Assess() const {
  Assessment result;
  for (const ScenarioResult& scenario : run_.scenarios) {
    result.required.push_back(scenario.applies &&
                              (scenario.required || named_.contains(scenario.id)));
  }
  result.scenarios = Count(result.required);
  for (const ChecklistRow& row : run_.checklist) {
    const RowJudgement& judgement = result.rows.emplace_back(Judge(row));
    if (!judgement.asked) continue;
    ++result.rows_asked;
    result.rows_green += judgement.outcome == Outcome::kPass ? 1 : 0;
    if (!judgement.valid_until) continue;
    result.valid_until = result.valid_until ? std::min(*result.valid_until, *judgement.valid_until)
                                            : judgement.valid_until;
  }
  result.decision = Decide(result);
  if (result.decision != Decision::kReady) result.valid_until.reset();
  return result;
}

}  // namespace

std::string_view ToString(Decision decision) {
  switch (decision) {
    case Decision::kReady:
      return "READY";
    case Decision::kNotReady:
      return "NOT READY";
    case Decision::kIncomplete:
      return "INCOMPLETE";
  }
  GATE_CHECK(false);
}

Assessment Assess(const RunResult& run) { return Assessor(run).Assess(); }

Decision Decide(const RunResult& run) { return Assess(run).decision; }

std::string Sentence(const RunResult& run, const Assessment& assessment) {
  const Completeness& count = assessment.scenarios;
  if (!run.finished) {
    return fmt::format("the run was not finished; {} of {} required scenarios passed until then",
                       count.passed, count.required);
  }
  if (count.required == 0) return "no scenario is required";
  std::string text =
      fmt::format("{} of {} required scenarios passed", count.passed, count.required);
  if (count.failed > 0) text += fmt::format(", {} failed", count.failed);
  if (count.inconclusive > 0) text += fmt::format(", {} inconclusive", count.inconclusive);
  if (count.not_run > 0) text += fmt::format(", {} not run", count.not_run);
  if (assessment.rows_asked > 0) {
    text += fmt::format("; {} of {} rows of the checklist are green", assessment.rows_green,
                        assessment.rows_asked);
  }
  return text;
}

}  // namespace reports
