#include "gate/cli/evaluate_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gate::cli {
namespace {

using ::testing::HasSubstr;

Result<EvaluateOptions, Farewell> Parse(const std::vector<std::string>& arguments,
                                        std::map<std::string, std::string> environment = {}) {
  return ParseEvaluate(arguments,
                       [environment](const std::string& name) -> std::optional<std::string> {
                         const auto found = environment.find(name);
                         if (found == environment.end()) return std::nullopt;
                         return found->second;
                       });
}

TEST(EvaluateOptionsTest, ReadsTheQuestion) {
  const auto options = Parse({"--release-id=shop-1.5.0", "--stage", "20", "--namespace=shop",
                              "--rollout=demo", "--digest=sha256:a", "--digest=sha256:b"});
  ASSERT_TRUE(options) << options.error().text;
  EXPECT_EQ(options->question.release_id, "shop-1.5.0");
  EXPECT_EQ(options->question.stage, "20");
  EXPECT_EQ(options->question.ns, "shop");
  EXPECT_EQ(options->question.digests, (std::vector<std::string>{"sha256:a", "sha256:b"}));
  EXPECT_EQ(options->mode, evaluate::Mode::kEnforce);
  EXPECT_TRUE(options->use_kube);
}

TEST(EvaluateOptionsTest, AnEmptyValueDoesNotSwallowTheNextFlag) {
  const auto options = Parse({"--release-id=", "--stage=20", "--rollout=demo"});
  ASSERT_TRUE(options) << options.error().text;
  EXPECT_EQ(options->question.release_id, "");
  EXPECT_EQ(options->question.stage, "20");
  EXPECT_EQ(options->question.rollout, "demo");
}

TEST(EvaluateOptionsTest, AnEmptyValueAtTheEndIsEmpty) {
  const auto options = Parse({"--stage=20", "--release-id="});
  ASSERT_TRUE(options) << options.error().text;
  EXPECT_EQ(options->question.release_id, "");
}

TEST(EvaluateOptionsTest, SettingsComeFromFlagsAndEnvironment) {
  const auto options =
      Parse({"--timing-hold=3s"}, {{"ROLLOUT_GATE_MC_URL", "http://mc"}, {"JOB_NAME", "job-1"}});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->flags, (evaluate::Overrides{{"timing.hold", "3s"}}));
  EXPECT_EQ(options->environment, (evaluate::Overrides{{"mc.url", "http://mc"}}));
  EXPECT_EQ(options->job_name, "job-1");
}

TEST(EvaluateOptionsTest, AUsageErrorSaysWhatAndWhereToLook) {
  const auto options = Parse({"--stagee=20"});
  ASSERT_FALSE(options);
  EXPECT_TRUE(options.error().is_error);
  EXPECT_THAT(options.error().text, HasSubstr("--stagee=20"));
  EXPECT_THAT(options.error().text, HasSubstr("--help"));
}

TEST(EvaluateOptionsTest, DryRunCanBeSwitchedByItsValueInATemplate) {
  EXPECT_EQ(Parse({"--dry-run=true"})->mode, evaluate::Mode::kDryRun);
  EXPECT_EQ(Parse({"--dry-run=false"})->mode, evaluate::Mode::kEnforce);
}

TEST(EvaluateOptionsTest, HelpIsNoError) {
  const auto help = Parse({"--help"});
  ASSERT_FALSE(help);
  EXPECT_FALSE(help.error().is_error);
  EXPECT_THAT(help.error().text, HasSubstr("Exit codes: 0 pass"));
}

}  // namespace
}  // namespace gate::cli
