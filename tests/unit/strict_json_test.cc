#include "gate/base/strict_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace gate {
namespace {

using testing::HasSubstr;

TEST(StrictJsonTest, ReadsOrdinaryDocuments) {
  const auto json = ParseStrictJson(R"({"a":[1,-2.5,true,null,"x"],"b":{"c":{}}})");
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_EQ(json->at("a").at(1), -2.5);
  EXPECT_TRUE(json->at("b").at("c").empty());
}

TEST(StrictJsonTest, RefusesDuplicateKeysAtAnyDepth) {
  const auto top = ParseStrictJson(R"({"evidenceOk":false,"evidenceOk":true})");
  ASSERT_FALSE(top);
  EXPECT_THAT(top.error().message, HasSubstr("duplicate key \"evidenceOk\""));
  EXPECT_FALSE(ParseStrictJson(R"([{"a":{"b":1,"b":1}}])"));
  EXPECT_FALSE(ParseStrictJson(R"({"a":1,"\u0061":2})"));  // the same key, escaped
}

TEST(StrictJsonTest, AllowsTheSameKeyInDifferentObjects) {
  EXPECT_TRUE(ParseStrictJson(R"([{"a":1},{"a":{"a":2}}])"));
}

TEST(StrictJsonTest, RefusesAnythingThatIsNotExactlyOneValue) {
  for (const char* text :
       {"", " ", "{}x", "{} {}", "{\"a\":1,}", "[1,]", "/*c*/{}", "NaN", "Infinity", "01", "'a'",
        "{a:1}", "\xef\xbb\xbf{}", "\"\xff\"", "1e999", "{\"a\":1"}) {
    EXPECT_FALSE(ParseStrictJson(text)) << text;
  }
}

TEST(StrictJsonTest, DoesNotTakeANulForTheEnd) {
  using std::string_view_literals::operator""sv;
  for (const std::string_view text :
       {"{}\0"sv, "{}\0{\"a\":1}"sv, "\0"sv, "\0{}"sv, "[1,\0]"sv, "\"a\0b\""sv}) {
    EXPECT_FALSE(ParseStrictJson(text));
  }
  const auto escaped = ParseStrictJson(R"("a\u0000b")");
  ASSERT_TRUE(escaped);
  EXPECT_EQ(*escaped, std::string("a\0b", 3));
}

TEST(StrictJsonTest, LimitsDepthAndSize) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(ParseStrictJson(nested(32)));
  EXPECT_FALSE(ParseStrictJson(nested(33)));
  EXPECT_FALSE(ParseStrictJson(nested(100000)));
  EXPECT_TRUE(ParseStrictJson("[1]", {.max_bytes = 3}));
  EXPECT_FALSE(ParseStrictJson("[1] ", {.max_bytes = 3}));
}

TEST(JsonStringTest, IsEmptyForAbsentAndForeignValues) {
  const Json object = Json::parse(R"({"metadata":{"name":"x","generation":3}})");
  EXPECT_EQ(JsonString(object, "/metadata/name"), "x");
  EXPECT_EQ(JsonString(object, "/metadata/generation"), "");
  EXPECT_EQ(JsonString(object, "/spec/a/b"), "");
  EXPECT_EQ(JsonInt(object, "/metadata/generation"), 3);
  EXPECT_EQ(JsonInt(object, "/metadata/name", -1), -1);
}

TEST(JsonStringTest, FollowsPointersThroughListsAndEscapedKeys) {
  const Json object = {{"items", {{{"name", "a"}}, {{"name", "b"}}}},
                       {"annotations", {{"x.io/y", "slash"}, {"m~n", "tilde"}}},
                       {"", {{"", "nameless"}}}};
  EXPECT_EQ(JsonString(object, "/items/1/name"), "b");
  EXPECT_EQ(JsonString(object, "/items/2/name"), "");
  EXPECT_EQ(JsonString(object, "/items/-/name"), "");
  EXPECT_EQ(JsonString(object, "/annotations/x.io~1y"), "slash");
  EXPECT_EQ(JsonString(object, "/annotations/m~0n"), "tilde");
  EXPECT_EQ(JsonString(object, "//"), "nameless");
  EXPECT_EQ(JsonString("text", ""), "text");
  EXPECT_EQ(JsonString("text", "/deeper"), "");
}

}  // namespace
}  // namespace gate
