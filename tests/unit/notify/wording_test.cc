#include "gate/notify/wording.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/unit/notify/sample_notice.h"

namespace gate::notify {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(HeadlineTest, StandsAlone) {
  EXPECT_EQ(Headline(SampleNotice()),
            "[production] Gate failed: shop-1.5.0 must not go past stage 20 (shop/demo)");
}

TEST(HeadlineTest, IsDifferentForEveryKind) {
  std::set<std::string> lines;
  for (const NoticeKind kind : kAllNoticeKinds) lines.insert(Headline(SampleNotice(kind)));
  EXPECT_EQ(lines.size(), kAllNoticeKinds.size());
}

TEST(HeadlineTest, ATestSaysSo) {
  EXPECT_THAT(Headline(SampleNotice(NoticeKind::kTest)), HasSubstr("TEST"));
}

TEST(HeadlineTest, SaysWhoOverrodeAndWhich) {
  Notice notice = SampleNotice(NoticeKind::kOverrideUsed);
  notice.reason = "approve";
  EXPECT_THAT(Headline(notice), HasSubstr("jane@example.com let shop-1.5.0 past stage 20"));
  notice.reason = "reject";
  EXPECT_THAT(Headline(notice), HasSubstr("jane@example.com stopped shop-1.5.0"));
}

TEST(HeadlineTest, AReleaseWithoutAnIdIsCalledThat) {
  Notice notice = SampleNotice();
  notice.release.clear();
  EXPECT_THAT(Headline(notice), HasSubstr("a release without an id"));
}

TEST(NextStepTest, OfAPauseSaysWhatWaitsAndWhoMayDecide) {
  const std::string text = NextStep(SampleNotice(NoticeKind::kPaused));
  EXPECT_THAT(text, HasSubstr("no timer promotes it"));
  EXPECT_THAT(text, HasSubstr("override Role"));
  EXPECT_THAT(text, HasSubstr("rollout-gate override approve --namespace shop --rollout demo "
                              "--release shop-1.5.0 --stage 20"));
  EXPECT_THAT(text, HasSubstr("rollout-gate override reject --namespace shop --rollout demo "
                              "--release shop-1.5.0 --stage 20"));
}

TEST(NextStepTest, OfAPageSaysHowToActByHand) {
  Notice notice = SampleNotice(NoticeKind::kRollbackLate);
  notice.late = LateStep::kPage;
  EXPECT_THAT(NextStep(notice), HasSubstr("kubectl argo rollouts undo demo -n shop"));
  notice.late = LateStep::kWarn;
  EXPECT_THAT(NextStep(notice), Not(HasSubstr("undo")));
}

TEST(NextStepTest, NoTextFromOutsideCanBecomeACommand) {
  for (const char* evil : {"$(reboot)", "a; b", "`x`", "a b", "", "--all", "a'b", "a\nb"}) {
    for (const NoticeKind kind : kAllNoticeKinds) {
      Notice notice = SampleNotice(kind);
      notice.release = notice.stage = notice.ns = notice.rollout = evil;
      if (*evil != '\0') {
        EXPECT_THAT(NextStep(notice), Not(HasSubstr(evil))) << evil;
      }
    }
  }
  Notice notice = SampleNotice(NoticeKind::kPaused);
  notice.release = "$(reboot)";
  EXPECT_THAT(NextStep(notice), HasSubstr("--release RELEASE --stage 20"));
}

}  // namespace
}  // namespace gate::notify
