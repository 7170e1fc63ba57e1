#include "gate/watch/inquiry.h"

#include <gtest/gtest.h>

namespace gate::watch {
namespace {

class PlanInquiryTest : public ::testing::Test {
 protected:
  PlanInquiryTest() {
    facts_.ns = "shop";
    facts_.name = "demo";
    facts_.release = "the label of by now";
    facts_.observed = true;
    facts_.current_hash = "new";
    facts_.stable_hash = "old";
  }
  void Verdict(const std::string& stage, const std::string& verdict, const std::string& reason) {
    VerdictFact fact;
    fact.id = "r" + std::to_string(verdicts_.size());
    fact.release = "shop-1.5.0";
    fact.pod_hash = "new";
    fact.stage = stage;
    fact.verdict = verdict;
    fact.reason = reason;
    verdicts_.push_back(fact);
  }
  std::optional<Inquiry> Plan() const { return PlanInquiry(facts_, verdicts_, told_); }

  RolloutFacts facts_;
  std::vector<VerdictFact> verdicts_;
  std::string told_;
};

TEST_F(PlanInquiryTest, WithoutAVerdictThereIsNothingToAsk) {
  EXPECT_FALSE(Plan());
  facts_.awaits_people = true;
  EXPECT_FALSE(Plan());
}

TEST_F(PlanInquiryTest, WhatIsPausedWithoutAVerdictIsAskedAboutAsItsGateAsked) {
  Verdict("20", "pass", "evidence-true");
  Verdict("50", "inconclusive", "timeout");
  facts_.awaits_people = true;
  const auto inquiry = Plan();
  ASSERT_TRUE(inquiry);
  EXPECT_EQ(*inquiry,
            (Inquiry{Inquiry::Why::kPaused, "r1", "shop", "demo", "shop-1.5.0", "50", "new"}));
}

TEST_F(PlanInquiryTest, OncePeopleWereToldItIsNotAskedAbout) {
  Verdict("20", "inconclusive", "timeout");
  facts_.awaits_people = true;
  told_ = "r0";
  EXPECT_FALSE(Plan());
  Verdict("20", "inconclusive", "timeout");  // resumed, and paused again
  EXPECT_EQ(Plan()->record_id, "r1");
}

TEST_F(PlanInquiryTest, APauseOfSomebodyElsesIsNone) {
  Verdict("20", "pass", "evidence-true");
  facts_.awaits_people = true;
  EXPECT_FALSE(Plan());
}

TEST_F(PlanInquiryTest, WhatIsResumedIsNotAskedAbout) {
  Verdict("20", "inconclusive", "timeout");
  EXPECT_FALSE(Plan());
}

TEST_F(PlanInquiryTest, WhatHasPassedIsAskedAboutAtTheGateThatItPassed) {
  Verdict("20", "inconclusive", "timeout");
  Verdict("20", "pass", "evidence-true");
  const auto inquiry = Plan();
  ASSERT_TRUE(inquiry);
  EXPECT_EQ(inquiry->why, Inquiry::Why::kPassed);
  EXPECT_EQ(inquiry->record_id, "r1");
  EXPECT_EQ(inquiry->stage, "20");
}

TEST_F(PlanInquiryTest, WhatPeopleLetPassStaysWithThem) {
  Verdict("20", "pass", "override-approved");
  EXPECT_FALSE(Plan());
}

TEST_F(PlanInquiryTest, ADryRunIsNoVerdict) {
  Verdict("20", "pass", "evidence-true");
  verdicts_.back().dry_run = true;
  EXPECT_FALSE(Plan());
}

TEST_F(PlanInquiryTest, ARefusalEndsIt) {
  Verdict("20", "pass", "evidence-true");
  Verdict("20", "fail", "evidence-withdrawn");
  EXPECT_FALSE(Plan());
}

TEST_F(PlanInquiryTest, WhatIsNotOnItsWayIsNotAskedAbout) {
  Verdict("20", "pass", "evidence-true");
  facts_.aborted = true;
  EXPECT_FALSE(Plan());
  facts_.aborted = false;
  facts_.stable_hash = "new";  // promoted
  EXPECT_FALSE(Plan());
  facts_.stable_hash = "old";
  facts_.current_hash = "newer";  // another release took its place
  EXPECT_FALSE(Plan());
}

}  // namespace
}  // namespace gate::watch
