#include "harness/sim/campaign/case_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/sim/campaign/judge.h"

namespace drill::sim {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(CaseFileTest, IsAScenarioThatReadsBackAsItWasWritten) {
  for (std::uint64_t run = 0; run < 200; ++run) {
    const Case one = GenerateCase(1, run, nullptr);
    const std::string text = FormatCase(
        {"run-1-of-1", "A \"title\"", one, 0xABC, "gate-holds", 0x123}, "Run.\nTwo lines.");
    EXPECT_THAT(text, StartsWith("# Run.\n# Two lines.\n"));
    const auto scenario = ParseScenario(text, "case.yaml");
    ASSERT_TRUE(scenario) << scenario.error().message << "\n" << text;
    EXPECT_EQ(scenario->id, "run-1-of-1");
    EXPECT_EQ(scenario->title, "A \"title\"");
    ASSERT_TRUE(scenario->replay);
    EXPECT_EQ(scenario->replay->campaign_seed, 0xABCU);
    EXPECT_EQ(scenario->replay->trace, 0x123U);
    ASSERT_EQ(scenario->expectations.size(), 1U);
    EXPECT_EQ(Describe(scenario->expectations.front()),
              "never broken (invariant = \"gate-holds\")");
    const Case read = CaseOf(*scenario);
    EXPECT_EQ(read.seed, one.seed);
    EXPECT_EQ(read.ties, one.ties);
    EXPECT_EQ(read.argo, one.argo);
    EXPECT_EQ(read.faults, one.faults);
    EXPECT_EQ(read.scenario.gate_mode, one.scenario.gate_mode);
    EXPECT_EQ(read.scenario.replicas, one.scenario.replicas);
    EXPECT_EQ(read.scenario.max_surge, one.scenario.max_surge);
    EXPECT_EQ(read.scenario.shape.steps, one.scenario.shape.steps);
    EXPECT_EQ(McScriptOf(read), McScriptOf(one));
  }
}

TEST(CaseFileTest, WithoutABrokenInvariantNoneMustBreak) {
  const std::string text =
      FormatCase({"run-1-of-1", "t", GenerateCase(1, 5, nullptr), 1, "", std::nullopt}, "");
  EXPECT_THAT(text, HasSubstr("never: {event: broken}"));
  EXPECT_TRUE(ParseScenario(text, "case.yaml"));
}

TEST(CaseFileTest, EveryInvariantHasANameThatScenariosKnow) {
  for (std::size_t i = 0; i < kInvariants; ++i) {
    const std::string name(NameOf(static_cast<Invariant>(i)));
    const std::string text =
        FormatCase({"a", "t", GenerateCase(1, 5, nullptr), 1, name, std::nullopt}, "");
    EXPECT_TRUE(ParseScenario(text, "case.yaml")) << name;
  }
}

}  // namespace
}  // namespace drill::sim
