#include "gate/cli/lint_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_platform.h"
#include "gate/lint/rule.h"

namespace gate::cli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kRollout =
    "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: demo}\n"
    "spec: {strategy: {blueGreen: {}}}\n";
constexpr const char* kTemplate =
    "apiVersion: argoproj.io/v1alpha1\nkind: AnalysisTemplate\nmetadata: {name: gate}\n"
    "spec: {metrics: [{name: a}]}\n";

class LintCommandTest : public testing::Test {
 protected:
  int Lint(const std::vector<std::string>& arguments) {
    return RunLint(arguments, "1.2.3", platform_);
  }

  FakePlatform platform_;
};

TEST_F(LintCommandTest, WarningsFailOnlyIfStrict) {
  platform_.files().Put("a.yaml", kRollout);
  EXPECT_EQ(Lint({"a.yaml"}), 0);
  EXPECT_THAT(platform_.out().lines,
              ElementsAre(AllOf(HasSubstr("a.yaml:4:18: warning: "), HasSubstr("[not-checked]"))));
  EXPECT_EQ(Lint({"a.yaml", "--strict"}), 1);
  EXPECT_EQ(Lint({"a.yaml", "--strict", "--ignore=not-checked"}), 0);
}

TEST_F(LintCommandTest, ErrorsFail) {
  platform_.files().Put("a.yaml", kTemplate);
  EXPECT_EQ(Lint({"a.yaml"}), 1);
  EXPECT_EQ(Lint({"--ignore", "template-invalid,job-ttl", "a.yaml"}), 0);
}

TEST_F(LintCommandTest, ReadsStandardInput) {
  platform_.input = kTemplate;
  EXPECT_EQ(Lint({"-"}), 1);
  EXPECT_THAT(platform_.out().lines, ElementsAre(HasSubstr("stdin:4:25: error: ")));
}

TEST_F(LintCommandTest, WhatCannotBeReadLeavesNothingOnStandardOutput) {
  platform_.files().Put("good.yaml", kTemplate);
  platform_.files().Put("bad.yaml", "a: [");
  EXPECT_EQ(Lint({"good.yaml", "missing.yaml", "-"}), 3);
  EXPECT_THAT(platform_.err().lines,
              ElementsAre(HasSubstr("missing.yaml"), HasSubstr("standard input")));
  EXPECT_EQ(Lint({"good.yaml", "bad.yaml"}), 3);
  EXPECT_THAT(platform_.err().lines.back(), HasSubstr("bad.yaml:1:"));
  EXPECT_THAT(platform_.out().lines, IsEmpty());
}

TEST_F(LintCommandTest, OtherFormatsAreForPrograms) {
  platform_.files().Put("a.yaml", kTemplate);
  EXPECT_EQ(Lint({"a.yaml", "--format=json"}), 1);
  EXPECT_THAT(platform_.out().lines.back(), HasSubstr("\"errors\": 1"));
  EXPECT_EQ(Lint({"a.yaml", "--format=sarif", "--docs-url=https://d.example"}), 1);
  EXPECT_THAT(platform_.out().lines.back(),
              AllOf(HasSubstr("\"2.1.0\""), HasSubstr("https://d.example#job-ttl")));
}

TEST_F(LintCommandTest, UsageErrorsSayWhatAndWhereToLook) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{}, "no FILE"},
      {{"a.yaml", "--ignore=gate-mising"}, "gate-mising"},
      {{"a.yaml", "--gate-budget=30"}, "--gate-budget"},
      {{"a.yaml", "--gate-hold=-1s"}, "--gate-hold"},
      {{"a.yaml", "--pod-start=25h"}, "--pod-start"},
      {{"a.yaml", "--gates=20,100"}, "--gates"},
      {{"a.yaml", "--format=xml"}, "--format"},
      {{"-", "-"}, "only once"},
  };
  for (const auto& [arguments, message] : cases) {
    FakePlatform platform;
    EXPECT_EQ(RunLint(arguments, "1", platform), 3) << message;
    EXPECT_THAT(platform.err().lines,
                ElementsAre(AllOf(HasSubstr(message), HasSubstr("rollout-gate lint --help"))));
  }
}

TEST_F(LintCommandTest, GatesAreAListOfWeights) {
  platform_.files().Put("a.yaml",
                        "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: demo, "
                        "labels: {release-id: a}}\nspec: {strategy: {canary: {}}}\n");
  EXPECT_EQ(Lint({"--gates", "30,70", "a.yaml"}), 1);
  EXPECT_THAT(platform_.out().lines,
              ElementsAre(AllOf(HasSubstr("setWeight 30"), HasSubstr("setWeight 70"))));
}

TEST_F(LintCommandTest, ListsItsRules) {
  EXPECT_EQ(Lint({"--list-rules"}), 0);
  EXPECT_EQ(platform_.out().lines.size(), lint::AllRules().size());
}

}  // namespace
}  // namespace gate::cli
