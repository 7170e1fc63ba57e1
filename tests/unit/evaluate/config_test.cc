#include "gate/evaluate/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gate::evaluate {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr std::string_view kFile = R"(environment: staging
mc:
  url: https://mc.example
  tokenFile: /token
  keyringFile: /keyring.yaml
timing:
  hold: 90s
)";

Result<Config> Resolve(std::string_view file, Overrides environment = {}, Overrides flags = {}) {
  return ResolveConfig({std::string(file), "gate.yaml", std::move(environment), std::move(flags)});
}

std::string MistakesOf(std::string_view file, Overrides environment = {}, Overrides flags = {}) {
  const auto config = Resolve(file, std::move(environment), std::move(flags));
  return config ? "no mistake" : config.error().message;
}

TEST(ConfigTest, ReadsAFileAndKeepsTheDefaultsOfTheRest) {
  const auto config = Resolve(kFile);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->environment, "staging");
  EXPECT_EQ(config->timing.hold, std::chrono::seconds(90));
  EXPECT_EQ(config->timing.attempt_timeout, std::chrono::seconds(5));
  EXPECT_EQ(config->policy.untrusted, decide::Outcome::kFail);
}

TEST(ConfigTest, AFlagBeatsTheEnvironmentAndTheEnvironmentTheFile) {
  EXPECT_EQ(Resolve(kFile, {{"timing.hold", "2m"}})->timing.hold, std::chrono::minutes(2));
  EXPECT_EQ(Resolve(kFile, {{"timing.hold", "2m"}}, {{"timing.hold", "3m"}})->timing.hold,
            std::chrono::minutes(3));
}

TEST(ConfigTest, NamesFlagsAndVariablesAfterThePath) {
  EXPECT_EQ(FlagName("mc.tokenFile"), "--mc-token-file");
  EXPECT_EQ(EnvironmentName("mc.tokenFile"), "ROLLOUT_GATE_MC_TOKEN_FILE");
  EXPECT_EQ(FlagName("environment"), "--environment");
}

TEST(ConfigTest, ReportsUnknownKeysWithTheirPlace) {
  EXPECT_EQ(MistakesOf(std::string(kFile) + "  holdInterva: 3s\n"),
            "gate.yaml:8:3: unknown key \"holdInterva\"; did you mean \"holdInterval\"?");
  EXPECT_THAT(MistakesOf(std::string(kFile) + "mcc: {}\n"),
              HasSubstr("gate.yaml:8:1: unknown key"));
}

TEST(ConfigTest, ReportsEveryBadValueWithItsPlace) {
  EXPECT_THAT(
      MistakesOf("environment: x\nmc:\n  scheme: pgp\ntiming:\n  hold: fast\n  budget: -1s\n"),
      AllOf(HasSubstr("gate.yaml:3:11: mc.scheme: must be dsse or jws, not \"pgp\""),
            HasSubstr("gate.yaml:5:9: timing.hold: \"fast\" is not a duration"),
            HasSubstr("gate.yaml:6:11: timing.budget: must not be negative")));
}

TEST(ConfigTest, BlamesTheFlagOrTheVariableThatIsWrong) {
  EXPECT_THAT(MistakesOf(kFile, {{"policy.untrusted", "pass"}}),
              HasSubstr("ROLLOUT_GATE_POLICY_UNTRUSTED: policy.untrusted: must be fail or "
                        "inconclusive, not \"pass\""));
  EXPECT_THAT(MistakesOf(kFile, {}, {{"timing.hold", "x"}}), HasSubstr("--timing-hold: "));
}

TEST(ConfigTest, SaysHowToSetWhatIsMissing) {
  EXPECT_THAT(MistakesOf(""),
              AllOf(HasSubstr("mc.url is not set; set it in the configuration file, by --mc-url or "
                              "by ROLLOUT_GATE_MC_URL"),
                    HasSubstr("mc.tokenFile is not set"), HasSubstr("mc.keyringFile is not set"),
                    HasSubstr("environment is not set")));
}

TEST(ConfigTest, RefusesValuesThatMakeNoSenseTogether) {
  EXPECT_THAT(MistakesOf(kFile, {}, {{"mc.url", "mc.example"}}),
              HasSubstr("mc.url must begin with"));
  EXPECT_THAT(MistakesOf(kFile, {}, {{"mc.clientCertFile", "/c"}}),
              HasSubstr("must be set together"));
  EXPECT_THAT(MistakesOf(kFile, {}, {{"timing.backoffCap", "1ms"}}),
              HasSubstr("must not be shorter"));
  EXPECT_THAT(MistakesOf(kFile, {}, {{"timing.attemptTimeout", "0s"}}),
              HasSubstr("longer than 0s"));
}

TEST(ConfigTest, WhatIsPrintedResolvesToTheSame) {
  const auto config =
      Resolve(kFile, {}, {{"mc.scheme", "jws"}, {"policy.untrusted", "inconclusive"}});
  ASSERT_TRUE(config);
  const std::string printed = PrintConfig(*config);
  const auto again = Resolve(printed);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(PrintConfig(*again), printed);
  EXPECT_THAT(printed, HasSubstr("hold: \"1m30s\""));
}

TEST(ConfigTest, EverySettingCanBeSetByEveryWay) {
  Config config = *Resolve(kFile);
  for (const Setting& setting : Settings(config)) {
    const std::string value = setting.get();
    if (value.empty()) continue;
    EXPECT_TRUE(Resolve(kFile, {{setting.path, value}})) << setting.path;
    EXPECT_TRUE(Resolve(kFile, {}, {{setting.path, value}})) << setting.path;
  }
}

}  // namespace
}  // namespace gate::evaluate
