#include "gate/notify/pagerduty_event.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/notify/sample_notice.h"

namespace gate::notify {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kStory = "rollout-gate/production/shop/demo/6d5f7c9b4";

// "trigger <dedup_key>", "resolve <dedup_key>", "change"
std::vector<std::string> Told(const Notice& notice) {
  std::vector<std::string> told;
  for (const PagerDutyEvent& event : PagerDutyEvents(notice, kPlaybook)) {
    told.push_back(event.endpoint == PagerDutyEvent::Endpoint::kChange
                       ? "change"
                       : JsonString(event.body, "/event_action") + " " +
                             JsonString(event.body, "/dedup_key"));
  }
  return told;
}

std::vector<std::string> Told(NoticeKind kind, LateStep late = LateStep::kNone) {
  Notice notice = SampleNotice(kind);
  notice.late = late;
  return Told(notice);
}

TEST(PagerDutyEventTest, AFailOpensTheIncidentThatARollbackCloses) {
  EXPECT_THAT(Told(NoticeKind::kFailed), ElementsAre("trigger " + kStory));
  EXPECT_THAT(Told(NoticeKind::kWithdrawn), ElementsAre("trigger " + kStory));
  EXPECT_THAT(Told(NoticeKind::kRolledBack),
              ElementsAre("resolve " + kStory, "resolve " + kStory + "/late", "change"));
}

TEST(PagerDutyEventTest, APauseOpensTheIncidentThatAPassOrAnOverrideCloses) {
  EXPECT_THAT(Told(NoticeKind::kPaused), ElementsAre("trigger " + kStory));
  EXPECT_THAT(Told(NoticeKind::kResumable), ElementsAre("change"));
  EXPECT_THAT(Told(NoticeKind::kPassed), ElementsAre("resolve " + kStory, "change"));
  EXPECT_THAT(Told(NoticeKind::kOverrideUsed), ElementsAre("resolve " + kStory, "change"));
}

TEST(PagerDutyEventTest, ALateRollbackNotifiesAnewAlthoughTheFailIsKnown) {
  EXPECT_THAT(Told(NoticeKind::kRollbackLate, LateStep::kWarn), ElementsAre("trigger " + kStory));
  EXPECT_THAT(Told(NoticeKind::kRollbackLate, LateStep::kFallback),
              ElementsAre("trigger " + kStory + "/late"));
  EXPECT_THAT(Told(NoticeKind::kRollbackLate, LateStep::kPage),
              ElementsAre("trigger " + kStory + "/late"));
}

TEST(PagerDutyEventTest, WhatOnlyPeopleCanCloseHasAnIncidentOfItsOwn) {
  EXPECT_THAT(Told(NoticeKind::kBypassed), ElementsAre("trigger " + kStory + "/bypass"));
  EXPECT_THAT(Told(NoticeKind::kSecurityAlert), ElementsAre("trigger " + kStory + "/security"));
}

TEST(PagerDutyEventTest, ATestClosesTheIncidentThatItOpens) {
  const std::string key = "rollout-gate/test/0123456789abcdef0123456789abcdef";
  EXPECT_THAT(Told(NoticeKind::kTest), ElementsAre("trigger " + key, "resolve " + key));
}

TEST(PagerDutyEventTest, EveryKindOpensOrClosesAsItClaims) {
  for (const NoticeKind kind : kAllNoticeKinds) {
    const auto told = Told(kind);
    ASSERT_FALSE(told.empty()) << ToString(kind);
    EXPECT_EQ(told[0].starts_with("trigger"), OpensIncident(kind)) << ToString(kind);
    EXPECT_EQ(told[0].starts_with("resolve"), ResolvesIncidents(kind)) << ToString(kind);
  }
}

TEST(PagerDutyEventTest, ATriggerSaysWhatHappenedAndLinksToThePlaybook) {
  const Json body = PagerDutyEvents(SampleNotice(), kPlaybook).at(0).body;
  EXPECT_THAT(JsonString(body, "/payload/summary"), HasSubstr("Gate failed: shop-1.5.0"));
  EXPECT_EQ(JsonString(body, "/payload/source"), "shop/demo");
  EXPECT_EQ(JsonString(body, "/payload/severity"), "error");
  EXPECT_EQ(JsonString(body, "/payload/timestamp"), "2026-03-01T12:00:00.000Z");
  EXPECT_EQ(JsonString(body, "/payload/group"), "production");
  EXPECT_EQ(JsonString(body, "/payload/class"), "failed");
  const Json& details = body.at("payload").at("custom_details");
  EXPECT_EQ(details.at("evidenceDigest"), SampleNotice().evidence_digest);
  EXPECT_EQ(details.at("traceId"), SampleNotice().trace_id);
  EXPECT_EQ(details.at("mcReasons").size(), 2U);
  EXPECT_THAT(JsonString(details, "/whatToDo"), HasSubstr("Fix the release"));
  EXPECT_EQ(body.at("links")[0].at("href"), "https://example.com/playbook.md#notice-failed");
}

TEST(PagerDutyEventTest, IsWithinTheLimitsWhateverTheNoticeHolds) {
  for (const NoticeKind kind : kAllNoticeKinds) {
    for (const PagerDutyEvent& event : PagerDutyEvents(MonstrousNotice(kind), kPlaybook)) {
      EXPECT_LT(event.body.dump().size(), std::size_t{100} << 10U);
      EXPECT_LE(JsonString(event.body, "/payload/summary").size(), 1024U);
      EXPECT_LE(JsonString(event.body, "/dedup_key").size(), 255U);
      EXPECT_FALSE(event.body.contains("routing_key"));
    }
  }
}

TEST(PagerDutyEventTest, WhatPagerDutyRequiresIsThereEvenIfTheNoticeIsEmpty) {
  for (const NoticeKind kind : kAllNoticeKinds) {
    for (const PagerDutyEvent& event : PagerDutyEvents({.kind = kind, .fact = "f"}, "")) {
      if (!event.body.contains("payload")) continue;
      EXPECT_NE(JsonString(event.body, "/payload/summary"), "");
      EXPECT_NE(JsonString(event.body, "/payload/source"), "");
    }
  }
}

}  // namespace
}  // namespace gate::notify
