#include "harness/sim/argo/expression.h"

#include <gtest/gtest.h>

namespace drill::sim::argo {
namespace {

using gate::Json;

bool Holds(const Json& result, std::string_view condition) {
  const auto value = EvaluateCondition(result, condition);
  EXPECT_TRUE(value) << condition << ": " << (value ? "" : value.error().message);
  return value && *value;
}

std::string Why(const Json& result, std::string_view condition) {
  const auto value = EvaluateCondition(result, condition);
  return value ? "no error" : value.error().message;
}

TEST(ExpressionTest, ComparesTextsAndNumbers) {
  EXPECT_TRUE(Holds("pass", "result == \"pass\""));
  EXPECT_TRUE(Holds("pass", "result != 'fail'"));
  EXPECT_TRUE(Holds(0.95, "result >= 0.95"));
  EXPECT_FALSE(Holds(0.94, "result >= 0.95"));
  EXPECT_TRUE(Holds(5, "result == 5.0"));
}

TEST(ExpressionTest, ReachesIntoTheResult) {
  const Json result{{"verdict", "pass"}, {"data", {{"list", {1, 2, 3}}}}};
  EXPECT_TRUE(Holds(result, "result.verdict == 'pass'"));
  EXPECT_TRUE(Holds(result, "result['verdict'] == 'pass'"));
  EXPECT_TRUE(Holds(result, "result.data.list[0] == 1 && result.data.list[-1] == 3"));
  EXPECT_TRUE(Holds(result, "result.missing == nil"));
  EXPECT_TRUE(Holds(result, "len(result.data.list) == 3"));
}

TEST(ExpressionTest, BindsLikeTheLanguageItIsFrom) {
  EXPECT_TRUE(Holds(10, "2 + 3 * 2 == 8"));
  EXPECT_TRUE(Holds(10, "result > 5 && result < 20 || false"));
  EXPECT_TRUE(Holds(10, "not (result > 50)"));
  EXPECT_TRUE(Holds(10, "!(result > 50) and true"));
  EXPECT_TRUE(Holds(10, "result / 4 == 2.5"));
  EXPECT_TRUE(Holds(10, "2 ** 3 ** 2 == 512"));
  EXPECT_TRUE(Holds(10, "-result == -10"));
  EXPECT_TRUE(Holds(10, "result > 5 ? true : false"));
}

TEST(ExpressionTest, KnowsMembershipAndTextOperators) {
  EXPECT_TRUE(Holds("pass", "result in ['pass', 'ok']"));
  EXPECT_TRUE(Holds("pass", "result not in ['fail']"));
  EXPECT_TRUE(Holds("release-7", "result startsWith 'release' and result endsWith '7'"));
  EXPECT_TRUE(Holds("release-7", "result matches '^release-[0-9]+$'"));
  EXPECT_FALSE(Holds("release-7", "result contains 'x'"));
}

TEST(ExpressionTest, HasTheFunctionsOfTheController) {
  EXPECT_TRUE(Holds("12", "asInt(result) == 12"));
  EXPECT_TRUE(Holds("1.5", "asFloat(result) > 1"));
  EXPECT_TRUE(Holds(Json(), "isNil(result)"));
  EXPECT_TRUE(Holds(Json(), "default(result, 3) == 3"));
  EXPECT_TRUE(Holds(4, "default(result, 3) == 4"));
  EXPECT_FALSE(Holds(1.0, "isNaN(result) || isInf(result)"));
}

TEST(ExpressionTest, TheBranchThatIsNotTakenCannotFail) {
  EXPECT_TRUE(Holds("pass", "result == 'pass' || asInt(result) > 5"));
  EXPECT_FALSE(Holds(Json(), "!isNil(result) && result.x > 1"));
}

TEST(ExpressionTest, SaysWhatIsWrong) {
  EXPECT_EQ(Why(5, "result"), "expected bool, but got int");
  EXPECT_EQ(Why(5, "result =="), "unexpected token EOF");
  EXPECT_EQ(Why(5, "value > 5"), "unknown name value");
  EXPECT_EQ(Why("x", "result > 5"), "invalid operation: string > int");
  EXPECT_EQ(Why(Json(), "result.verdict == 'pass'"), "cannot fetch verdict from <nil>");
  EXPECT_EQ(Why("x", "asInt(result) > 5"), "parsing \"x\": invalid syntax");
  EXPECT_NE(Why(5, std::string(200, '(') + "1" + std::string(200, ')')), "no error");
}

TEST(EvaluateResultTest, BothConditionsFalseIsInconclusive) {
  const std::string pass = "result == 'pass'";
  const std::string fail = "result == 'fail'";
  EXPECT_EQ(*EvaluateResult("pass", pass, fail), AnalysisPhase::kSuccessful);
  EXPECT_EQ(*EvaluateResult("fail", pass, fail), AnalysisPhase::kFailed);
  EXPECT_EQ(*EvaluateResult("inconclusive", pass, fail), AnalysisPhase::kInconclusive);
  EXPECT_EQ(*EvaluateResult("x", "true", "true"), AnalysisPhase::kFailed);
}

TEST(EvaluateResultTest, OneConditionDecidesAloneAndNoneIsSuccess) {
  EXPECT_EQ(*EvaluateResult("x", "result == 'pass'", ""), AnalysisPhase::kFailed);
  EXPECT_EQ(*EvaluateResult("x", "", "result == 'fail'"), AnalysisPhase::kSuccessful);
  EXPECT_EQ(*EvaluateResult("x", "", ""), AnalysisPhase::kSuccessful);
}

TEST(EvaluateResultTest, AnErrorNamesTheCondition) {
  EXPECT_EQ(EvaluateResult("x", "result > 5", "").error().message,
            "could not evaluate successCondition \"result > 5\": invalid operation: string > int");
  EXPECT_EQ(EvaluateResult(Json::array(), "result[0] > 5", "").error().message,
            "could not evaluate successCondition \"result[0] > 5\": metric result is nil or empty: "
            "no data returned from the metric provider");
}

}  // namespace
}  // namespace drill::sim::argo
