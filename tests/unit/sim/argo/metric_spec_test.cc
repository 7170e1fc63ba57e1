#include "harness/sim/argo/metric_spec.h"

#include <gtest/gtest.h>

namespace drill::sim::argo {
namespace {

using gate::Json;

std::string RunSpecErrorOf(const Json& spec) {
  const auto read = ReadRunSpec(spec);
  return read ? "" : read.error().message;
}

Json WithMetric(const Json& more) {
  Json metric{{"name", "m"}, {"provider", {{"web", {{"url", "http://x"}}}}}};
  metric.update(more);
  return {{"metrics", {metric}}};
}

TEST(SubstituteTest, TextsAndKeysAreReplaced) {
  const std::vector<Argument> args{{"a", "x\"y", std::nullopt}, {"b", "", std::nullopt}};
  const Json json{{"k-{{args.a}}", {"--v={{ args.a }}", "--empty={{args.b}}", 7}}};
  const auto done = Substitute(json, args);
  ASSERT_TRUE(done);
  EXPECT_EQ(*done, (Json{{"k-x\"y", {"--v=x\"y", "--empty=", 7}}}));
}

TEST(SubstituteTest, WhatIsNotKnownOrNotGivenIsAnError) {
  EXPECT_EQ(Substitute({"{{args.x}}"}, {}).error().message, "failed to resolve {{args.x}}");
  EXPECT_EQ(Substitute({"plain"}, {{"x", std::nullopt, std::nullopt}}).error().message,
            "argument \"x\" was not supplied");
}

TEST(MetricSpecTest, TheCountIsOneWithoutIntervalAndEndlessWithIt) {
  EXPECT_EQ(ReadMetric(Json::object()).EffectiveCount(), 1);
  EXPECT_EQ(ReadMetric({{"interval", "5s"}}).EffectiveCount(), std::nullopt);
  EXPECT_EQ(ReadMetric({{"interval", "5s"}, {"count", "3"}}).EffectiveCount(), 3);
}

TEST(MetricSpecTest, LimitsMustFitTogether) {
  EXPECT_EQ(RunSpecErrorOf(WithMetric({{"count", 2}})),
            "Analysis spec invalid: metrics[0]: interval must be specified when count > 1");
  EXPECT_EQ(RunSpecErrorOf(WithMetric({{"failureLimit", -2}})),
            "Analysis spec invalid: metrics[0]: failureLimit must be >= 0, or -1 to be disabled");
  EXPECT_EQ(RunSpecErrorOf(WithMetric({{"failureLimit", -1}})),
            "Analysis spec invalid: metrics[0]: failureLimit and consecutiveSuccessLimit cannot "
            "both be disabled");
  EXPECT_EQ(RunSpecErrorOf(WithMetric({{"failureLimit", 1}, {"count", 1}})), "");
  EXPECT_EQ(RunSpecErrorOf(WithMetric({{"failureLimit", 2}, {"count", 1}})),
            "Analysis spec invalid: metrics[0]: count (1) must be >= failureLimit + "
            "consecutiveSuccessLimit (2 + 0) if both >= 0");
}

TEST(MetricSpecTest, ThereIsExactlyOneProviderAndSomeMetric) {
  EXPECT_EQ(RunSpecErrorOf({{"metrics", Json::array()}}),
            "Analysis spec invalid: no metrics specified");
  EXPECT_EQ(RunSpecErrorOf(WithMetric({{"provider", Json::object()}})),
            "Analysis spec invalid: metrics[0]: no provider specified");
  EXPECT_EQ(RunSpecErrorOf(
                WithMetric({{"provider", {{"web", Json::object()}, {"job", Json::object()}}}})),
            "Analysis spec invalid: metrics[0]: multiple providers specified");
}

TEST(MetricSpecTest, ADryRunRuleThatMatchesNothingIsAnError) {
  Json spec = WithMetric(Json::object());
  spec["dryRun"] = {{{"metricName", "other"}}};
  EXPECT_EQ(RunSpecErrorOf(spec),
            "Analysis spec invalid: dryRun[0]: Rule didn't match any metric name(s)");
}

TEST(MetricSpecTest, RulesAreUnanchoredAndAnEmptyOneMatchesAll) {
  Json spec = WithMetric({{"name", "evidence"}});
  spec["dryRun"] = {{{"metricName", ""}}};
  spec["measurementRetention"] = {{{"metricName", "vid"}, {"limit", 3}}};
  const auto read = ReadRunSpec(spec);
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->dry_run.at(0));
  EXPECT_EQ(read->measurements.at(0), 3U);
}

TEST(MetricSpecTest, SecretsHaveAPlaceholderUntilTheyAreRead) {
  Json spec = WithMetric({{"successCondition", "result == '{{args.token}}'"}});
  spec["args"] = {
      {{"name", "token"}, {"valueFrom", {{"secretKeyRef", {{"name", "s"}, {"key", "k"}}}}}}};
  const auto read = ReadRunSpec(spec);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(read->has_secrets);
  EXPECT_EQ(read->metrics[0].success_condition, "result == 'temp-for-secret'");
}

}  // namespace
}  // namespace drill::sim::argo
