#include "harness/sim/campaign/tally.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/sim/campaign/campaign.h"
#include "harness/sim/campaign/command.h"

namespace drill::sim {
namespace {

using testing::Contains;
using testing::Not;

CaseResult Passed(std::uint64_t trace) {
  CaseResult result;
  result.trace = trace;
  result.evaluated[0] = 2;
  result.marks[0] = true;
  result.faults.assign(KnownFaults().size(), 0);
  result.faults[3] = 1;
  return result;
}

CaseResult Failed(std::uint64_t trace) {
  CaseResult result = Passed(trace);
  result.violation = Violation{Invariant::kOneChain, std::chrono::seconds(3), "a gap"};
  return result;
}

TEST(TallyTest, IsTheSameInWhateverOrderItIsPutTogether) {
  Tally whole;
  for (std::uint64_t run = 0; run < 9; ++run) whole.Add(run, run == 4 ? Failed(run) : Passed(run));
  Tally even;
  Tally odd;
  for (std::uint64_t run = 9; run-- > 0;) {
    (run % 2 == 0 ? even : odd).Add(run, run == 4 ? Failed(run) : Passed(run));
  }
  odd.Merge(even);
  EXPECT_EQ(ToJson(odd), ToJson(whole));
  EXPECT_EQ(whole.passed, 8U);
  EXPECT_EQ(whole.failed, 1U);
  EXPECT_EQ(whole.evaluated[0], 18U);
}

TEST(TallyTest, TheTraceTellsWhichRunWentHow) {
  Tally a;
  a.Add(0, Passed(7));
  a.Add(1, Passed(8));
  Tally b;
  b.Add(0, Passed(8));
  b.Add(1, Passed(7));
  EXPECT_NE(a.trace, b.trace);
}

TEST(TallyTest, SurvivesJson) {
  Tally tally;
  tally.Add(2, Failed(5));
  tally.Add(3, Passed(6));
  const auto back = TallyFromJson(ToJson(tally));
  ASSERT_TRUE(back);
  EXPECT_EQ(ToJson(*back), ToJson(tally));
  ASSERT_EQ(back->failures.size(), 1U);
  EXPECT_EQ(back->failures[0].invariant, "one-chain");
  EXPECT_FALSE(TallyFromJson({{"passed", 1}}));
}

TEST(TallyTest, SaysWhatWasNeverReached) {
  Tally tally;
  tally.Add(0, Passed(1));
  const auto missing = tally.NeverReached();
  EXPECT_THAT(missing, Contains("restored"));
  EXPECT_THAT(missing, Contains("settles"));
  EXPECT_THAT(missing, Contains("api.throttled"));
  EXPECT_THAT(missing, Not(Contains("promoted")));
  EXPECT_THAT(missing, Not(Contains("gate-holds")));
  EXPECT_THAT(missing, Not(Contains("api.unanswered")));
}

TEST(CampaignTest, ShardsCoverAllRunsOnce) {
  for (const std::uint64_t runs : {0U, 1U, 7U, 100U}) {
    std::uint64_t next = 0;
    for (std::uint64_t i = 1; i <= 4; ++i) {
      CampaignPlan plan;
      plan.runs = runs;
      plan.shard = {i, 4};
      const RunRange range = RangeOf(plan);
      EXPECT_EQ(range.begin, next);
      EXPECT_LE(range.end - range.begin, runs / 4 + 1);
      next = range.end;
    }
    EXPECT_EQ(next, runs);
  }
}

TEST(CampaignTest, ReadsAShard) {
  const auto shard = ParseShard("2/4");
  ASSERT_TRUE(shard);
  EXPECT_EQ(shard->index, 2U);
  EXPECT_EQ(shard->of, 4U);
  for (const char* text : {"", "2", "/4", "2/", "0/4", "5/4", "2/4x", "-1/4"}) {
    EXPECT_FALSE(ParseShard(text)) << text;
  }
}

TEST(CampaignTest, AnIndexedJobCountsItsShardsFromZero) {
  CampaignOptions options;
  options.shard = "2/3";
  ASSERT_TRUE(ShardOf(options));
  EXPECT_EQ(ShardOf(options)->index, 2U);
  options.shards = 4;
  ASSERT_FALSE(ShardOf(options));
  EXPECT_THAT(ShardOf(options).error().message, testing::HasSubstr("JOB_COMPLETION_INDEX"));
  options.shard_index = 0;
  EXPECT_EQ(ShardOf(options)->index, 1U);
  options.shard_index = 3;
  EXPECT_EQ(ShardOf(options)->index, 4U);
  EXPECT_EQ(ShardOf(options)->of, 4U);
  options.shard_index = 4;
  EXPECT_FALSE(ShardOf(options));
}

}  // namespace
}  // namespace drill::sim
