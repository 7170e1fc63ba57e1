#include "reports/text.h"

#include <gtest/gtest.h>

namespace reports {
namespace {

TEST(TextTest, KeepsWhatIsHarmless) {
  EXPECT_EQ(OneLine("latency p99 2 s ± 1, größer als 1 — 日本 🙂"),
            "latency p99 2 s ± 1, größer als 1 — 日本 🙂");
}

TEST(TextTest, ReplacesControlCharactersAndKeepsLineBreaksOnlyIfAsked) {
  EXPECT_EQ(OneLine("a\x1b[31mb\x07"
                    "c\x7f\tx\ny"),
            "a\uFFFD[31mb\uFFFDc\uFFFD x y");
  EXPECT_EQ(OneLine(std::string_view("a\0b", 3)), "a\uFFFDb");
  EXPECT_EQ(CleanText("a\nb", LineBreaks::kKept), "a\nb");
}

TEST(TextTest, ReplacesBytesThatAreNotUtf8OneByOne) {
  EXPECT_EQ(OneLine("a\xff\xc0\xaf"), "a\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(OneLine("\xed\xa0\x80"), "\uFFFD\uFFFD\uFFFD");            // a surrogate
  EXPECT_EQ(OneLine("\xe2\x82"), "\uFFFD\uFFFD");                      // cut off
  EXPECT_EQ(OneLine("\xf4\x90\x80\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD");  // beyond U+10FFFF
}

TEST(TextTest, ReplacesWhatTurnsTheDirectionOfText) {
  EXPECT_EQ(OneLine("a\u202Egnp.exe"), "a\uFFFDgnp.exe");
  EXPECT_EQ(OneLine("a\u2066b\u200Fc"), "a\uFFFDb\uFFFDc");
}

TEST(TextTest, ReplacesNonCharactersAndLineSeparators) {
  EXPECT_EQ(OneLine("a\uFFFE\uFFFF\u2028b\xc2\x85"), "a\uFFFD\uFFFD\uFFFDb\uFFFD");
}

TEST(EscapeMarkdownTest, LeavesNoMarkup) {
  EXPECT_EQ(EscapeMarkdown("a|b `c` *d* _e_ [f](g) #h ~i~ \\ $j$"),
            "a&#124;b \\`c\\` \\*d\\* \\_e\\_ \\[f\\](g) \\#h \\~i\\~ \\\\ \\$j\\$");
  EXPECT_EQ(EscapeMarkdown("<script>alert(1)</script> & <!-- x"),
            "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &lt;!-- x");
}

TEST(EscapeMarkdownTest, MakesNoLinks) {
  EXPECT_EQ(EscapeMarkdown("https://evil.example www.evil.example"),
            "https&#58;//evil.example www&#46;evil.example");
}

TEST(EscapeMarkdownTest, StaysOnOneLine) {
  EXPECT_EQ(EscapeMarkdown("a\n# heading\n| cell |"), "a \\# heading &#124; cell &#124;");
}

TEST(EscapeXmlTest, EscapesMarkupAndKeepsLineBreaks) {
  EXPECT_EQ(EscapeXml("<a b=\"c\">&]]>\n"), "&lt;a b=&quot;c&quot;&gt;&amp;]]&gt;&#10;");
}

TEST(EscapeXmlTest, HoldsNoCharacterThatXmlForbids) {
  EXPECT_EQ(EscapeXml("a\x01\x0b\uFFFE"), "a\uFFFD\uFFFD\uFFFD");
}

}  // namespace
}  // namespace reports
