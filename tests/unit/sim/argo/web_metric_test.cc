#include "harness/sim/argo/web_metric.h"

#include <gtest/gtest.h>

namespace drill::sim::argo {
namespace {

using gate::Json;

MetricSpec Metric(const Json& web) {
  return ReadMetric({{"name", "m"},
                     {"successCondition", "result == 'pass'"},
                     {"failureCondition", "result == 'fail'"},
                     {"provider", {{"web", web}}}});
}

Measurement Judge(const gate::Result<WebResponse>& response) {
  return JudgeWebResponse(Metric({{"url", "http://gate"}, {"jsonPath", "{$.verdict}"}}), response);
}

TEST(WebMetricTest, TheValueIsTheJsonOfWhatWasFound) {
  const Measurement measurement = Judge(WebResponse{200, R"({"verdict":"pass"})"});
  EXPECT_EQ(measurement.phase, AnalysisPhase::kSuccessful);
  EXPECT_EQ(measurement.value, "\"pass\"");
}

TEST(WebMetricTest, AThirdAnswerIsInconclusive) {
  EXPECT_EQ(Judge(WebResponse{200, R"({"verdict":"inconclusive"})"}).phase,
            AnalysisPhase::kInconclusive);
}

TEST(WebMetricTest, ABodyThatIsNoJsonPasses) {  // argo R57: fail-open, as it is
  const Measurement measurement = Judge(WebResponse{200, "<html>\xFF"});
  EXPECT_EQ(measurement.phase, AnalysisPhase::kSuccessful);
  EXPECT_EQ(measurement.value, "<html>?");
}

TEST(WebMetricTest, WhatIsNot2xxIsAnError) {
  for (const int status : {199, 300, 404, 503}) {
    const Measurement measurement = Judge(WebResponse{status, R"({"verdict":"pass"})"});
    EXPECT_EQ(measurement.phase, AnalysisPhase::kError);
    EXPECT_EQ(measurement.message, "received non 2xx response code: " + std::to_string(status));
  }
}

TEST(WebMetricTest, NothingAtThePathAndNoAnswerAreErrors) {
  EXPECT_EQ(Judge(WebResponse{200, "{}"}).message,
            "Could not find JSONPath in body: verdict is not found");
  EXPECT_EQ(Judge(gate::Error{gate::ErrorCode::kUnavailable, "refused"}).message, "refused");
}

TEST(WebMetricTest, BodiesNeedAMethodThatHasOne) {
  EXPECT_FALSE(BuildWebRequest(Metric({{"url", "u"}, {"body", "x"}})));
  EXPECT_FALSE(BuildWebRequest(
      Metric({{"url", "u"}, {"method", "POST"}, {"body", "x"}, {"jsonBody", {{"a", 1}}}})));
  const auto request =
      BuildWebRequest(Metric({{"url", "u"}, {"method", "POST"}, {"jsonBody", {{"a", 1}}}}));
  ASSERT_TRUE(request);
  EXPECT_EQ(request->body, R"({"a":1})");
  EXPECT_EQ(request->headers.back().second, "application/json");
}

TEST(WebMetricTest, TheTimeoutIsTenSecondsUnlessGiven) {
  EXPECT_EQ(WebTimeout(Metric({{"url", "u"}})), std::chrono::seconds(10));
  EXPECT_EQ(WebTimeout(Metric({{"url", "u"}, {"timeoutSeconds", 3}})), std::chrono::seconds(3));
}

}  // namespace
}  // namespace drill::sim::argo
