#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "gate/base/strict_json.h"
#include "gate/base/uuid.h"
#include "reports/digest.h"
#include "reports/render.h"
#include "tests/unit/reports/sample_run.h"

namespace reports {
namespace {

using gate::Json;
using gate::JsonAt;
using gate::JsonInt;
using gate::JsonString;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

Json JsonOf(const std::string& text) {
  auto json = gate::ParseStrictJson(text);
  EXPECT_TRUE(json) << text;
  return json ? *json : Json();
}

TEST(UuidTest, IsTheOneThatOthersMakeOfTheName) {
  // Python: uuid.uuid5(uuid.NAMESPACE_URL, "gate-drill")
  EXPECT_EQ(gate::UuidOf("gate-drill"), "cad5449c-7d4a-53e5-8b89-6749c72b1328");
}

TEST(CtrfTest, CountsWhatItLists) {
  const Json ctrf = JsonOf(RenderCtrf(SampleRun()));
  EXPECT_EQ(JsonInt(ctrf, "/results/summary/tests"), 5);
  EXPECT_EQ(JsonInt(ctrf, "/results/summary/passed"), 1);
  EXPECT_EQ(JsonInt(ctrf, "/results/summary/failed"), 1);
  EXPECT_EQ(JsonInt(ctrf, "/results/summary/other"), 2);  // inconclusive; required and not run
  EXPECT_EQ(JsonInt(ctrf, "/results/summary/skipped"), 1);
  EXPECT_EQ(JsonString(ctrf, "/results/tests/2/rawStatus"), "inconclusive");
  EXPECT_EQ(JsonString(ctrf, "/extra/decision"), "NOT READY");
}

TEST(OscalTest, HasAFindingPerRowThatIsAskedFor) {
  const Json oscal = JsonOf(RenderOscal(SampleRun()));
  const Json& result = JsonAt(oscal, "/assessment-results/results/0");
  EXPECT_EQ(JsonString(result, "/findings/0/target/status/state"), "satisfied");
  EXPECT_EQ(JsonString(result, "/findings/1/target/status/state"), "not-satisfied");
  EXPECT_EQ(JsonString(result, "/findings/1/target/status/reason"), "fail");
  EXPECT_EQ(JsonString(result, "/findings/0/related-observations/0/observation-uuid"),
            JsonString(result, "/observations/0/uuid"));
}

TEST(OscalTest, ARowForPeopleThatIsNotAskedForIsNoFinding) {
  RunResult run = GreenRun();
  run.checklist.push_back({.id = "REQ-P", .text = "People", .role = "on-call"});
  EXPECT_THAT(RenderOscal(run), Not(HasSubstr("REQ-P\"")));
  run.profile = Profile::kRelease;
  EXPECT_THAT(RenderOscal(run), HasSubstr("REQ-P\""));
}

TEST(AnnotationsTest, AreAtMostTenOfAKindAndSayHowManyMore) {
  RunResult run = GreenRun();
  EXPECT_EQ(RenderAnnotations(run), "");
  ScenarioResult failed = run.scenarios.front();
  failed.outcome = Outcome::kFail;
  failed.reason = "50 % a\nb";
  failed.file = "a:b,c.yaml";
  run.scenarios.assign(10, failed);
  const std::string ten = RenderAnnotations(run);
  EXPECT_EQ(std::count(ten.begin(), ten.end(), '\n'), 10);
  EXPECT_THAT(ten, HasSubstr("::error file=a%3Ab%2Cc.yaml,title=GATE-001 False at 20 %25 rolls "
                             "back::failed: 50 %25 a b\n"));
  EXPECT_THAT(ten, Not(HasSubstr("more")));
  run.scenarios.assign(11, failed);
  EXPECT_THAT(RenderAnnotations(run), HasSubstr("::error::2 more scenarios are not green\n"));
}

TEST(StepSummaryTest, StaysBelowGitHubsLimit) {
  RunResult run = GreenRun();
  ScenarioResult failed = run.scenarios.front();
  failed.outcome = Outcome::kFail;
  failed.reason = std::string(5000, '*');
  run.scenarios.assign(3000, failed);
  const std::string text = RenderStepSummary(run);
  EXPECT_LT(text.size(), std::size_t{1} << 20U);
  EXPECT_THAT(text, HasSubstr(" more; see report.md."));
}

TEST(JUnitTest, StaysBelowGitLabsLimit) {
  RunResult run = GreenRun();
  ScenarioResult failed = run.scenarios.front();
  failed.outcome = Outcome::kFail;
  failed.reason = "no";
  failed.expectations.front().outcome = Outcome::kFail;
  failed.expectations.front().observed = std::string(15'000, 'x');
  run.scenarios.assign(3000, failed);
  EXPECT_LT(RenderJUnit(run).size(), 30'000'000U);
}

TEST(DistributionTest, IsOfAllTimesByNearestRank) {
  ScenarioResult scenario = GreenRun().scenarios.front();
  EXPECT_TRUE(DistributionsOf(scenario).empty());
  for (int i = 2; i <= 20; ++i) {
    MeasureResult measure = scenario.measures.front();
    measure.measured = Interval{seconds(i), seconds(i + 1)};
    scenario.repetitions.push_back({i, Outcome::kPass, "", seconds(1), {measure}, ""});
  }
  const auto all = DistributionsOf(scenario);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].uppers.size(), 20U);
  EXPECT_EQ(all[0].At(50), seconds(11));
  EXPECT_EQ(all[0].At(95), seconds(20));
  EXPECT_EQ(all[0].uppers.back(), seconds(21));
}

}  // namespace
}  // namespace reports
