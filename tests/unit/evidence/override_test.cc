#include "gate/decide/override.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "gate/decide/verdict.h"

namespace gate::decide {
namespace {

using evidence::Observation;
using evidence::Reason;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const WallTime kNow{std::chrono::hours(24 * 365 * 56)};

OverrideSubject Subject() { return {"shop", "demo", "shop-1.5.0", "20", "abc123"}; }

Override AnOverride(OverrideDecision decision, const std::string& actor = "ann") {
  return {.name = "demo-" + std::string(ToString(decision)) + "-" + actor,
          .uid = "uid-" + actor,
          .subject = Subject(),
          .decision = decision,
          .over_refusal = false,
          .actor = actor,
          .reason = "MC is down, checked by hand",
          .created = kNow - minutes(1),
          .valid_for = minutes(30)};
}
Override Approval(const std::string& actor = "ann") {
  return AnOverride(OverrideDecision::kApprove, actor);
}
Override Reject(const std::string& actor = "ann") {
  return AnOverride(OverrideDecision::kReject, actor);
}

Verdict Made(Reason reason) {
  Observation observation{reason, "what was seen", std::nullopt, std::nullopt};
  if (reason == Reason::kEvidenceTrue || reason == Reason::kEvidenceFalse) {
    observation.evidence.emplace();
    observation.evidence->evidence_ok = reason == Reason::kEvidenceTrue;
    observation.evidence->digest = "e1";
  }
  return Decide(observation, Policy{});
}

Overruled Apply(Reason reason, std::vector<Override> overrides, std::size_t approvers = 1) {
  return ApplyOverrides(Made(reason), {std::move(overrides), {}}, Subject(),
                        {.approvers = approvers, .max_skew = seconds(30)}, kNow);
}

std::vector<OverrideFlaw> FlawsOf(const Overruled& overruled) {
  std::vector<OverrideFlaw> flaws;
  for (const IgnoredOverride& one : overruled.ignored) flaws.push_back(one.flaw);
  return flaws;
}

TEST(ApplyOverridesTest, WithoutOneTheVerdictStands) {
  for (const Reason reason : {Reason::kEvidenceTrue, Reason::kEvidenceFalse, Reason::kTimeout}) {
    const Overruled after = Apply(reason, {});
    EXPECT_EQ(after.verdict.outcome(), Made(reason).outcome());
    EXPECT_EQ(after.verdict.reason(), reason);
    EXPECT_FALSE(after.verdict.overruling());
    EXPECT_THAT(after.ignored, IsEmpty());
  }
}

TEST(ApplyOverridesTest, AnApprovalPassesWhatNobodyCouldSay) {
  const Overruled after = Apply(Reason::kTimeout, {Approval()});
  EXPECT_EQ(after.verdict.outcome(), Outcome::kPass);
  EXPECT_EQ(after.verdict.reason(), Reason::kOverrideApproved);
  EXPECT_EQ(after.verdict.message(),
            "ann approves release shop-1.5.0 at stage 20 instead of inconclusive (timeout). ann: "
            "MC is down, checked by hand");
  ASSERT_TRUE(after.verdict.overruling());
  const Overruling& overruling = *after.verdict.overruling();
  EXPECT_EQ(overruling.decision, OverrideDecision::kApprove);
  EXPECT_EQ(overruling.by.at(0).uid, "uid-ann");
  EXPECT_EQ(overruling.instead_of, Outcome::kInconclusive);
  EXPECT_EQ(overruling.instead_reason, Reason::kTimeout);
  EXPECT_EQ(NextStep(after.verdict), Next::kDone);
}

TEST(ApplyOverridesTest, ARejectFailsEveryVerdict) {
  for (const Reason reason : {Reason::kEvidenceTrue, Reason::kEvidenceFalse, Reason::kTimeout}) {
    const Overruled after = Apply(reason, {Reject()});
    EXPECT_EQ(after.verdict.outcome(), Outcome::kFail);
    EXPECT_EQ(after.verdict.reason(), Reason::kOverrideRejected);
    EXPECT_EQ(after.verdict.overruling()->instead_reason, reason);
  }
}

TEST(ApplyOverridesTest, ARejectWinsOverApprovals) {
  const Overruled after =
      Apply(Reason::kTimeout, {Approval("ann"), Approval("bob"), Reject("eve")});
  EXPECT_EQ(after.verdict.outcome(), Outcome::kFail);
  EXPECT_EQ(after.verdict.overruling()->by.at(0).actor, "eve");
}

TEST(ApplyOverridesTest, AFailIsPassedOnlyByAnApprovalMadeAgainstIt) {
  const Overruled plain = Apply(Reason::kEvidenceFalse, {Approval()});
  EXPECT_EQ(plain.verdict.outcome(), Outcome::kFail);
  EXPECT_EQ(plain.verdict.reason(), Reason::kEvidenceFalse);
  EXPECT_THAT(FlawsOf(plain), ElementsAre(OverrideFlaw::kRefusalStands));

  Override knowing = Approval();
  knowing.over_refusal = true;
  const Overruled after = Apply(Reason::kEvidenceFalse, {knowing});
  EXPECT_EQ(after.verdict.outcome(), Outcome::kPass);
  EXPECT_EQ(after.verdict.overruling()->instead_of, Outcome::kFail);
  ASSERT_TRUE(after.verdict.evidence()) << "what MC signed must stay on the record";
  EXPECT_EQ(after.verdict.evidence()->digest, "e1");
}

TEST(ApplyOverridesTest, ASecurityAlertStaysOneWhateverPeopleDecide) {
  Override knowing = Approval();
  knowing.over_refusal = true;
  EXPECT_TRUE(Apply(Reason::kSignatureInvalid, {knowing}).verdict.security_alert());
  EXPECT_TRUE(Apply(Reason::kSignatureInvalid, {Reject()}).verdict.security_alert());
  EXPECT_FALSE(Apply(Reason::kTimeout, {Approval()}).verdict.security_alert());
}

TEST(ApplyOverridesTest, TwoApproversMustBeTwoPeople) {
  Override again = Approval("ann");
  again.name = "another";
  const Overruled one = Apply(Reason::kTimeout, {Approval("ann"), again}, 2);
  EXPECT_EQ(one.verdict.outcome(), Outcome::kInconclusive);
  EXPECT_THAT(FlawsOf(one), ElementsAre(OverrideFlaw::kNeedsAnother));
  EXPECT_EQ(one.ignored[0].detail, "1 of 2 people approve");

  const Overruled two = Apply(Reason::kTimeout, {Approval("bob"), Approval("ann")}, 2);
  EXPECT_EQ(two.verdict.outcome(), Outcome::kPass);
  EXPECT_EQ(two.verdict.overruling()->by.size(), 2U);
  EXPECT_THAT(two.verdict.message(), HasSubstr("ann and bob approve release"));
  EXPECT_EQ(Apply(Reason::kTimeout, {Reject()}, 2).verdict.outcome(), Outcome::kFail)
      << "one person is enough to reject";
}

TEST(ApplyOverridesTest, ItEndsExactlyWhenItsTimeIsUp) {
  Override one = Approval();
  one.created = kNow - one.valid_for + Nanos(1);
  EXPECT_EQ(Apply(Reason::kTimeout, {one}).verdict.outcome(), Outcome::kPass);
  one.created = kNow - one.valid_for;
  const Overruled after = Apply(Reason::kTimeout, {one});
  EXPECT_EQ(after.verdict.outcome(), Outcome::kInconclusive);
  EXPECT_THAT(FlawsOf(after), ElementsAre(OverrideFlaw::kExpired));
}

TEST(ApplyOverridesTest, ClocksMayDifferByTheSkewAndNoMore) {
  Override one = Approval();
  one.created = kNow + seconds(30);
  EXPECT_EQ(Apply(Reason::kTimeout, {one}).verdict.outcome(), Outcome::kPass);
  one.created += Nanos(1);
  EXPECT_THAT(FlawsOf(Apply(Reason::kTimeout, {one})), ElementsAre(OverrideFlaw::kFromFuture));
}

TEST(ApplyOverridesTest, OneForAnythingElseDoesNotCount) {
  const std::vector<std::pair<std::string OverrideSubject::*, OverrideFlaw>> parts = {
      {&OverrideSubject::ns, OverrideFlaw::kOtherRollout},
      {&OverrideSubject::rollout, OverrideFlaw::kOtherRollout},
      {&OverrideSubject::release_id, OverrideFlaw::kOtherRelease},
      {&OverrideSubject::stage, OverrideFlaw::kOtherStage},
      {&OverrideSubject::pod_hash, OverrideFlaw::kOtherPods}};
  for (const auto& [part, flaw] : parts) {
    Override foreign = Approval();
    foreign.subject.*part = "other";
    const Overruled after = Apply(Reason::kTimeout, {foreign});
    EXPECT_EQ(after.verdict.outcome(), Outcome::kInconclusive) << ToString(flaw);
    EXPECT_THAT(FlawsOf(after), ElementsAre(flaw));
    foreign.decision = OverrideDecision::kReject;
    EXPECT_EQ(Apply(Reason::kEvidenceTrue, {foreign}).verdict.outcome(), Outcome::kPass);
    foreign.created = kNow - foreign.valid_for;
    EXPECT_THAT(Apply(Reason::kTimeout, {foreign}).ignored, IsEmpty()) << "left over: no news";
  }
}

TEST(ApplyOverridesTest, WhatDoesNotCountIsToldWhereItWouldHaveMattered) {
  Override approval = Approval();
  approval.subject.release_id = "other";
  Override reject = Reject();
  reject.subject.release_id = "other";
  EXPECT_THAT(FlawsOf(Apply(Reason::kEvidenceTrue, {approval})), IsEmpty());
  EXPECT_THAT(FlawsOf(Apply(Reason::kEvidenceTrue, {reject})),
              ElementsAre(OverrideFlaw::kOtherRelease));
  const FoundOverrides found{{}, {{"x", "u", "", "", OverrideFlaw::kMalformed, "no decision"}}};
  const Overruled after =
      ApplyOverrides(Made(Reason::kEvidenceTrue), found, Subject(), OverridePolicy{}, kNow);
  EXPECT_EQ(after.verdict.outcome(), Outcome::kPass);
  EXPECT_THAT(FlawsOf(after), ElementsAre(OverrideFlaw::kMalformed));
}

TEST(ApplyOverridesTest, TheMessageIsBounded) {
  Override one = Approval();
  one.reason = std::string(5000, 'x');
  EXPECT_LE(Apply(Reason::kTimeout, {one}).verdict.message().size(), 1000U);
}

}  // namespace
}  // namespace gate::decide
