#include "gate/base/merge_diff.h"

#include <gtest/gtest.h>

#include <utility>

namespace gate {
namespace {

TEST(MergeDiffTest, ChangesOnlyWhatDiffers) {
  const Json before{{"same", 1}, {"gone", 2}, {"deep", {{"a", 1}, {"b", 2}}}, {"list", {1, 2}}};
  const Json after{{"same", 1}, {"new", 3}, {"deep", {{"a", 1}, {"b", 5}}}, {"list", {2}}};
  const Json diff = MergeDiff(before, after);
  EXPECT_EQ(
      diff,
      (Json{{"gone", nullptr}, {"new", 3}, {"deep", {{"b", 5}}}, {"list", Json::array({2})}}));
  Json patched = before;
  patched.merge_patch(diff);
  EXPECT_EQ(patched, after);
  EXPECT_EQ(MergeDiff(before, before), Json::object());
}

class MergeDiffPairsTest : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(MergeDiffPairsTest, TurnsOneIntoTheOther) {
  const Json from = Json::parse(GetParam().first);
  const Json to = Json::parse(GetParam().second);
  const Json patch = MergeDiff(from, to);
  Json result = from;
  result.merge_patch(patch);
  EXPECT_EQ(result, to);
  EXPECT_EQ(patch.empty(), from == to);
}

INSTANTIATE_TEST_SUITE_P(
    Pairs, MergeDiffPairsTest,
    testing::Values(std::pair{"{}", "{}"}, std::pair{R"({"a": 1})", R"({"a": 1})"},
                    std::pair{R"({"a": 1})", R"({"a": 2})"}, std::pair{R"({"a": 1})", "{}"},
                    std::pair{"{}", R"({"a": {"b": 1}})"},
                    std::pair{R"({"a": {"b": 1, "c": 2}})", R"({"a": {"c": 3}})"},
                    std::pair{R"({"a": {"b": 1}})", R"({"a": [1]})"},
                    std::pair{R"({"a": [1, 2]})", R"({"a": [2, 1]})"},
                    std::pair{R"({"a": [1]})", R"({"a": {"b": 1}})"},
                    std::pair{R"({"a": {"b": {"c": 1}}})", R"({"a": {"b": {}}})"}));

}  // namespace
}  // namespace gate
