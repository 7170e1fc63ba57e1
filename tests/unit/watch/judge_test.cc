#include "gate/watch/judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gate::watch {
namespace {

using notify::LateStep;
using notify::NoticeKind;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class JudgeTest : public ::testing::Test {
 protected:
  JudgeTest() {
    facts_.uid = "u1";
    facts_.ns = "shop";
    facts_.name = "demo";
    facts_.release = "shop-1.5.0";
    facts_.observed = true;
    facts_.replicas = facts_.all_pods = facts_.available_pods = 5;
    facts_.current_hash = "new";
    facts_.stable_hash = "old";
    facts_.canary_pods = 1;
    facts_.gates = {{"20", 1}, {"50", 3}};
    facts_.step = 1;
    state_.stable = "old";
  }

  void Verdict(const std::string& stage, const std::string& verdict, WallTime time) {
    VerdictFact fact;
    fact.id = "r" + std::to_string(verdicts_.size());
    fact.pod_hash = "new";
    fact.stage = stage;
    fact.verdict = verdict;
    fact.reason = "evidence-false";
    fact.trace_id = "t1";
    fact.time = time;
    verdicts_.push_back(fact);
  }
  void Abort() {
    facts_.aborted = true;
    facts_.aborted_at = start_ + seconds(1);
  }
  // Judges, and remembers what is to be remembered.
  Judgement At(Nanos time) {
    Judgement judgement = Judge(facts_, verdicts_, state_, answered_, policy_, start_ + time);
    state_ = WatchStateFromJson(ToJson(judgement.state));
    return judgement;
  }

  const WallTime start_ = ParseRfc3339("2026-11-24T12:00:00Z").value();
  RollbackPolicy policy_;
  RolloutFacts facts_;
  std::vector<VerdictFact> verdicts_;
  WatchState state_;
  std::string answered_;  // see Judge
};

TEST_F(JudgeTest, WhileAllIsWellThereIsNothingToDo) {
  Verdict("20", "pass", start_);
  facts_.step = 2;
  const Judgement judgement = At(seconds(1));
  EXPECT_THAT(judgement.notices, IsEmpty());
  EXPECT_THAT(judgement.acts, IsEmpty());
  EXPECT_EQ(ToJson(judgement.state), ToJson(state_));
  EXPECT_FALSE(judgement.next);
}

TEST_F(JudgeTest, ARefusalBeginsARollbackAtTheTimeOfTheVerdict) {
  Verdict("20", "fail", start_);
  const Judgement judgement = At(seconds(2));
  ASSERT_TRUE(judgement.state.rollback);
  EXPECT_EQ(judgement.state.rollback->began, start_);
  EXPECT_EQ(judgement.state.rollback->stage, "20");
  EXPECT_EQ(judgement.state.rollback->record_id, "r0");
  EXPECT_EQ(judgement.next, start_ + policy_.reassert_after);
}

TEST_F(JudgeTest, AnAbortByHandBeginsOneToo) {
  Abort();
  const Judgement judgement = At(seconds(2));
  ASSERT_TRUE(judgement.state.rollback);
  EXPECT_EQ(judgement.state.rollback->began, start_ + seconds(1));
  EXPECT_EQ(judgement.state.rollback->record_id, "");
}

TEST_F(JudgeTest, ARefusalThatArgoForgotIsEnforced) {
  Verdict("20", "fail", start_);
  (void)At(seconds(2));
  EXPECT_THAT(At(seconds(30)).acts, ElementsAre(RollbackAction::kReassertAbort));
  EXPECT_THAT(At(seconds(31)).acts, ElementsAre(RollbackAction::kReassertAbort)) << "until seen";
  Abort();
  EXPECT_THAT(At(seconds(32)).acts, IsEmpty());
}

TEST_F(JudgeTest, ARefusalThatMcTookBackIsNotEnforced) {
  Verdict("20", "fail", start_);
  Verdict("20", "pass", start_ + seconds(5));
  EXPECT_FALSE(At(seconds(30)).state.rollback);
}

TEST_F(JudgeTest, ALateRollbackIsToldStepByStepAndFallsBackOnce) {
  Verdict("20", "fail", start_);
  Abort();
  EXPECT_THAT(At(seconds(1)).notices, IsEmpty());
  Judgement judgement = At(seconds(180));
  ASSERT_EQ(judgement.notices.size(), 1U);
  EXPECT_EQ(judgement.notices[0].kind, NoticeKind::kRollbackLate);
  EXPECT_EQ(judgement.notices[0].late, LateStep::kWarn);
  judgement = At(seconds(240));
  ASSERT_EQ(judgement.notices.size(), 1U);
  EXPECT_EQ(judgement.notices[0].late, LateStep::kFallback);
  EXPECT_THAT(judgement.acts, ElementsAre(RollbackAction::kFallBack));
  judgement = At(seconds(300));
  ASSERT_EQ(judgement.notices.size(), 1U);
  EXPECT_EQ(judgement.notices[0].late, LateStep::kPage);
  EXPECT_EQ(judgement.notices[0].took, seconds(300));
  EXPECT_THAT(At(seconds(400)).notices, IsEmpty());
}

TEST_F(JudgeTest, TheEndIsToldWithTheTimeItTook) {
  Verdict("20", "fail", start_);
  Abort();
  facts_.canary_pods = 0;
  EXPECT_THAT(At(seconds(8)).acts, ElementsAre(RollbackAction::kConfirmRestored));
  const Judgement closed = CloseRestored(facts_, state_, start_ + seconds(8));
  ASSERT_EQ(closed.notices.size(), 1U);
  EXPECT_EQ(closed.notices[0].kind, NoticeKind::kRolledBack);
  EXPECT_EQ(closed.notices[0].took, seconds(8));
  EXPECT_EQ(closed.notices[0].stage, "20");
  EXPECT_EQ(closed.notices[0].trace_id, "t1");
  EXPECT_TRUE(closed.restored);
  EXPECT_FALSE(closed.state.rollback);
}

TEST_F(JudgeTest, ARollbackThatHasEndedDoesNotBeginAgain) {
  Verdict("20", "fail", start_);
  Abort();
  facts_.canary_pods = 0;
  (void)At(seconds(8));
  state_ = CloseRestored(facts_, state_, start_ + seconds(8)).state;
  const Judgement judgement = At(seconds(9));
  EXPECT_FALSE(judgement.state.rollback);
  EXPECT_THAT(judgement.acts, IsEmpty());
}

TEST_F(JudgeTest, ASecondRefusalFromBeforeTheEndBelongsToTheSameRollback) {
  Verdict("20", "fail", start_);
  Abort();
  (void)At(seconds(2));
  Verdict("20", "fail", start_ + seconds(3));  // Argo asked again
  (void)At(seconds(4));
  state_ = CloseRestored(facts_, state_, start_ + seconds(8)).state;
  EXPECT_FALSE(At(seconds(9)).state.rollback);
  Verdict("20", "fail", start_ + seconds(9));
  EXPECT_TRUE(At(seconds(10)).state.rollback);
}

TEST_F(JudgeTest, TheNextRefusalAfterARetryIsAnotherRollback) {
  Verdict("20", "fail", start_);
  Abort();
  (void)At(seconds(1));
  facts_.aborted = false;  // retried by hand
  EXPECT_FALSE(At(seconds(5)).state.rollback);
  Verdict("20", "fail", start_ + seconds(10));
  const Judgement judgement = At(seconds(11));
  ASSERT_TRUE(judgement.state.rollback);
  EXPECT_EQ(judgement.state.rollback->record_id, "r1");
}

TEST_F(JudgeTest, ASkippedGateIsToldOnce) {
  facts_.step = 2;
  const Judgement judgement = At(seconds(1));
  ASSERT_EQ(judgement.notices.size(), 1U);
  EXPECT_EQ(judgement.notices[0].kind, NoticeKind::kBypassed);
  EXPECT_EQ(judgement.notices[0].stage, "20");
  EXPECT_EQ(judgement.notices[0].reason, "step-skipped");
  EXPECT_THAT(At(seconds(2)).notices, IsEmpty());
}

TEST_F(JudgeTest, AFullPromotionIsToldForEveryGateThatWasNotPassed) {
  Verdict("20", "pass", start_);
  facts_.stable_hash = "new";
  const Judgement judgement = At(seconds(1));
  ASSERT_EQ(judgement.notices.size(), 1U);
  EXPECT_EQ(judgement.notices[0].stage, "50");
  EXPECT_EQ(judgement.notices[0].reason, "promoted");
  EXPECT_THAT(At(seconds(2)).notices, IsEmpty());
}

TEST_F(JudgeTest, APromotionWithAllPassesIsNoBypass) {
  Verdict("20", "pass", start_);
  Verdict("50", "pass", start_);
  facts_.stable_hash = "new";
  EXPECT_THAT(At(seconds(1)).notices, IsEmpty());
}

TEST_F(JudgeTest, WhatWasPromotedBeforeTheFirstLookIsNotJudged) {
  state_.stable.reset();
  facts_.stable_hash = "new";
  const Judgement judgement = At(seconds(1));
  EXPECT_THAT(judgement.notices, IsEmpty());
  EXPECT_EQ(judgement.state.stable, "new");
}

TEST_F(JudgeTest, GoingBackToAReleaseThatWasStableIsNoBypass) {
  Verdict("20", "pass", start_);
  Verdict("50", "pass", start_);
  facts_.stable_hash = "new";
  (void)At(seconds(1));
  EXPECT_THAT(state_.former, ElementsAre("old"));
  facts_.current_hash = facts_.stable_hash = "old";
  EXPECT_THAT(At(seconds(60)).notices, IsEmpty());
  EXPECT_EQ(state_.stable, "old");
}

TEST_F(JudgeTest, AStateThatCannotBeReadBeginsAnew) {
  EXPECT_EQ(ToJson(WatchStateFromJson(Json::array())), Json::object());
  EXPECT_EQ(ToJson(WatchStateFromJson({{"rollback", 7}, {"former", "x"}, {"closed", 1}})),
            Json::object());
}

TEST_F(JudgeTest, ThatMcAnswersAgainIsToldOnceForEachVerdictThatPaused) {
  Verdict("20", "inconclusive", start_);
  verdicts_.back().reason = "timeout";
  verdicts_.back().release = "shop-1.5.0";
  facts_.awaits_people = true;
  EXPECT_THAT(At(seconds(1)).notices, IsEmpty());
  answered_ = "r0";
  const Judgement told = At(seconds(60));
  ASSERT_EQ(told.notices.size(), 1U);
  const notify::Notice& notice = told.notices[0];
  EXPECT_EQ(notice.kind, NoticeKind::kResumable);
  EXPECT_EQ(notice.fact, "r0");
  EXPECT_EQ(notice.release, "shop-1.5.0");
  EXPECT_EQ(notice.stage, "20");
  EXPECT_EQ(notice.reason, "timeout");
  EXPECT_EQ(notice.happened_at, start_ + seconds(60));
  EXPECT_THAT(told.acts, IsEmpty());
  EXPECT_THAT(At(seconds(61)).notices, IsEmpty());
  EXPECT_EQ(state_.resumable, "r0");
}

TEST_F(JudgeTest, ThatMcAnswersIsNotToldOfWhatWaitsNoLonger) {
  Verdict("20", "inconclusive", start_);
  answered_ = "r0";
  EXPECT_THAT(At(seconds(1)).notices, IsEmpty());  // resumed by somebody
  Verdict("20", "inconclusive", start_ + seconds(2));
  facts_.awaits_people = true;
  EXPECT_THAT(At(seconds(3)).notices, IsEmpty());  // of the pause before
}

}  // namespace
}  // namespace gate::watch
