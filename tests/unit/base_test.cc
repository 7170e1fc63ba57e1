#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gate/base/digest.h"
#include "gate/base/encoding.h"
#include "gate/base/result.h"
#include "gate/base/rng.h"
#include "gate/base/time.h"
#include "gate/base/trace.h"

namespace gate {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;

TEST(ResultTest, HoldsEitherAValueOrAnError) {
  const Result<int> good = 5;
  const Result<int> bad = Error{ErrorCode::kNotFound, "no such thing"};
  EXPECT_EQ(*good, 5);
  EXPECT_EQ(bad.error().code, ErrorCode::kNotFound);
}

TEST(ResultTest, WrapPutsTheContextInFront) {
  EXPECT_EQ((Error{ErrorCode::kConflict, "object changed"}).Wrap("writing status").message,
            "writing status: object changed");
}

TEST(ResultDeathTest, EndsTheProcessWhenAnErrorIsReadAsAValue) {
  const Result<int> bad = Error{ErrorCode::kNotFound, "gone"};
  EXPECT_DEATH((void)bad.value(), "check failed");
}

TEST(DurationTest, ReadsGoNotation) {
  EXPECT_EQ(*ParseDuration("90s"), seconds(90));
  EXPECT_EQ(*ParseDuration("1h30m"), hours(1) + minutes(30));
  EXPECT_EQ(*ParseDuration("1.5s"), milliseconds(1500));
  EXPECT_EQ(*ParseDuration("250ms"), milliseconds(250));
  EXPECT_EQ(*ParseDuration("0"), Nanos(0));
  EXPECT_EQ(*ParseDuration("-5s"), -seconds(5));
}

TEST(DurationTest, RefusesWhatIsNoDuration) {
  for (const char* text : {"", "5", "s", "5 s", "5x", "1.s", "-", "99999999999h", "5s5", "+5s"}) {
    EXPECT_FALSE(ParseDuration(text)) << text;
  }
}

TEST(DurationTest, IsWrittenSoThatItReadsBack) {
  for (const Nanos value : {Nanos(0), Nanos(seconds(90)), Nanos(milliseconds(1500)), Nanos(1),
                            -Nanos(seconds(61)), Nanos(hours(25))}) {
    EXPECT_EQ(*ParseDuration(FormatDuration(value)), value) << FormatDuration(value);
  }
  EXPECT_EQ(FormatDuration(seconds(90)), "1m30s");
}

TEST(Rfc3339Test, ReadsZonesFractionsAndLeapSeconds) {
  const WallTime noon = sys_days(std::chrono::year(2026) / 3 / 1) + hours(12);
  EXPECT_EQ(*ParseRfc3339("2026-03-01T12:00:00Z"), noon);
  EXPECT_EQ(*ParseRfc3339("2026-03-01T14:00:00.25+02:00"), noon + milliseconds(250));
  EXPECT_EQ(*ParseRfc3339("2026-03-01T12:00:00.000000001Z"), noon + Nanos(1));
  EXPECT_EQ(*ParseRfc3339("2016-12-31T23:59:60Z"), *ParseRfc3339("2016-12-31T23:59:59Z"));
}

TEST(Rfc3339Test, RefusesImpossibleDatesAndTrailingText) {
  for (const char* text : {"", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
                           "2026-01-01T24:00:00Z", "2026-01-01T00:00:00", "2026-01-01T00:00:00Zz",
                           "2026-01-01T00:00:00.Z", "1600-01-01T00:00:00Z", "20260101T000000Z"}) {
    EXPECT_FALSE(ParseRfc3339(text)) << text;
  }
}

TEST(Rfc3339Test, IsWrittenInUtcWithTheDigitsAskedFor) {
  const WallTime time = sys_days(std::chrono::year(2024) / 2 / 29) + hours(5) + milliseconds(7);
  EXPECT_EQ(FormatRfc3339(time), "2024-02-29T05:00:00.007Z");
  EXPECT_EQ(FormatRfc3339(time, 0), "2024-02-29T05:00:00Z");
}

TEST(Base64Test, MatchesTheVectorsOfRfc4648) {
  EXPECT_EQ(Base64Encode(""), "");
  EXPECT_EQ(Base64Encode("f"), "Zg==");
  EXPECT_EQ(Base64Encode("fo"), "Zm8=");
  EXPECT_EQ(Base64Encode("foo"), "Zm9v");
  EXPECT_EQ(Base64Encode("foobar"), "Zm9vYmFy");
  EXPECT_EQ(Base64UrlEncode("\xff\xfe"), "__4");
}

TEST(Base64Test, ReadsBackEveryLength) {
  Rng rng(1);
  for (std::size_t length = 0; length < 70; ++length) {
    const std::string bytes = rng.Bytes(length);
    EXPECT_EQ(*Base64Decode(Base64Encode(bytes)), bytes);
    EXPECT_EQ(*Base64UrlDecode(Base64UrlEncode(bytes)), bytes);
  }
}

TEST(Base64Test, RefusesWhatADifferentDecoderMightReadDifferently) {
  for (const char* text :
       {"Zg", "Zg=", "Zg===", "Zh==", "Zm9v\n", "Z m9", "Zm9_", "====", "Zg==Zg=="}) {
    EXPECT_FALSE(Base64Decode(text)) << text;
  }
  EXPECT_FALSE(Base64UrlDecode("Zg=="));
}

TEST(Utf8Test, AcceptsWellFormedTextOnly) {
  EXPECT_TRUE(IsValidUtf8("héllo €😀"));
  EXPECT_FALSE(IsValidUtf8("\xc0\x80"));          // overlong
  EXPECT_FALSE(IsValidUtf8("\xed\xa0\x80"));      // surrogate
  EXPECT_FALSE(IsValidUtf8("\xf4\x90\x80\x80"));  // beyond U+10FFFF
  EXPECT_FALSE(IsValidUtf8("\xe2\x82"));          // cut short
}

TEST(EscapeMarkupTest, LeavesNothingThatBeginsATagAnEntityOrEndsAnAttribute) {
  EXPECT_EQ(EscapeMarkup(R"(<b a="1">&amp;</b>)"), "&lt;b a=&quot;1&quot;&gt;&amp;amp;&lt;/b&gt;");
  EXPECT_EQ(EscapeMarkup("it's\n"), "it's\n");
}

TEST(TruncateTest, NeverCutsInsideACharacter) {
  EXPECT_EQ(Truncate("abc", 3), "abc");
  EXPECT_EQ(Truncate("abcdefgh", 6), "abc…");
  EXPECT_TRUE(IsValidUtf8(Truncate("ééééééé", 8)));
}

TEST(EncodingTest, LowersAsciiLettersOnly) {
  EXPECT_EQ(LowerCase("GATE-001 @[`{ \xC3\x84"), "gate-001 @[`{ \xC3\x84");
  EXPECT_EQ(LowerCase("AZaz"), "azaz");
  EXPECT_EQ(LowerCase(""), "");
}

TEST(DigestTest, MatchesTheVectorOfFips180) {
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(RngTest, GivesTheSameNumbersOnEveryMachine) {
  Rng rng(42);
  EXPECT_EQ(rng.Next(), 13679457532755275413ULL);
  EXPECT_EQ(rng.Next(), 2949826092126892291ULL);
}

TEST(RngTest, StaysBelowItsBoundAndReachesEveryValue) {
  Rng rng(7);
  std::array<int, 3> seen{};
  for (int i = 0; i < 1000; ++i) ++seen.at(rng.Below(3));
  for (const int count : seen) EXPECT_GT(count, 200);
}

TEST(RngTest, ForksAreIndependentOfLaterDraws) {
  Rng a(9);
  Rng b(9);
  Rng fork = a.Fork("nonce");
  EXPECT_EQ(fork.Next(), b.Fork("nonce").Next());
  EXPECT_NE(b.Fork("nonce").Next(), b.Fork("jitter").Next());
}

TEST(TraceTest, WritesAW3cTraceparent) {
  Rng rng(3);
  const TraceContext trace = NewTrace(rng);
  EXPECT_THAT(trace.ToTraceparent(), testing::MatchesRegex("00-[0-9a-f]+-[0-9a-f]+-01"));
  EXPECT_EQ(trace.ToTraceparent().size(), 55U);
  const TraceContext span = NewSpan(trace, rng);
  EXPECT_EQ(span.trace_id, trace.trace_id);
  EXPECT_NE(span.span_id, trace.span_id);
}

}  // namespace
}  // namespace gate
