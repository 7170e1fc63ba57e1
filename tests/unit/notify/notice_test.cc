#include "gate/notify/notice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "gate/base/encoding.h"
#include "tests/unit/notify/sample_notice.h"

namespace gate::notify {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

TEST(NoticeTest, ANoticeOfEveryKindComesBackFromJsonAsItWas) {
  for (const NoticeKind kind : kAllNoticeKinds) {
    const Notice notice = SampleNotice(kind);
    const auto back = NoticeFromJson(ToJson(notice));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(*back, notice) << ToString(kind);
  }
}

TEST(NoticeTest, EveryLateStepComesBackFromJson) {
  for (const LateStep step :
       {LateStep::kNone, LateStep::kWarn, LateStep::kFallback, LateStep::kPage}) {
    Notice notice = SampleNotice(NoticeKind::kRollbackLate);
    notice.late = step;
    const auto back = NoticeFromJson(ToJson(notice));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->late, step);
  }
}

TEST(NoticeTest, TimesComeBackToTheNanosecond) {
  Notice notice = SampleNotice();
  notice.happened_at += Nanos(1);
  notice.took = Nanos(1);
  EXPECT_EQ(*NoticeFromJson(ToJson(notice)), notice);
}

TEST(NoticeTest, WhatIsEmptyIsNotInTheJson) {
  const Notice notice{.kind = NoticeKind::kTest, .fact = "f", .happened_at = WallTime()};
  EXPECT_EQ(
      ToJson(notice),
      (Json{{"kind", "test"}, {"fact", "f"}, {"happenedAt", "1970-01-01T00:00:00.000000000Z"}}));
  EXPECT_EQ(*NoticeFromJson(ToJson(notice)), notice);
}

TEST(NoticeTest, MembersOfANewerVersionAreIgnored) {
  Json json = ToJson(SampleNotice());
  json["mood"] = {{"new", true}};
  EXPECT_EQ(*NoticeFromJson(json), SampleNotice());
}

TEST(NoticeTest, SaysWhichMemberIsWrong) {
  const std::vector<std::pair<Json, std::string>> cases = {
      {{{"kind", nullptr}}, "kind"},
      {{{"kind", "pased"}}, "kind"},
      {{{"late", "soon"}}, "late"},
      {{{"fact", nullptr}}, "fact"},
      {{{"fact", ""}}, "fact"},
      {{{"release", 7}}, "release"},
      {{{"happenedAt", nullptr}}, "happenedAt"},
      {{{"happenedAt", "noon"}}, "happenedAt"},
      {{{"took", "-1s"}}, "took"},
      {{{"took", 4}}, "took"},
      {{{"mcReasons", "x"}}, "mcReasons"},
      {{{"mcReasons", {1}}}, "mcReasons"}};
  for (const auto& [change, member] : cases) {
    Json json = ToJson(SampleNotice());
    json.merge_patch(change);
    const auto read = NoticeFromJson(json);
    ASSERT_FALSE(read) << change;
    EXPECT_EQ(read.error().code, ErrorCode::kProtocol);
    EXPECT_THAT(read.error().message, HasSubstr(member));
  }
  EXPECT_FALSE(NoticeFromJson(Json::array()));
}

TEST(NoticeTest, NamesOfKindsAreDistinctAndReadBack) {
  std::set<std::string_view> names;
  for (const NoticeKind kind : kAllNoticeKinds) {
    names.insert(ToString(kind));
    EXPECT_EQ(NoticeKindFromString(ToString(kind)), kind);
  }
  EXPECT_EQ(names.size(), kAllNoticeKinds.size());
  EXPECT_EQ(NoticeKindFromString(""), std::nullopt);
}

TEST(DedupKeyTest, IsMadeOfKindStepAndFact) {
  Notice notice = SampleNotice(NoticeKind::kRollbackLate);
  notice.fact = "f";
  notice.late = LateStep::kPage;
  EXPECT_EQ(DedupKey(notice), "rollback-late/page/f");
  EXPECT_EQ(DedupKey({.kind = NoticeKind::kPassed, .fact = "f"}), "passed/f");
}

TEST(DedupKeyTest, IsTheSameWhateverElseTheNoticeSays) {
  Notice other = SampleNotice();
  other.message = "seen by another process";
  other.happened_at += std::chrono::hours(1);
  EXPECT_EQ(DedupKey(other), DedupKey(SampleNotice()));
}

TEST(DedupKeyTest, HasAtMost255BytesAndStaysUnique) {
  Notice notice{.kind = NoticeKind::kPassed};
  notice.fact = std::string(255 - 7, 'f');
  EXPECT_EQ(DedupKey(notice), "passed/" + notice.fact);
  notice.fact += 'f';
  const std::string cut = DedupKey(notice);
  EXPECT_EQ(cut.size(), 255U);
  notice.fact.back() = 'g';
  EXPECT_NE(DedupKey(notice), cut);
}

TEST(IncidentKeyTest, IsTheSameForAllThatHappensToOneReleaseInOneRollout) {
  const std::string key = IncidentKey(SampleNotice(NoticeKind::kFailed));
  EXPECT_EQ(key, "rollout-gate/production/shop/demo/6d5f7c9b4");
  EXPECT_EQ(IncidentKey(SampleNotice(NoticeKind::kRolledBack)), key);
  EXPECT_EQ(IncidentKey(SampleNotice(), "late"), key + "/late");
}

TEST(IncidentKeyTest, TellsApartWhatIsNotOneStory) {
  const Notice sample = SampleNotice();
  for (const auto field :
       {&Notice::environment, &Notice::ns, &Notice::rollout, &Notice::pod_hash}) {
    Notice other = sample;
    other.*field = "other";
    EXPECT_NE(IncidentKey(other), IncidentKey(sample));
  }
  EXPECT_NE(IncidentKey(SampleNotice(NoticeKind::kTest)), IncidentKey(sample));
}

TEST(IncidentKeyTest, HasAtMost255BytesAlsoWithAnAspect) {
  const Notice monster = MonstrousNotice();
  EXPECT_LE(IncidentKey(monster, "security").size(), 255U);
  EXPECT_NE(IncidentKey(monster, "security"), IncidentKey(monster));
  EXPECT_TRUE(IsValidUtf8(IncidentKey(monster)));
}

TEST(BoundedTest, LeavesAnOrdinaryNoticeAlone) {
  EXPECT_EQ(Bounded(SampleNotice()), SampleNotice());
}

TEST(BoundedTest, BoundsWhateverANoticeHolds) {
  const Notice bounded = Bounded(MonstrousNotice());
  EXPECT_LT(ToJson(bounded).dump().size(), std::size_t{48} << 10U);
  EXPECT_EQ(bounded.mc_reasons.size(), 10U);
  EXPECT_EQ(bounded.mc_reasons.back(), "and 91 more");
  EXPECT_THAT(bounded.message, EndsWith("…"));
  EXPECT_EQ(Bounded(bounded), bounded);
}

TEST(BoundedTest, KeepsTenReasonsAndSumsUpTheEleventh) {
  Notice notice = SampleNotice();
  notice.mc_reasons.assign(10, "r");
  EXPECT_EQ(Bounded(notice).mc_reasons.back(), "r");
  notice.mc_reasons.assign(11, "r");
  EXPECT_EQ(Bounded(notice).mc_reasons.back(), "and 2 more");
}

TEST(BoundedTest, LongFactsThatDifferStayDifferent) {
  Notice a = MonstrousNotice();
  Notice b = a;
  b.fact += "b";
  EXPECT_NE(Bounded(a).fact, Bounded(b).fact);
}

TEST(SeverityTest, ARollbackGetsMoreSevereWithEveryStep) {
  Notice notice = SampleNotice(NoticeKind::kRollbackLate);
  notice.late = LateStep::kWarn;
  EXPECT_EQ(SeverityOf(notice), Severity::kWarning);
  notice.late = LateStep::kFallback;
  EXPECT_EQ(SeverityOf(notice), Severity::kError);
  notice.late = LateStep::kPage;
  EXPECT_EQ(SeverityOf(notice), Severity::kCritical);
}

}  // namespace
}  // namespace gate::notify
