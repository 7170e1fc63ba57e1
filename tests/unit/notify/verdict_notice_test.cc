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

TEST(VerdictNoticeTest, SaysAllThatTheRecordSays) {
  const auto notices = NoticesOfVerdict(ARecord());
  ASSERT_TRUE(notices);
  const Notice expected{.kind = NoticeKind::kFailed,
                        .fact = "r1",
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
