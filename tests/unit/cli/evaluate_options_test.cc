#include "gate/cli/evaluate_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gate::cli {
namespace {

using ::testing::HasSubstr;

Result<EvaluateOptions, Farewell> Parse(std::vector<std::string> arguments,
                                        std::map<std::string, std::string> environment = {}) {
  return ParseCommandLine(std::move(arguments), "1.2.3",
                          [environment](const std::string& name) -> std::optional<std::string> {
                            const auto found = environment.find(name);
                            if (found == environment.end()) return std::nullopt;
                            return found->second;
                          });
}

TEST(EvaluateOptionsTest, ReadsTheQuestion) {
  const auto options =
      Parse({"evaluate", "--release-id=shop-1.5.0", "--stage", "20", "--namespace=shop",
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
  const auto options = Parse({"evaluate", "--release-id=", "--stage=20", "--rollout=demo"});
  ASSERT_TRUE(options) << options.error().text;
  EXPECT_EQ(options->question.release_id, "");
  EXPECT_EQ(options->question.stage, "20");
  EXPECT_EQ(options->question.rollout, "demo");
}

TEST(EvaluateOptionsTest, AnEmptyValueAtTheEndIsEmpty) {
  const auto options = Parse({"evaluate", "--stage=20", "--release-id="});
  ASSERT_TRUE(options) << options.error().text;
  EXPECT_EQ(options->question.release_id, "");
}

TEST(EvaluateOptionsTest, SettingsComeFromFlagsAndEnvironment) {
  const auto options = Parse({"evaluate", "--timing-hold=3s"},
                             {{"ROLLOUT_GATE_MC_URL", "http://mc"}, {"JOB_NAME", "job-1"}});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->flags, (evaluate::Overrides{{"timing.hold", "3s"}}));
  EXPECT_EQ(options->environment, (evaluate::Overrides{{"mc.url", "http://mc"}}));
  EXPECT_EQ(options->job_name, "job-1");
}

TEST(EvaluateOptionsTest, AUsageErrorSaysWhatAndWhereToLook) {
  const auto options = Parse({"evaluate", "--stagee=20"});
  ASSERT_FALSE(options);
  EXPECT_TRUE(options.error().is_error);
  EXPECT_FALSE(options.error().dry_run);
  EXPECT_THAT(options.error().text, HasSubstr("--stagee=20"));
  EXPECT_THAT(options.error().text, HasSubstr("--help"));
}

TEST(EvaluateOptionsTest, ADryRunIsRecognisedInABrokenCommandLineToo) {
  EXPECT_TRUE(Parse({"evaluate", "--nonsense", "--dry-run"}).error().dry_run);
  EXPECT_TRUE(Parse({"evaluate", "--nonsense", "--dry-run=true"}).error().dry_run);
  EXPECT_FALSE(Parse({"evaluate", "--nonsense", "--dry-run=false"}).error().dry_run);
}

TEST(EvaluateOptionsTest, DryRunCanBeSwitchedByItsValueInATemplate) {
  EXPECT_EQ(Parse({"evaluate", "--dry-run=true"})->mode, evaluate::Mode::kDryRun);
  EXPECT_EQ(Parse({"evaluate", "--dry-run=false"})->mode, evaluate::Mode::kEnforce);
}

TEST(EvaluateOptionsTest, HelpAndVersionAreNoErrors) {
  const auto help = Parse({"evaluate", "--help"});
  ASSERT_FALSE(help);
  EXPECT_FALSE(help.error().is_error);
  EXPECT_THAT(help.error().text, HasSubstr("Exit codes: 0 pass"));
  EXPECT_EQ(Parse({"--version"}).error().text, "rollout-gate 1.2.3");
}

}  // namespace
}  // namespace gate::cli
