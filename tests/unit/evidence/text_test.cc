#include "gate/evidence/text.h"

#include <gtest/gtest.h>

#include "gate/base/encoding.h"
#include "gate/base/rng.h"

namespace gate::evidence {
namespace {

TEST(TextTest, FindsControlCharactersAtTheEdgesOfTheirRanges) {
  using std::string_view_literals::operator""sv;
  for (const std::string_view control :
       {"\0"sv, "\n"sv, "\x1f"sv, "\x7f"sv, "\xc2\x80"sv, "\xc2\x9f"sv, "a\tb"sv}) {
    EXPECT_TRUE(HasControlCharacters(control)) << HexEncode(control);
  }
  for (const std::string_view fine : {""sv, " "sv, "~"sv, "\xc2\xa0"sv, "é€😀"sv}) {
    EXPECT_FALSE(HasControlCharacters(fine)) << fine;
  }
}

TEST(TextTest, PutsControlCharactersAndLayoutOnOneLine) {
  EXPECT_EQ(Sanitize("a\r\nb\tc\x1b[31m", 100), "a  b c [31m");
  EXPECT_EQ(Sanitize("a\xc2\x85z", 100), "a z");           // U+0085, next line
  EXPECT_EQ(Sanitize("a\xe2\x80\xa8z", 100), "a z");       // U+2028, line separator
  EXPECT_EQ(Sanitize("a\xe2\x80\xaez", 100), "a z");       // U+202E, right-to-left override
  EXPECT_EQ(Sanitize("a\xe2\x80\xafz", 100), "a\u202fz");  // U+202F, narrow space
  EXPECT_EQ(Sanitize("a\xe2\x81\xa6z", 100), "a z");       // U+2066, isolate
  EXPECT_EQ(Sanitize("a\xe2\x81\xaaz", 100), "a\u206az");
  EXPECT_EQ(Sanitize("für 0.5 € 😀", 100), "für 0.5 € 😀");
}

TEST(TextTest, MakesQuestionMarksOfBrokenUtf8) {
  EXPECT_EQ(Sanitize("a\xff\xfez\n", 100), "a??z ");
  EXPECT_EQ(Sanitize("a\xe2\x82", 100), "a??");
}

TEST(TextTest, KeepsToItsLimitAtCharacterBoundaries) {
  EXPECT_EQ(Sanitize("abcdef", 6), "abcdef");
  EXPECT_EQ(Sanitize("abcdefg", 6), "abc…");
  EXPECT_EQ(Sanitize("éééé", 8), "éééé");
  EXPECT_EQ(Sanitize("ééééé", 8), "éé…");
  EXPECT_EQ(Sanitize(std::string(1000000, '\n'), 5), "  …");
}

TEST(TextTest, MakesCleanTextOfAnyBytes) {
  Rng rng(3);
  for (std::size_t length = 0; length < 600; ++length) {
    const std::string clean = Sanitize(rng.Bytes(length), 500);
    EXPECT_TRUE(IsValidUtf8(clean));
    EXPECT_FALSE(HasControlCharacters(clean));
    EXPECT_LE(clean.size(), 500U);
  }
}

TEST(TextTest, QuotesSoThatTheEndIsWhereItSeems) {
  EXPECT_EQ(Quote("mc-2026-a"), "\"mc-2026-a\"");
  EXPECT_EQ(Quote("x\" is fine, \"y\n"), "\"x' is fine, 'y \"");
  EXPECT_EQ(Quote(""), "\"\"");
  EXPECT_EQ(Quote(std::string(80, 'a')), '"' + std::string(80, 'a') + '"');
  EXPECT_EQ(Quote(std::string(81, 'a')), '"' + std::string(77, 'a') + "…\"");
}

}  // namespace
}  // namespace gate::evidence
