#include "harness/runner/timeline_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drill {
namespace {

using gate::Json;
using reports::TraceEntry;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

TraceEntry At(gate::Nanos at, const std::string& name, Json fields = Json::object()) {
  return {name, at, {}, gate::Nanos(0), std::move(fields)};
}

TEST(TimelineViewTest, ShowsWhatHappenedInColumns) {
  const std::vector<TraceEntry> timeline = {
      At(seconds(4), "rollout.phase", {{"phase", "Healthy"}, {"message", ""}}),
      At(seconds(5), "deployed", {{"release", "shop-1.5.0"}}),
      At(seconds(6), "rollout.step", {{"index", 0}, {"weight", 20}}),
      At(milliseconds(6250), "replicas",
         {{"stableSpec", 4},
          {"stableAvailable", 5},
          {"canarySpec", 1},
          {"canaryAvailable", 0},
          {"olderSpec", 0},
          {"olderAvailable", 0}}),
      At(seconds(7), "fault",
         {{"kind", "api.lost"}, {"state", "began"}, {"detail", "api.lost 5%"}}),
      At(seconds(8), "fault", {{"kind", "api.lost"}, {"state", "ended"}, {"detail", ""}}),
      At(seconds(9), "action", {{"do", "abort"}, {"ok", false}, {"detail", "refused"}}),
      At(seconds(65), "verdict",
         {{"stage", "20"}, {"verdict", "fail"}, {"reason", "evidence-false"}, {"dryRun", false}}),
      At(seconds(66), "broken", {{"invariant", "settles"}, {"detail", "it is Paused"}}),
  };
  EXPECT_EQ(RenderTimeline("A-1: A title", timeline, 120),
            "A-1: A title\n"
            "   seconds  weight   stable   canary  who        what\n"
            "    -1.000       -        -        -  rollout    Healthy\n"
            "     0.000       -        -        -  harness    deploys shop-1.5.0\n"
            "     1.000      20        -        -  rollout    step 0, weight 20\n"
            "     1.250      20      5/4      0/1  pods       stable 5/4, canary 0/1\n"
            "     2.000      20      5/4      0/1  fault      api.lost 5%\n"
            "     3.000      20      5/4      0/1  fault      api.lost is over\n"
            "     4.000      20      5/4      0/1  harness    abort FAILED: refused\n"
            "    60.000      20      5/4      0/1  gate       at 20: fail, evidence-false\n"
            "    61.000      20      5/4      0/1  INVARIANT  settles: it is Paused\n");
}

TEST(TimelineViewTest, LeavesOutWhatRepeatsOtherLinesAndSaysSo) {
  const std::string text = RenderTimeline(
      "t",
      {At(seconds(1), "deployed", {{"release", "r"}}), At(seconds(1), "event", {{"reason", "x"}}),
       At(seconds(1), "audit"), At(seconds(1), "release.seen"),
       At(seconds(1), "action", {{"do", "fault"}, {"ok", true}, {"detail", "api.lost"}})},
      120);
  EXPECT_THAT(text, Not(HasSubstr("reason")));
  EXPECT_THAT(text, Not(HasSubstr("api.lost")));
  EXPECT_THAT(text, HasSubstr("(4 events, audit lines and release ids seen are not shown)\n"));
}

TEST(TimelineViewTest, EqualLinesInARowBecomeOne) {
  const Json asked = {{"stage", "20"}, {"status", 503}, {"rule", "bad"}, {"evidenceOk", ""}};
  const std::string text =
      RenderTimeline("t",
                     {At(seconds(1), "mc.request", asked), At(seconds(2), "mc.request", asked),
                      At(seconds(3), "mc.request", asked), At(seconds(4), "restored"),
                      At(seconds(5), "mc.request", asked)},
                     120);
  EXPECT_THAT(text, HasSubstr("     1.000       -        -        -  mc         asked about 20: "
                              "status 503, rule bad (3 times until 3.000)\n"));
  EXPECT_THAT(text, HasSubstr("     5.000       -        -        -  mc         asked about 20: "
                              "status 503, rule bad\n"));
}

TEST(TimelineViewTest, CutsLongLinesAndTakesControlCharactersAway) {
  const std::string text = RenderTimeline(
      "t", {At(seconds(0), "promoted", {{"release", std::string(100, 'x') + "\x1b[2J"}})}, 80);
  EXPECT_THAT(text, HasSubstr("x…\n"));
  const std::string whole =
      RenderTimeline("t", {At(seconds(0), "promoted", {{"release", "a\x1b[2J\nb"}})}, 120);
  EXPECT_THAT(whole, Not(HasSubstr("\x1b")));
  EXPECT_EQ(std::count(whole.begin(), whole.end(), '\n'), 3);
}

TEST(TimelineViewTest, TellsEventsThatItDoesNotKnowWithAllTheirFields) {
  EXPECT_THAT(RenderTimeline("t", {At(seconds(0), "news", {{"a", 1}, {"b", "x"}})}, 120),
              HasSubstr("news a=1 b=x\n"));
}

}  // namespace
}  // namespace drill
