#include "gate/service/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gate::service {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kFile = R"(environment: staging
mc: {url: "https://mc.example", tokenFile: /token, keyringFile: /keyring.yaml}
serve:
  listen: 127.0.0.1:9000
  mostAtOnce: 10
)";

Result<Config> Resolve(std::string_view file, evaluate::Overrides environment = {},
                       evaluate::Overrides flags = {}) {
  return ResolveConfig({std::string(file), "gate.yaml", std::move(environment), std::move(flags)});
}

std::string MistakesOf(std::string_view file, evaluate::Overrides flags = {}) {
  const auto config = Resolve(file, {}, std::move(flags));
  return config ? "no mistake" : config.error().message;
}

TEST(ServiceConfigTest, IsThatOfAGateAndTheSectionServe) {
  const auto config = Resolve(kFile);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->gate.environment, "staging");
  EXPECT_EQ(config->serve.listen, "127.0.0.1:9000");
  EXPECT_EQ(config->serve.most_at_once, 10U);
  EXPECT_EQ(config->breaker().failures, 5);
  EXPECT_EQ(config->breaker().open_for, std::chrono::seconds(10));
}

TEST(ServiceConfigTest, OnlyTheServiceMayHaveThatSection) {
  const auto config = evaluate::ResolveConfig({std::string(kFile), "gate.yaml", {}, {}});
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message, HasSubstr("gate.yaml:3:1: unknown key \"serve\""));
}

TEST(ServiceConfigTest, AFlagBeatsTheEnvironmentAndTheEnvironmentTheFile) {
  EXPECT_EQ(Resolve(kFile, {{"serve.mostAtOnce", "11"}})->serve.most_at_once, 11U);
  EXPECT_EQ(Resolve(kFile, {{"serve.mostAtOnce", "11"}}, {{"serve.mostAtOnce", "12"}})
                ->serve.most_at_once,
            12U);
}

TEST(ServiceConfigTest, ReportsEveryMistakeWithItsPlace) {
  EXPECT_THAT(MistakesOf(std::string(kFile) + "  mostAtOne: 3\n"),
              HasSubstr("gate.yaml:6:3: unknown key \"mostAtOne\"; did you mean \"mostAtOnce\"?"));
  EXPECT_THAT(
      MistakesOf("serve:\n  mostAtOnce: 0\n  breakerFailures: many\n  breakerOpenFor: -1s\n"),
      AllOf(HasSubstr("gate.yaml:2:15: serve.mostAtOnce: must be a number from 1 to 10000, not "
                      "\"0\""),
            HasSubstr("gate.yaml:3:20: serve.breakerFailures: must be a number from 1 to 1000"),
            HasSubstr("gate.yaml:4:19: serve.breakerOpenFor: must not be negative")));
  EXPECT_THAT(MistakesOf(kFile, {{"serve.mostAtOnce", "10001"}}),
              HasSubstr("--serve-most-at-once: serve.mostAtOnce: must be a number"));
}

TEST(ServiceConfigTest, RefusesWhatMakesNoSenseTogether) {
  EXPECT_THAT(MistakesOf(kFile, {{"serve.certFile", "/c"}}),
              HasSubstr("serve.certFile and serve.keyFile must be set together"));
  EXPECT_THAT(MistakesOf(kFile, {{"serve.breakerOpenFor", "0s"}}),
              HasSubstr("serve.breakerOpenFor must be longer than 0s"));
  EXPECT_THAT(MistakesOf("serve: {}\n"), HasSubstr("mc.url is not set"));
}

constexpr std::string_view kTellsPeople = R"(environment: staging
mc: {url: "https://mc.example", tokenFile: /token, keyringFile: /keyring.yaml}
watch:
  namespace: shop
  stages: 10, 60
  rollbackLimit: 4m
  fallback: command
  fallbackCommand: helm rollback {rollout} --namespace {namespace}
notify:
  sinks:
    - name: releases
      slack: {urlFile: /etc/slack-url}
)";

TEST(ServiceConfigTest, TheLeadersWorkIsOnByDefaultAndTellsNobody) {
  const auto config = Resolve(kFile);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_TRUE(config->watch.enabled);
  EXPECT_EQ(config->watch.ns, "");
  EXPECT_EQ(config->watch.rollback.limit, std::chrono::minutes(5));
  EXPECT_EQ(config->watch.fallback.kind, watch::FallbackPolicy::Kind::kArgo);
  EXPECT_TRUE(config->notify.sinks.empty());
}

TEST(ServiceConfigTest, ReadsWhatTheLeaderIsToDo) {
  const auto config = Resolve(kTellsPeople);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->watch.ns, "shop");
  EXPECT_THAT(config->watch.stages, ElementsAre("10", "60"));
  EXPECT_EQ(config->watch.rollback.limit, std::chrono::minutes(4));
  EXPECT_THAT(config->watch.fallback.command,
              ElementsAre("helm", "rollback", "{rollout}", "--namespace", "{namespace}"));
  ASSERT_EQ(config->notify.sinks.size(), 1U);
  EXPECT_EQ(config->notify.sinks[0].name, "releases");
}

TEST(ServiceConfigTest, RefusesALeadersWorkThatMakesNoSense) {
  const auto mistakes = [](const char* path, const char* value) {
    return MistakesOf(kFile, {{path, value}});
  };
  EXPECT_THAT(mistakes("watch.enabled", "yes"), HasSubstr("must be true or false, not \"yes\""));
  EXPECT_THAT(mistakes("watch.stages", "20;50"), HasSubstr("must be weights such as 20,50"));
  EXPECT_THAT(mistakes("watch.stages", ","), HasSubstr("must be weights such as 20,50"));
  EXPECT_THAT(mistakes("watch.rollbackLimit", "9s"), HasSubstr("must be at least 10s"));
  EXPECT_EQ(mistakes("watch.rollbackLimit", "10s"), "no mistake");
  EXPECT_THAT(mistakes("watch.probe", "999ms"), HasSubstr("must be 0s, or at least 1s"));
  EXPECT_EQ(mistakes("watch.probe", "1s"), "no mistake");
  EXPECT_EQ(mistakes("watch.continuous", "0s"), "no mistake");
  EXPECT_THAT(mistakes("watch.continuous", "1ms"), HasSubstr("must be 0s, or at least 1s"));
  EXPECT_THAT(mistakes("watch.lease", ""), HasSubstr("watch.lease must not be empty"));
  EXPECT_THAT(mistakes("watch.fallback", "helm"), HasSubstr("must be argo, undo or command"));
  EXPECT_THAT(mistakes("watch.fallback", "command"), HasSubstr("fallbackCommand must be set"));
  EXPECT_THAT(mistakes("watch.fallbackCommand", "helm"), HasSubstr("means nothing unless"));
  EXPECT_THAT(MistakesOf(std::string(kTellsPeople) + "    - name: on-call\n"),
              HasSubstr("gate.yaml:13:7: "));
}

TEST(ServiceConfigTest, WhatIsPrintedResolvesToTheSame) {
  const std::string tells = PrintConfig(*Resolve(kTellsPeople));
  const auto resolved = Resolve(tells);
  ASSERT_TRUE(resolved) << resolved.error().message << "\n" << tells;
  EXPECT_EQ(PrintConfig(*resolved), tells);

  const std::string printed = PrintConfig(*Resolve(kFile));
  const auto again = Resolve(printed);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(PrintConfig(*again), printed);
  EXPECT_THAT(printed, HasSubstr("serve:\n  listen: \"127.0.0.1:9000\""));
}

}  // namespace
}  // namespace gate::service
