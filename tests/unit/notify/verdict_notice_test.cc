#include "gate/notify/verdict_notice.h"

#include <gtest/gtest.h>

namespace gate::notify {
namespace {

// As in docs/records.md.
Json ARecord() {
  return {{"kind", "verdict"},
          {"id", "r1"},
          {"time", "2026-03-01T12:00:00.5Z"},
          {"release", "shop-1.5.0"},
          {"stage", "20"},
          {"environment", "production"},
          {"namespace", "shop"},
          {"rollout", "demo"},
          {"podHash", "6d5f"},
          {"analysisRun", "demo-1"},
          {"verdict", "fail"},
          {"reason", "evidence-false"},
          {"message", "no"},
          {"mcReasons", {"error rate"}},
          {"evidenceDigest", "sha256:e"},
          {"keyId", "mc-1"},
          {"securityAlert", false},
          {"dryRun", false},
          {"attempts", 2},
          {"durationMs", 1500},
          {"traceId", "t"},
          {"seq", 1}};
}

std::vector<NoticeKind> KindsOf(const Json& record) {
  const auto notices = NoticesOfVerdict(record);
  std::vector<NoticeKind> kinds;
  if (notices) {
    for (const Notice& notice : *notices) kinds.push_back(notice.kind);
  }
  return kinds;
}

Json AnOverriddenRecord() {
  Json record = ARecord();
  record["verdict"] = "pass";
  record["reason"] = "override-approved";
  record["message"] = "ann approves";
  record["override"] = {
      {"decision", "approve"},
      {"by", {{{"actor", "ann"}, {"reason", "MC is down"}, {"name", "n"}, {"uid", "u"}}}},
      {"insteadOf",
       {{"verdict", "fail"}, {"reason", "key-unknown"}, {"message", "nobody knows the key"}}}};
  return record;
}

TEST(VerdictNoticeTest, WhatMcTakesBackIsToldAsSuch) {
  Json record = ARecord();
  record["reason"] = "evidence-withdrawn";
  EXPECT_EQ(KindsOf(record), std::vector{NoticeKind::kWithdrawn});
}

TEST(VerdictNoticeTest, ThatPeopleDecidedIsToldInPlaceOfTheVerdict) {
  const auto notices = NoticesOfVerdict(AnOverriddenRecord());
  ASSERT_TRUE(notices);
  ASSERT_EQ(notices->size(), 1U);
  EXPECT_EQ(notices->front().kind, NoticeKind::kOverrideUsed);
  EXPECT_EQ(notices->front().reason, "approve");
  EXPECT_EQ(notices->front().actor, "ann");
  EXPECT_EQ(notices->front().message, "ann approves");
}

TEST(VerdictNoticeTest, TheSameAnswerToTheSameAnalysisRunIsOneThingToTell) {
  const auto fact_of = [](const Json& record) { return NoticesOfVerdict(record)->front().fact; };
  Json again = ARecord();
  again["id"] = "r2";
  again["traceId"] = "t2";
  EXPECT_EQ(fact_of(again), fact_of(ARecord()));
  for (const char* field : {"namespace", "analysisRun", "stage", "reason"}) {
    Json other = ARecord();
    other[field] = "other";
    EXPECT_NE(fact_of(other), fact_of(ARecord())) << field;
  }
  Json by_hand = ARecord();
  by_hand["analysisRun"] = "";
  EXPECT_EQ(fact_of(by_hand), "r1");
}

TEST(VerdictNoticeTest, AnAlertIsToldWhateverPeopleDecided) {
  Json record = AnOverriddenRecord();
  record["securityAlert"] = true;
  const auto notices = NoticesOfVerdict(record);
  ASSERT_TRUE(notices);
  ASSERT_EQ(notices->size(), 2U);
  EXPECT_EQ(notices->back().kind, NoticeKind::kSecurityAlert);
  EXPECT_EQ(notices->back().reason, "key-unknown");
  EXPECT_EQ(notices->back().message, "nobody knows the key");
}

TEST(VerdictNoticeTest, OverridesThatDoNotCountAreToldOnceEach) {
  Json record = ARecord();
  record["overridesIgnored"] = {
      {{"name", "a"}, {"uid", "u1"}, {"actor", "ann"}, {"why", "expired"}, {"detail", "it ended"}},
      {{"name", "b"}, {"uid", "u2"}, {"actor", "bob"}, {"why", "other-stage"}},
      {{"name", "c"}, {"uid", "u3"}, {"actor", "eve"}, {"why", "needs-another"}},
      {{"name", ""}, {"uid", ""}, {"why", "malformed"}}};
  const auto first = NoticesOfVerdict(record);
  record["id"] = "r2";
  record["stage"] = "50";
  const auto second = NoticesOfVerdict(record);
  ASSERT_TRUE(first && second);
  ASSERT_EQ(first->size(), 2U);
  EXPECT_EQ(first->front().kind, NoticeKind::kFailed);
  const Notice& told = first->back();
  EXPECT_EQ(told.kind, NoticeKind::kOverrideRejected);
  EXPECT_EQ(told.reason, "expired");
  EXPECT_EQ(told.message, "GateOverride a of ann does not count: it ended");
  EXPECT_EQ(DedupKey(told), DedupKey(second->back())) << "another gate run sees the same object";
}

TEST(VerdictNoticeTest, SaysAllThatTheRecordSays) {
  const auto notices = NoticesOfVerdict(ARecord());
  ASSERT_TRUE(notices);
  const Notice expected{.kind = NoticeKind::kFailed,
                        .fact = "shop/demo-1/20/evidence-false",
                        .release = "shop-1.5.0",
                        .environment = "production",
                        .stage = "20",
                        .ns = "shop",
                        .rollout = "demo",
                        .pod_hash = "6d5f",
                        .reason = "evidence-false",
                        .message = "no",
                        .mc_reasons = {"error rate"},
                        .evidence_digest = "sha256:e",
                        .trace_id = "t",
                        .took = std::chrono::milliseconds(1500),
                        .happened_at = *ParseRfc3339("2026-03-01T12:00:00.5Z")};
  EXPECT_EQ(*notices, std::vector{expected});
}

TEST(VerdictNoticeTest, AnInconclusiveVerdictIsAPause) {
  Json record = ARecord();
  record["verdict"] = "inconclusive";
  EXPECT_EQ(KindsOf(record), std::vector{NoticeKind::kPaused});
  record["verdict"] = "pass";
  EXPECT_EQ(KindsOf(record), std::vector{NoticeKind::kPassed});
}

TEST(VerdictNoticeTest, ForgedEvidenceIsToldAsASecurityAlertToo) {
  Json record = ARecord();
  record["securityAlert"] = true;
  EXPECT_EQ(KindsOf(record), (std::vector{NoticeKind::kFailed, NoticeKind::kSecurityAlert}));
}

TEST(VerdictNoticeTest, NobodyIsToldOfADryRun) {
  Json record = ARecord();
  record["dryRun"] = true;
  record["securityAlert"] = true;
  const auto notices = NoticesOfVerdict(record);
  ASSERT_TRUE(notices);
  EXPECT_TRUE(notices->empty());
}

TEST(VerdictNoticeTest, AnAbsurdDurationIsLeftOut) {
  Json record = ARecord();
  for (const Json& absurd : {Json(-1), Json(86'400'001), Json("1s"), Json(INT64_MAX)}) {
    record["durationMs"] = absurd;
    EXPECT_EQ(NoticesOfVerdict(record)->at(0).took, std::nullopt) << absurd;
  }
  record["durationMs"] = 86'400'000;
  EXPECT_EQ(NoticesOfVerdict(record)->at(0).took, std::chrono::hours(24));
}

TEST(VerdictNoticeTest, WhatIsNoVerdictRecordIsAnError) {
  for (const Json& change : {Json{{"kind", "override"}}, Json{{"id", ""}}, Json{{"time", "x"}},
                             Json{{"verdict", "no"}}}) {
    Json record = ARecord();
    record.merge_patch(change);
    const auto notices = NoticesOfVerdict(record);
    ASSERT_FALSE(notices) << change;
    EXPECT_EQ(notices.error().code, ErrorCode::kProtocol);
  }
  EXPECT_FALSE(NoticesOfVerdict(Json::array()));
}

}  // namespace
}  // namespace gate::notify
