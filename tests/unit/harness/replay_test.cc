#include "harness/scenario/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/scenario/scenario.h"

namespace drill {
namespace {

using testing::HasSubstr;

constexpr std::string_view kUnjudged =
    "apiVersion: drill/v1\nkind: Scenario\nid: a\ntitle: a\nworld:\n"
    "  releases: {stable: shop-1.4.0, canary: shop-1.5.0}\n  mc: {}\n";
constexpr std::string_view kJudged = "expect: [{id: a, never: {event: broken}}]\n";

gate::Result<Scenario> ParseReplay(const std::string& more) {
  return ParseScenario(std::string(kUnjudged) + std::string(kJudged) + more, "s.yaml");
}

std::string ReplayMistakes(const std::string& more) {
  const auto scenario = ParseReplay(more);
  return scenario ? "" : scenario.error().message;
}

TEST(ReplayTest, SpellsOutWhatWasDrawn) {
  const auto scenario = ParseReplay(
      "backends: [sim]\nreplay: {seed: \"ffffffffffffffff\", campaignSeed: \"1\", ties: drawn,"
      " argo: \"1.9\", trace: \"0123456789abcdef\"}\n");
  ASSERT_TRUE(scenario) << scenario.error().message;
  ASSERT_TRUE(scenario->replay);
  EXPECT_EQ(scenario->replay->seed, 0xFFFF'FFFF'FFFF'FFFFU);
  EXPECT_EQ(scenario->replay->campaign_seed, 1U);
  EXPECT_EQ(scenario->replay->ties, Replay::Ties::kDrawn);
  EXPECT_EQ(scenario->replay->argo, Replay::Argo::k1_9);
  EXPECT_EQ(scenario->replay->trace, 0x0123'4567'89AB'CDEFU);
}

TEST(ReplayTest, IsPlainUnlessItSaysOtherwise) {
  const auto scenario =
      ParseReplay("backends: [sim]\nreplay: {seed: \"0\", campaignSeed: \"0\"}\n");
  ASSERT_TRUE(scenario) << scenario.error().message;
  EXPECT_EQ(scenario->replay->ties, Replay::Ties::kInOrder);
  EXPECT_EQ(scenario->replay->argo, Replay::Argo::k1_10);
  EXPECT_EQ(scenario->replay->trace, std::nullopt);
}

TEST(ReplayTest, TellsEveryMistakeWithItsPlace) {
  const std::string text = ReplayMistakes(
      "backends: [sim, kind]\nhorizon: 20s\nuntil: [{event: promoted}]\n"
      "replay: {seed: 12, campaignSeed: \"12345678901234567\", ties: random, tarce: \"1\"}\n"
      "timeline:\n- {at: 1s, do: abort}\n- {on: {event: restored}, do: rotate-token}\n");
  EXPECT_THAT(text, HasSubstr("s.yaml:12:16: expected up to 16 hexadecimal digits in quotes"));
  EXPECT_THAT(text, HasSubstr("s.yaml:12:34: expected up to 16 hexadecimal digits in quotes"));
  EXPECT_THAT(text, HasSubstr("s.yaml:12:61: expected in-order or drawn, found \"random\""));
  EXPECT_THAT(text, HasSubstr("s.yaml:12:69: unknown key \"tarce\"; did you mean \"trace\"?"));
  EXPECT_THAT(text, HasSubstr("s.yaml:12:9: is for the simulator: the scenario needs "
                              "`backends: [sim]`"));
  EXPECT_THAT(text, HasSubstr("s.yaml:10:10: \"horizon\" has no place beside \"replay\""));
  EXPECT_THAT(text, HasSubstr("s.yaml:11:8: \"until\" has no place beside \"replay\""));
  EXPECT_THAT(text, HasSubstr("s.yaml:14:16: in a scenario with \"replay\" only faults happen"));
  EXPECT_THAT(text, HasSubstr("s.yaml:15:31: in a scenario with \"replay\" only faults happen"));
}

TEST(ReplayTest, InvariantsAreWatchedNowhereElse) {
  EXPECT_EQ(ReplayMistakes(""),
            "s.yaml:8:10: invariants are watched only in a scenario with \"replay\"");
}

TEST(ReplayTest, AFaultMayComeUpToAnHourAfterTheDeployment) {
  const auto with = [](const std::string& at) {
    return ReplayMistakes(
        "backends: [sim]\nreplay: {seed: \"0\", campaignSeed: \"0\"}\n"
        "timeline: [{at: " +
        at + ", do: {fault: {kind: argo.restart}}}]\n");
  };
  EXPECT_EQ(with("59m59s"), "");
  EXPECT_EQ(with("1h"), "s.yaml:11:17: is not before the horizon");
}

}  // namespace
}  // namespace drill
