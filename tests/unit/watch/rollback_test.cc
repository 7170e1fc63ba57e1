#include "gate/watch/rollback.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gate::watch {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Action = RollbackAction;

class RollbackTest : public ::testing::Test {
 protected:
  RollbackTest() {
    rollback_.canary_hash = "new";
    rollback_.began = began_;
    facts_.observed = true;
    facts_.replicas = facts_.all_pods = 5;
    facts_.available_pods = 4;
    facts_.canary_pods = 1;
    facts_.current_hash = "new";
    facts_.stable_hash = "old";
  }

  void Abort() {
    facts_.aborted = true;
    rollback_.abort_seen = true;
  }
  RollbackPlan After(Nanos time) const {
    return PlanRollback(rollback_, facts_, policy_, began_ + time);
  }
  std::vector<Action> DueAfter(Nanos time) const { return After(time).due; }

  const WallTime began_ = ParseRfc3339("2026-11-24T12:00:00Z").value();
  RollbackPolicy policy_;
  Rollback rollback_;
  RolloutFacts facts_;
};

TEST_F(RollbackTest, ARefusalThatArgoDoesNotActUponIsReasserted) {
  EXPECT_THAT(DueAfter(seconds(30) - milliseconds(1)), IsEmpty());
  EXPECT_EQ(After(seconds(1)).next, began_ + seconds(30));
  EXPECT_THAT(DueAfter(seconds(30)), ElementsAre(Action::kReassertAbort));
  rollback_.reasserted = true;
  EXPECT_THAT(DueAfter(seconds(31)), ElementsAre(Action::kReassertAbort)) << "it may get lost";
  EXPECT_EQ(After(seconds(31)).next, began_ + seconds(36));
  Abort();
  EXPECT_THAT(DueAfter(seconds(32)), IsEmpty());
}

TEST_F(RollbackTest, WhatArgoCannotKnowOfIsAbortedAtOnce) {
  rollback_.reason = "evidence-withdrawn";
  EXPECT_THAT(DueAfter(seconds(0)), ElementsAre(Action::kReassertAbort));
}

TEST_F(RollbackTest, AnAbortIsNotedOnceAndNotReasserted) {
  facts_.aborted = true;
  EXPECT_THAT(DueAfter(seconds(1)), ElementsAre(Action::kNoteAbort));
  rollback_.abort_seen = true;
  EXPECT_THAT(DueAfter(seconds(31)), IsEmpty());
}

TEST_F(RollbackTest, WhenLateItWarnsFallsBackAndPagesEachOnce) {
  Abort();
  EXPECT_THAT(DueAfter(seconds(180) - milliseconds(1)), IsEmpty());
  EXPECT_THAT(DueAfter(seconds(180)), ElementsAre(Action::kWarn));
  rollback_.warned = true;
  EXPECT_THAT(DueAfter(seconds(240) - milliseconds(1)), IsEmpty());
  EXPECT_EQ(After(seconds(200)).next, began_ + seconds(240));
  EXPECT_THAT(DueAfter(seconds(240)), ElementsAre(Action::kFallBack));
  rollback_.fell_back = true;
  EXPECT_THAT(DueAfter(seconds(300) - milliseconds(1)), IsEmpty());
  EXPECT_THAT(DueAfter(seconds(300)), ElementsAre(Action::kPage));
  rollback_.paged = true;
  EXPECT_THAT(DueAfter(minutes(60)), IsEmpty());
  EXPECT_EQ(After(minutes(60)).next, std::nullopt);
}

TEST_F(RollbackTest, WhoeverTakesOverLateDoesAllThatIsDueInOrder) {
  EXPECT_THAT(DueAfter(minutes(10)),
              ElementsAre(Action::kReassertAbort, Action::kWarn, Action::kFallBack, Action::kPage));
}

TEST_F(RollbackTest, OnceItLooksRestoredNothingIsLateAnyMore) {
  Abort();
  facts_.canary_pods = 0;
  facts_.available_pods = 5;
  EXPECT_THAT(DueAfter(minutes(10)), ElementsAre(Action::kConfirmRestored));
  facts_.available_pods = 4;
  EXPECT_THAT(DueAfter(seconds(10)), IsEmpty());
}

TEST_F(RollbackTest, ARolloutThatWasNotAbortedIsNotRestoredByHavingNoCanaryPods) {
  facts_.canary_pods = 0;
  facts_.available_pods = 5;
  EXPECT_THAT(DueAfter(seconds(1)), IsEmpty());
}

TEST_F(RollbackTest, GoingBackToTheStableTemplateIsARollbackToo) {
  facts_.current_hash = "old";
  EXPECT_THAT(DueAfter(seconds(1)), ElementsAre(Action::kNoteAbort));
  facts_.canary_pods = 0;
  facts_.available_pods = 5;
  EXPECT_THAT(DueAfter(seconds(1)), ElementsAre(Action::kNoteAbort, Action::kConfirmRestored));
}

TEST_F(RollbackTest, AnotherReleaseTakesItsPlace) {
  Abort();
  facts_.current_hash = "newer";
  facts_.aborted = false;
  EXPECT_THAT(DueAfter(minutes(10)), ElementsAre(Action::kEndSuperseded));
}

TEST_F(RollbackTest, ARetryByPeopleIsNotAbortedAgain) {
  Abort();
  facts_.aborted = false;
  EXPECT_THAT(DueAfter(minutes(10)), ElementsAre(Action::kEndSuperseded));
}

TEST_F(RollbackTest, ARefusedReleaseThatIsPromotedIsSaidToBe) {
  facts_.stable_hash = "new";
  EXPECT_THAT(DueAfter(seconds(1)), ElementsAre(Action::kEndPromoted));
}

TEST_F(RollbackTest, AStatusThatIsNotYetUpToDateEndsNothing) {
  Abort();
  facts_.observed = false;
  facts_.current_hash = "newer";
  facts_.canary_pods = 0;
  facts_.available_pods = 5;
  EXPECT_THAT(DueAfter(seconds(1)), IsEmpty());
}

TEST_F(RollbackTest, IsReadBackAsItWasWritten) {
  rollback_.release = "shop-1.5.0";
  rollback_.stage = "20";
  rollback_.record_id = "r1";
  rollback_.reason = "evidence-false";
  rollback_.trace_id = "t1";
  rollback_.warned = true;
  const auto read = RollbackFromJson(ToJson(rollback_));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(ToJson(*read), ToJson(rollback_));
  EXPECT_TRUE(read->warned);
  EXPECT_FALSE(read->paged);
  EXPECT_EQ(read->began, began_);
}

TEST_F(RollbackTest, WithAnyFieldMissingOrOfAnotherTypeItIsUnreadable) {
  const Json whole = ToJson(rollback_);
  for (const auto& [name, value] : whole.items()) {
    Json broken = whole;
    broken.erase(name);
    EXPECT_FALSE(RollbackFromJson(broken)) << name;
    broken[name] = 7;
    EXPECT_FALSE(RollbackFromJson(broken)) << name;
  }
  EXPECT_FALSE(RollbackFromJson(Json::array()));
}

}  // namespace
}  // namespace gate::watch
