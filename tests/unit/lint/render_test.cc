#include "gate/lint/render.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gate/base/strict_json.h"

namespace gate::lint {
namespace {

using ::testing::HasSubstr;

Report AReport() {
  Report report;
  report.rollouts = 1;
  report.findings = {
      {Rule::kGateMissing,
       {"a b/ro\xC3\xBCt.yaml", 3, 7},
       "Rollout shop/demo",
       "no gate follows setWeight 50",
       "add one"},
      {Rule::kJobTtl, {"/abs.yaml", 1, 1}, "AnalysisTemplate x", "odd \xFF byte", "set it"}};
  return report;
}

TEST(LintRenderTest, TextIsALineForEachFindingAndASum) {
  EXPECT_EQ(RenderText(AReport()),
            "a b/ro\xC3\xBCt.yaml:3:7: error: Rollout shop/demo: no gate follows setWeight 50; add "
            "one [gate-missing]\n"
            "/abs.yaml:1:1: warning: AnalysisTemplate x: odd \xFF byte; set it [job-ttl]\n"
            "1 error, 1 warning in 1 Rollout and 0 analysis templates");
}

TEST(LintRenderTest, JsonHoldsTheSame) {
  const auto json = ParseStrictJson(RenderJson(AReport()));
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_EQ((*json)["errors"], 1);
  EXPECT_EQ((*json)["warnings"], 1);
  EXPECT_EQ((*json)["findings"][0], Json::parse(R"({"rule": "gate-missing", "severity": "error",
                            "file": "a b/roüt.yaml", "line": 3, "column": 7,
                            "object": "Rollout shop/demo",
                            "message": "no gate follows setWeight 50", "fix": "add one"})"));
}

TEST(LintRenderTest, SarifNamesRulesAndPlaces) {
  const auto json = ParseStrictJson(RenderSarif(AReport(), "1.2.3", "https://docs.example/lint"));
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_EQ((*json)["version"], "2.1.0");
  const Json& run = (*json)["runs"][0];
  const Json& driver = run["tool"]["driver"];
  EXPECT_EQ(driver["semanticVersion"], "1.2.3");
  EXPECT_EQ(driver["rules"].size(), AllRules().size());
  for (const Json& result : run["results"]) {
    const Json& rule = driver["rules"][result["ruleIndex"].get<std::size_t>()];
    EXPECT_EQ(rule["id"], result["ruleId"]);
    EXPECT_EQ(rule["defaultConfiguration"]["level"], result["level"]);
  }
  EXPECT_EQ(driver["rules"][0]["helpUri"], "https://docs.example/lint#gate-missing");
  const Json& place = run["results"][0]["locations"][0]["physicalLocation"];
  EXPECT_EQ(place["artifactLocation"]["uri"], "a%20b/ro%C3%BCt.yaml");
  EXPECT_EQ(place["region"], (Json{{"startLine", 3}, {"startColumn", 7}}));
  EXPECT_EQ(run["results"][1]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
            "file:///abs.yaml");
}

TEST(LintRenderTest, SarifWithoutPublishedDocumentationHasUrns) {
  EXPECT_THAT(RenderSarif({}, "1", ""),
              HasSubstr("\"helpUri\": \"urn:rollout-gate:lint:gate-missing\""));
}

}  // namespace
}  // namespace gate::lint
