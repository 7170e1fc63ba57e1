#include "harness/expect/matcher.h"

#include <gtest/gtest.h>

namespace drill {
namespace {

using Kind = EventPattern::FieldTest::Kind;

TraceEvent AVerdict() {
  return {"verdict",
          {},
          {},
          gate::Nanos(0),
          {{"stage", "20"},
           {"verdict", "fail"},
           {"dryRun", false},
           {"attempts", 3},
           {"keyId", nullptr}}};
}

bool Matches(const std::string& field, Kind kind, const std::string& value) {
  return Matcher(EventPattern{"verdict", {{field, kind, value}}}).Matches(AVerdict());
}

TEST(MatcherTest, NeedsTheNameOfTheEvent) {
  EXPECT_TRUE(Matcher(EventPattern{"verdict", {}}).Matches(AVerdict()));
  EXPECT_FALSE(Matcher(EventPattern{"verdicts", {}}).Matches(AVerdict()));
}

TEST(MatcherTest, ComparesFieldsAsText) {
  EXPECT_TRUE(Matches("stage", Kind::kEquals, "20"));
  EXPECT_TRUE(Matches("dryRun", Kind::kEquals, "false"));
  EXPECT_TRUE(Matches("attempts", Kind::kEquals, "3"));
  EXPECT_FALSE(Matches("stage", Kind::kEquals, "2"));
}

TEST(MatcherTest, AnAbsentFieldIsAnEmptyText) {
  EXPECT_TRUE(Matches("reason", Kind::kEquals, ""));
  EXPECT_TRUE(Matches("keyId", Kind::kEquals, ""));
  EXPECT_TRUE(Matches("reason", Kind::kNotEquals, "x"));
  EXPECT_FALSE(Matches("reason", Kind::kMatches, ".+"));
}

TEST(MatcherTest, NegatesAndMatchesExpressionsAsAWhole) {
  EXPECT_TRUE(Matches("verdict", Kind::kNotEquals, "pass"));
  EXPECT_FALSE(Matches("verdict", Kind::kNotEquals, "fail"));
  EXPECT_TRUE(Matches("verdict", Kind::kMatches, "pass|fa.l"));
  EXPECT_FALSE(Matches("verdict", Kind::kMatches, "fai"));
}

TEST(MatcherTest, NeedsAllFields) {
  const EventPattern pattern{"verdict",
                             {{"stage", Kind::kEquals, "20"}, {"verdict", Kind::kEquals, "pass"}}};
  EXPECT_FALSE(Matcher(pattern).Matches(AVerdict()));
}

TEST(MatcherTest, AnEventWithoutFieldsMatchesAPatternWithoutFields) {
  const TraceEvent bare{"restored", {}, {}, gate::Nanos(0), nullptr};
  EXPECT_TRUE(Matcher(EventPattern{"restored", {}}).Matches(bare));
}

}  // namespace
}  // namespace drill
