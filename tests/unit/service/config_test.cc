#include "gate/service/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gate::service {
namespace {

using ::testing::AllOf;
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

TEST(ServiceConfigTest, WhatIsPrintedResolvesToTheSame) {
  const std::string printed = PrintConfig(*Resolve(kFile));
  const auto again = Resolve(printed);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(PrintConfig(*again), printed);
  EXPECT_THAT(printed, HasSubstr("serve:\n  listen: \"127.0.0.1:9000\""));
}

}  // namespace
}  // namespace gate::service
