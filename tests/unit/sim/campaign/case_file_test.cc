#include "harness/sim/campaign/case_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drill::sim {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(CaseFileTest, ReadsBackWhatWasWritten) {
  for (std::uint64_t run = 0; run < 200; ++run) {
    const Case one = GenerateCase(1, run, nullptr);
    const std::string text = FormatCase({one, 0xABC, "gate-holds", 0x123}, "Run.\nTwo lines.");
    const auto file = ParseCase(text, "case.yaml");
    ASSERT_TRUE(file) << file.error().message << "\n" << text;
    EXPECT_EQ(file->campaign_seed, 0xABCU);
    EXPECT_EQ(file->breaks, "gate-holds");
    EXPECT_EQ(file->trace, 0x123U);
    EXPECT_EQ(file->one.seed, one.seed);
    EXPECT_EQ(file->one.ties, one.ties);
    EXPECT_EQ(file->one.argo, one.argo);
    EXPECT_EQ(file->one.faults, one.faults);
    EXPECT_EQ(file->one.scenario.replicas, one.scenario.replicas);
    EXPECT_EQ(file->one.scenario.max_surge, one.scenario.max_surge);
    EXPECT_EQ(file->one.scenario.shape.steps, one.scenario.shape.steps);
    EXPECT_EQ(McScriptOf(file->one), McScriptOf(one));
    EXPECT_THAT(text, StartsWith("# Run.\n# Two lines.\n"));
  }
}

TEST(CaseFileTest, TellsEveryMistakeWithItsPlace) {
  const auto file = ParseCase(
      "apiVersion: drill/v1\nkind: Scenario\nseed: xyz\n"
      "world:\n  releases: {stable: a, canary: b}\n  mc: {}\n"
      "faults:\n  - {kind: api.throtled, at: 1s}\n  - {kind: api.lost, at: 1s, for: 2s}\n"
      "  - {kind: argo.restart, at: -1s}\n  - {kind: argo.down, at: 1s, for: 1s, share: 3}\n",
      "case.yaml");
  ASSERT_FALSE(file);
  const std::string& message = file.error().message;
  EXPECT_THAT(message, HasSubstr("case.yaml:2:7: expected Case"));
  EXPECT_THAT(message, HasSubstr("case.yaml:3:7: expected up to 16 hexadecimal digits"));
  EXPECT_THAT(message,
              HasSubstr("unknown fault \"api.throtled\"; did you mean \"api.throttled\"?"));
  EXPECT_THAT(message, HasSubstr("case.yaml:9:5"));  // no share
  EXPECT_THAT(message, HasSubstr("case.yaml:10:30: must not be negative"));
  EXPECT_THAT(message, HasSubstr("case.yaml:11:"));  // no such key
}

}  // namespace
}  // namespace drill::sim
