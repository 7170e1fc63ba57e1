#include "harness/sim/argo/json_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drill::sim::argo {
namespace {

using gate::Json;

const Json kDocument{{"data", {{"ok", true}, {"a.b", 1}}}, {"items", {{{"v", 1}}, {{"v", 2}}}}};

std::vector<Json> Find(std::string_view path) {
  auto found = FindJsonPath(kDocument, path);
  EXPECT_TRUE(found) << path << ": " << (found ? "" : found.error().message);
  return found ? *found : std::vector<Json>();
}

TEST(JsonPathTest, FindsMembersIndicesAndAll) {
  EXPECT_THAT(Find("{$}"), testing::ElementsAre(kDocument));
  EXPECT_THAT(Find(""), testing::ElementsAre(kDocument));
  EXPECT_THAT(Find("{$.data.ok}"), testing::ElementsAre(Json(true)));
  EXPECT_THAT(Find("{.data['a.b']}"), testing::ElementsAre(Json(1)));
  EXPECT_THAT(Find("{$.items[-1].v}"), testing::ElementsAre(Json(2)));
  EXPECT_THAT(Find("{$.items[*].v}"), testing::ElementsAre(Json(1), Json(2)));
}

TEST(JsonPathTest, SaysWhatIsNotThere) {
  EXPECT_EQ(FindJsonPath(kDocument, "{$.data.x}").error().message, "x is not found");
  EXPECT_EQ(FindJsonPath(kDocument, "{$.items[2]}").error().message,
            "array index out of bounds: index 2, length 2");
}

TEST(JsonPathTest, RefusesWhatItDoesNotRead) {
  for (const std::string_view path : {"{$.", "{$..x}", "{$[}", "$x", "{$[?(@.v)]}"}) {
    EXPECT_EQ(FindJsonPath(kDocument, path).error().code, gate::ErrorCode::kInvalidArgument)
        << path;
  }
}

}  // namespace
}  // namespace drill::sim::argo
