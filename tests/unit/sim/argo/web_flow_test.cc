#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stage.h"

namespace drill::sim {
namespace {

using gate::Json;
using std::chrono::seconds;

Json WebTemplate(const Json& more = Json::object()) {
  Json metric{{"name", "evidence"},
              {"successCondition", "result == 'pass'"},
              {"failureCondition", "result == 'fail'"},
              {"provider",
               {{"web",
                 {{"url", "http://gate/v1?release={{args.release-id}}"},
                  {"jsonPath", "{$.verdict}"},
                  {"headers", {{{"key", "X-Release"}, {"value", "{{args.release-id}}"}}}}}}}}};
  metric.update(more);
  return {{"apiVersion", "argoproj.io/v1alpha1"},
          {"kind", "AnalysisTemplate"},
          {"metadata", {{"name", "gate"}, {"namespace", "shop"}}},
          {"spec", {{"args", {{{"name", "release-id"}}}}, {"metrics", Json::array({metric})}}}};
}

WebResponse Verdict(const std::string& verdict) { return {200, Json{{"verdict", verdict}}.dump()}; }

TEST(WebFlowTest, APassGoesOnAndAFailAborts) {
  Stage stage;
  stage.Create(WebTemplate());
  stage.web_answers = {Verdict("pass"), Verdict("fail")};
  stage.DeployFirst(5, Stage::GatedCanary());
  stage.Release("v2");
  stage.RunUntil([&] { return stage.Status("/abort") == "true"; });
  EXPECT_EQ(stage.Runs(),
            (std::map<std::string, std::string>{{"2-1", "Successful"}, {"2-3", "Failed"}}));
  EXPECT_EQ(stage.web_requests.at(0).url, "http://gate/v1?release=v2");
  EXPECT_EQ(stage.web_requests.at(0).headers.at(0).second, "v2");
}

TEST(WebFlowTest, AThirdVerdictPauses) {  // argo R58, R64
  Stage stage;
  stage.Create(WebTemplate());
  stage.web_answers = {Verdict("inconclusive"), Verdict("pass")};
  stage.DeployFirst(5, Stage::GatedCanary());
  stage.Release("v2");
  stage.RunUntil([&] { return stage.Phase() == "Paused: InconclusiveAnalysisRun"; });
  stage.RunFor(seconds(60));
  EXPECT_EQ(stage.web_requests.size(), 1U);
}

TEST(WebFlowTest, NoAnswerFiveTimesAborts) {  // argo R36: 5 x 10 s and 4 x 10 s between
  Stage stage;
  stage.Create(WebTemplate());
  stage.web_answers = {std::nullopt};
  stage.DeployFirst(5, Stage::GatedCanary());
  stage.Release("v2");
  stage.RunUntil([&] { return stage.web_requests.size() == 1; });
  const gate::Instant start = stage.world.Now();
  stage.RunUntil([&] { return stage.Status("/abort") == "true"; });
  EXPECT_EQ(stage.web_requests.size(), 5U);
  EXPECT_GE(stage.world.Now() - start, seconds(86));
  EXPECT_LE(stage.world.Now() - start, seconds(95));
  EXPECT_NE(
      stage.Status("/message")
          .find("\"Error Message: Get \"http://gate/v1?release=v2\": context deadline exceeded "
                "(Client.Timeout exceeded while awaiting headers)\""),
      std::string::npos)
      << stage.Status("/message");
}

TEST(WebFlowTest, ABodyThatIsNoJsonPromotes) {  // argo R57
  Stage stage;
  stage.Create(WebTemplate());
  stage.web_answers = {WebResponse{200, "<html>welcome</html>"}};
  stage.DeployFirst(5, Stage::GatedCanary());
  stage.Release("v2");
  stage.RunUntil([&] { return stage.Phase() == "Healthy"; });
}

TEST(WebFlowTest, ALateAnswerIsIgnored) {
  Stage stage;
  stage.Create(WebTemplate());
  stage.web_answers = {Verdict("fail"), Verdict("pass")};
  stage.web_time = seconds(12);
  stage.DeployFirst(5, Stage::GatedCanary());
  stage.Release("v2");
  stage.RunUntil([&] { return stage.web_requests.size() == 2; });
  stage.web_time = std::chrono::milliseconds(50);
  stage.RunUntil([&] { return stage.web_requests.size() == 3; });
  stage.RunUntil([&] { return stage.Step() == 2; });
}

TEST(WebFlowTest, ARestartMeasuresAgain) {
  Stage stage;
  stage.Create(WebTemplate());
  stage.web_answers = {std::nullopt, Verdict("pass")};
  stage.DeployFirst(5, Stage::GatedCanary());
  stage.Release("v2");
  stage.RunUntil([&] { return stage.web_requests.size() == 1; });
  stage.argo.Stop();
  stage.RunFor(seconds(1));
  stage.argo.Start();
  stage.RunUntil([&] { return stage.Phase() == "Healthy"; });
  EXPECT_EQ(stage.Runs()["2-1"], "Successful");
}

Json Background(const Json& steps) {
  return {{"analysis",
           {{"templates", {{{"templateName", "gate"}}}},
            {"startingStep", 1},
            {"args", {{{"name", "release-id"}, {"value", "v2"}}}}}},
          {"steps", steps}};
}

TEST(WebFlowTest, BackgroundAnalysisMeasuresUntilTheEnd) {  // argo R24
  Stage stage;
  stage.Create(WebTemplate({{"interval", "5s"}}));
  stage.web_answers = {Verdict("pass")};
  stage.DeployFirst(5, Background({{{"setWeight", 20}},
                                   {{"pause", {{"duration", "30s"}}}},
                                   {{"setWeight", 60}},
                                   {{"pause", {{"duration", "10s"}}}}}));
  stage.Release("v2");
  stage.RunUntil([&] { return stage.Phase() == "Healthy"; });
  stage.RunFor(seconds(20));
  EXPECT_EQ(stage.Runs()["2"], "Successful");
  EXPECT_GE(stage.web_requests.size(), 7U);
  const std::size_t asked = stage.web_requests.size();
  stage.RunFor(seconds(60));
  EXPECT_EQ(stage.web_requests.size(), asked);
}

TEST(WebFlowTest, ABackgroundFailureAborts) {
  Stage stage;
  stage.Create(WebTemplate({{"interval", "5s"}}));
  stage.web_answers = {Verdict("pass"), Verdict("pass"), Verdict("fail")};
  stage.DeployFirst(5, Background({{{"setWeight", 20}}, {{"pause", Json::object()}}}));
  stage.Release("v2");
  stage.RunUntil([&] { return stage.Status("/abort") == "true"; });
  EXPECT_NE(stage.Status("/message").find("Background analysis phase error/failed: Metric"),
            std::string::npos);
}

TEST(WebFlowTest, ABackgroundPauseDoesNotStopATimedPause) {  // argo R27
  Stage stage;
  stage.Create(WebTemplate({{"interval", "5s"}}));
  stage.web_answers = {Verdict("inconclusive")};
  stage.DeployFirst(5, Background({{{"setWeight", 100}}, {{"pause", {{"duration", "30s"}}}}}));
  stage.Release("v2");
  stage.RunUntil([&] { return stage.SetOf("v2").available == 5 && stage.Step() == 1; });
  stage.RunUntil([&] { return stage.Phase().substr(0, 6) == "Paused"; });
  stage.RunUntil([&] { return stage.Status("/stableRS") == stage.Status("/currentPodHash"); });
  EXPECT_EQ(stage.Runs()["2"], "Inconclusive");
}

}  // namespace
}  // namespace drill::sim
