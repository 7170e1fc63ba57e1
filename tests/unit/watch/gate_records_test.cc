#include "gate/watch/gate_records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gate::watch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

VerdictFact Verdict(const std::string& hash, const std::string& stage, const std::string& verdict) {
  VerdictFact fact;
  fact.pod_hash = hash;
  fact.stage = stage;
  fact.verdict = verdict;
  return fact;
}

TEST(ReadVerdictsTest, ReadsTheHistoryOldestFirstAndLeavesOutWhatIsNone) {
  const Json record = {{"kind", "verdict"},
                       {"id", "r1"},
                       {"time", "2026-11-24T12:00:00.5Z"},
                       {"release", "shop-1.5.0"},
                       {"stage", "20"},
                       {"podHash", "new"},
                       {"analysisRun", "demo-1"},
                       {"verdict", "fail"},
                       {"reason", "evidence-false"},
                       {"message", "no"},
                       {"evidenceDigest", "sha256:1"},
                       {"traceId", "t1"},
                       {"securityAlert", true},
                       {"dryRun", false},
                       {"durationMs", 250}};
  Json second = record;
  second["id"] = "r2";
  second["securityAlert"] = "yes";
  Json other = record;
  other["kind"] = "override";
  const Json map = {
      {"data",
       {{"history", record.dump() + "\nnot json\n" + other.dump() + "\n" + second.dump() + "\n"}}}};
  const auto verdicts = ReadVerdicts(map);
  ASSERT_EQ(verdicts.size(), 2U);
  EXPECT_EQ(verdicts[0].id, "r1");
  EXPECT_EQ(verdicts[0].release, "shop-1.5.0");
  EXPECT_EQ(verdicts[0].stage, "20");
  EXPECT_EQ(verdicts[0].pod_hash, "new");
  EXPECT_EQ(verdicts[0].analysis_run, "demo-1");
  EXPECT_EQ(verdicts[0].verdict, "fail");
  EXPECT_EQ(verdicts[0].reason, "evidence-false");
  EXPECT_EQ(verdicts[0].evidence_digest, "sha256:1");
  EXPECT_EQ(verdicts[0].trace_id, "t1");
  EXPECT_TRUE(verdicts[0].security_alert);
  EXPECT_EQ(verdicts[0].took, std::chrono::milliseconds(250));
  EXPECT_EQ(FormatRfc3339(verdicts[0].time, 1), "2026-11-24T12:00:00.5Z");
  EXPECT_FALSE(verdicts[1].security_alert);
  EXPECT_THAT(ReadVerdicts(Json::object()), IsEmpty());
}

class BypassTest : public ::testing::Test {
 protected:
  BypassTest() {
    facts_.observed = true;
    facts_.current_hash = "new";
    facts_.stable_hash = "old";
    facts_.gates = {{"20", 1}, {"50", 3}};
  }
  std::vector<GateStep> Bypassed() const { return BypassedGates(facts_, "new", verdicts_); }

  RolloutFacts facts_;
  std::vector<VerdictFact> verdicts_;
};

TEST_F(BypassTest, StandingAtAGateIsNoBypass) {
  facts_.step = 1;
  EXPECT_THAT(Bypassed(), IsEmpty());
}

TEST_F(BypassTest, PastAGateWithoutAPassIsOne) {
  facts_.step = 2;
  EXPECT_THAT(Bypassed(), ElementsAre(GateStep{"20", 1}));
  verdicts_ = {Verdict("new", "20", "inconclusive"), Verdict("new", "20", "fail"),
               Verdict("old", "20", "pass"), Verdict("new", "50", "pass")};
  EXPECT_THAT(Bypassed(), ElementsAre(GateStep{"20", 1}));
  verdicts_.push_back(Verdict("new", "20", "pass"));
  EXPECT_THAT(Bypassed(), IsEmpty());
}

TEST_F(BypassTest, PromotionMeansPastEveryGate) {
  facts_.step = 0;
  facts_.stable_hash = "new";
  EXPECT_THAT(Bypassed(), ElementsAre(GateStep{"20", 1}, GateStep{"50", 3}));
  verdicts_ = {Verdict("new", "20", "pass")};
  EXPECT_THAT(Bypassed(), ElementsAre(GateStep{"50", 3}));
}

TEST_F(BypassTest, ADryRunPassesEverybody) {
  facts_.step = 2;
  verdicts_ = {Verdict("new", "20", "fail")};
  verdicts_[0].dry_run = true;
  EXPECT_THAT(Bypassed(), IsEmpty());
}

TEST_F(BypassTest, WhatIsAbortedOrNotObservedOrAnotherReleaseIsNotJudged) {
  facts_.step = 2;
  facts_.aborted = true;
  EXPECT_THAT(Bypassed(), IsEmpty());
  facts_.aborted = false;
  facts_.observed = false;
  EXPECT_THAT(Bypassed(), IsEmpty());
  facts_.observed = true;
  facts_.current_hash = "newer";
  EXPECT_THAT(Bypassed(), IsEmpty());
}

TEST(StandingRefusalTest, IsTheLastWordIfThatIsAFail) {
  EXPECT_FALSE(StandingRefusal("new", {}));
  EXPECT_TRUE(StandingRefusal("new", {Verdict("new", "20", "fail")}));
  EXPECT_TRUE(StandingRefusal("new", {Verdict("new", "20", "pass"), Verdict("new", "50", "fail")}));
  EXPECT_TRUE(
      StandingRefusal("new", {Verdict("new", "20", "fail"), Verdict("new", "20", "inconclusive")}));
  EXPECT_FALSE(StandingRefusal("new", {Verdict("new", "20", "fail"), Verdict("new", "20", "pass")}))
      << "asked again, MC said yes";
  EXPECT_FALSE(StandingRefusal("new", {Verdict("old", "20", "fail")}));
  VerdictFact dry = Verdict("new", "20", "fail");
  dry.dry_run = true;
  EXPECT_FALSE(StandingRefusal("new", {dry}));
}

}  // namespace
}  // namespace gate::watch
