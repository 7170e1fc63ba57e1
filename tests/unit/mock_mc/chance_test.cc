#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <set>
#include <thread>

#include "mock-mc/behaviour/draw.h"
#include "mock-mc/behaviour/engine.h"
#include "tests/unit/mock_mc/support.h"

// What happens now and then, and what changes with time.
namespace mock_mc::testing {
namespace {

using gate::Nanos;
using std::chrono::milliseconds;
using std::chrono::seconds;

// How many of the requests first, first + 1, ... first + count - 1 fire.
int CountFiring(const Odds& odds, std::uint64_t first, std::uint64_t count,
                std::string_view key = "k") {
  int fired = 0;
  for (std::uint64_t n = first; n < first + count; ++n) {
    fired += DrawOdds(odds, {7, "", "rule", key, n}, "sometimes-1").fires ? 1 : 0;
  }
  return fired;
}

TEST(OddsTest, ProbabilityZeroNeverFiresAndOneAlways) {
  EXPECT_EQ(CountFiring(Probability{0}, 1, 10'000), 0);
  EXPECT_EQ(CountFiring(Probability{1}, 1, 10'000), 10'000);
}

TEST(OddsTest, AProbabilityIsMetInTheLongRun) {
  EXPECT_NEAR(CountFiring(Probability{0.3}, 1, 20'000) / 20'000.0, 0.3, 0.015);
}

TEST(OddsTest, AnExactShareIsMetInEachBlock) {
  for (const std::uint32_t of : {1U, 2U, 7U, 10U}) {
    for (std::uint32_t hits = 0; hits <= of; ++hits) {
      for (std::uint64_t block = 0; block < 50; ++block) {
        ASSERT_EQ(CountFiring(ExactShare{hits, of}, 1 + block * of, of), static_cast<int>(hits))
            << hits << "/" << of << " in block " << block;
      }
    }
  }
}

TEST(OddsTest, ExactSharesAreShuffledFairly) {
  constexpr int kBlocks = 5'000;
  std::array<int, 10> at_place{};
  std::set<std::vector<bool>> patterns;
  for (int block = 0; block < kBlocks; ++block) {
    std::vector<bool> pattern;
    for (std::size_t place = 0; place < at_place.size(); ++place) {
      const std::uint64_t n = static_cast<std::uint64_t>(block) * 10 + place + 1;
      const bool fires = DrawOdds(ExactShare{3, 10}, {7, "", "rule", "k", n}, "c").fires;
      pattern.push_back(fires);
      at_place[place] += fires ? 1 : 0;
    }
    patterns.insert(pattern);
  }
  EXPECT_EQ(patterns.size(), 120U) << "all ways to choose 3 of 10";
  for (const int count : at_place) EXPECT_NEAR(count / double{kBlocks}, 0.3, 0.03);
}

TEST(OddsTest, KeysAndSpacesHaveShufflesOfTheirOwn) {
  const auto pattern = [](std::string_view space, std::string_view key) {
    std::vector<bool> fires;
    for (std::uint64_t n = 1; n <= 100; ++n) {
      fires.push_back(DrawOdds(ExactShare{5, 10}, {7, space, "rule", key, n}, "c").fires);
    }
    return fires;
  };
  EXPECT_EQ(pattern("a", "k"), pattern("a", "k"));
  EXPECT_NE(pattern("a", "k"), pattern("b", "k"));
  EXPECT_NE(pattern("a", "k"), pattern("a", "l"));
}

TEST(ChanceTest, ThreeOfEachTenRequestsOfAKeyAreAnsweredOtherwise) {
  Engine engine = NewEngine(
      WithGoodAndBad("rules: [{respond: good, sometimes: [{exact: 3/10, status: 503}]}]"));
  for (int block = 0; block < 20; ++block) {
    std::map<std::string, int> seen;
    for (int i = 0; i < 10; ++i) ++seen[ResponseTo(engine, Ask("r"))];
    EXPECT_EQ(seen, (std::map<std::string, int>{{"good", 7}, {"rule-1/2", 3}}));
  }
}

TEST(ChanceTest, OnlyDelayAndFaultCanBeOtherThanUsual) {
  Engine engine = NewEngine(WithGoodAndBad(
      "rules: [{respond: good, delay: 1s, sometimes: [{probability: 1, fault: reset}]}]"));
  const Decision decision = DecisionOf(engine, Ask("r"));
  EXPECT_EQ(decision.response, "good");
  EXPECT_EQ(decision.evidence_ok, true);
  EXPECT_EQ(decision.fault, "reset");
  EXPECT_EQ(decision.delay, seconds(1));
}

TEST(ChanceTest, TheFirstChanceThatHappensCounts) {
  Engine engine = NewEngine(
      WithGoodAndBad("rules: [{respond: good, sometimes: [{probability: 0, status: 500},"
                     " {probability: 1, respond: bad}, {probability: 1, status: 502}]}]"));
  const Decision decision = DecisionOf(engine, Ask("r"));
  EXPECT_EQ(decision.response, "bad");
  ASSERT_EQ(decision.draws.size(), 2U);
  EXPECT_EQ(decision.draws[0].first, "sometimes-1");
  EXPECT_EQ(decision.draws[1].first, "sometimes-2");
  EXPECT_NE(decision.draws[0].second.find(">= 0"), std::string::npos) << decision.draws[0].second;
}

TEST(ChanceTest, OneOfSeveralAlternativesIsDrawn) {
  Engine engine = NewEngine(WithGoodAndBad(
      "rules: [{respond: good, sometimes: [{probability: 1, any: [bad, {status: 503},"
      " {fault: {reset: {afterBytes: 40}}}]}]}]"));
  std::map<std::string, int> seen;
  for (int i = 0; i < 600; ++i) {
    const Decision decision = DecisionOf(engine, Ask("r"));
    ++seen[decision.response + decision.fault];
  }
  ASSERT_EQ(seen.size(), 3U);
  for (const auto& [what, count] : seen) EXPECT_NEAR(count, 200, 50) << what;
}

TEST(ChanceTest, AnItemCountsItsOwnRequestsAndGoesBeforeTheRule) {
  Engine engine = NewEngine(
      WithGoodAndBad("rules: [{sometimes: [{probability: 1, status: 500}],"
                     " sequence: [{respond: good, times: 3}, {respond: good, sometimes: []},"
                     " {respond: bad, sometimes: [{exact: 1/2, status: 503}]}]}]"));
  // The rule's for the first item only: the second has none of its own, the third another.
  for (int i = 0; i < 3; ++i) EXPECT_EQ(DecisionOf(engine, Ask("r")).status, 500);
  EXPECT_EQ(DecisionOf(engine, Ask("r")).status, 200);
  for (int block = 0; block < 10; ++block) {
    const int first = DecisionOf(engine, Ask("r")).status;
    const int second = DecisionOf(engine, Ask("r")).status;
    EXPECT_EQ(first + second, 200 + 503);
  }
}

TEST(FlapTest, FlapsWithPeriodDutyAndPhase) {
  Engine engine = NewEngine(WithGoodAndBad(
      "rules: [{since: start, flap: {between: [good, bad], period: 10s, duty: 0.3}}]"));
  EXPECT_EQ(ResponseTo(engine, Ask("r"), seconds(0)), "good");
  EXPECT_EQ(ResponseTo(engine, Ask("r"), seconds(3) - Nanos(1)), "good");
  EXPECT_EQ(ResponseTo(engine, Ask("r"), seconds(3)), "bad");
  EXPECT_EQ(ResponseTo(engine, Ask("r"), seconds(10) - Nanos(1)), "bad");
  EXPECT_EQ(ResponseTo(engine, Ask("r"), seconds(10)), "good");
  EXPECT_EQ(ResponseTo(engine, Ask("other"), seconds(1'000'003)), "bad");

  Engine shifted = NewEngine(WithGoodAndBad(
      "rules: [{since: start, flap: {between: [good, bad], period: 10s, phase: 9s}}]"));
  EXPECT_EQ(ResponseTo(shifted, Ask("r"), seconds(0)), "bad");
  EXPECT_EQ(ResponseTo(shifted, Ask("r"), seconds(1)), "good");
  EXPECT_EQ(ResponseTo(shifted, Ask("r"), seconds(6)), "bad");
}

TEST(FlapTest, DutyZeroIsNeverAndOneAlwaysTheFirst) {
  Engine never =
      NewEngine(WithGoodAndBad("rules: [{flap: {between: [good, bad], period: 10ms, duty: 0}}]"));
  Engine always =
      NewEngine(WithGoodAndBad("rules: [{flap: {between: [good, bad], period: 10ms, duty: 1}}]"));
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(ResponseTo(never, Ask("r"), milliseconds(i)), "bad");
    EXPECT_EQ(ResponseTo(always, Ask("r"), milliseconds(i)), "good");
  }
}

TEST(FlapTest, WithinATimelineItBeginsWithItsItem) {
  Engine engine = NewEngine(
      WithGoodAndBad("rules: [{timeline: [{for: 7s, respond: good},"
                     " {for: 20s, flap: {between: [bad, {status: 503}], period: 4s}}, good]}]"));
  EXPECT_EQ(DecisionOf(engine, Ask("r"), seconds(100)).response, "good");
  EXPECT_EQ(DecisionOf(engine, Ask("r"), seconds(107)).response, "bad");
  EXPECT_EQ(DecisionOf(engine, Ask("r"), seconds(109)).status, 503);
  EXPECT_EQ(DecisionOf(engine, Ask("r"), seconds(111)).response, "bad");
  EXPECT_EQ(DecisionOf(engine, Ask("r"), seconds(127)).response, "good");
}

TEST(OverrideTest, EndsByItselfAfterItsTime) {
  Engine engine = NewEngine(WithGoodAndBad("rules: [{respond: good}]"));
  const Override no{std::nullopt, "r", std::nullopt, false, seconds(30)};
  ASSERT_TRUE(engine.SetOverride(no, At(seconds(10))));
  EXPECT_EQ(ResponseTo(engine, Ask("r"), seconds(10)), "flip/false");
  EXPECT_EQ(ResponseTo(engine, Ask("r"), seconds(40) - Nanos(1)), "flip/false");
  EXPECT_EQ(ResponseTo(engine, Ask("r"), seconds(40)), "good");
  Override end = no;
  end.ok.reset();
  end.lasts.reset();
  const auto ended = engine.SetOverride(end, At(seconds(40)));
  ASSERT_FALSE(ended) << "it is gone already";
  EXPECT_EQ(ended.error().code, gate::ErrorCode::kNotFound);
}

TEST(OverrideTest, SettingItAgainBeginsItsTimeAnew) {
  Engine engine = NewEngine(WithGoodAndBad("rules: [{respond: good}]"));
  const Override no{std::nullopt, "r", std::nullopt, false, seconds(30)};
  ASSERT_TRUE(engine.SetOverride(no, At(seconds(0))));
  ASSERT_TRUE(engine.SetOverride(no, At(seconds(20))));
  EXPECT_EQ(ResponseTo(engine, Ask("r"), seconds(49)), "flip/false");
  EXPECT_EQ(ResponseTo(engine, Ask("r"), seconds(50)), "good");
}

// ---- the same script and requests, whatever the threads do

constexpr std::string_view kEverythingDrawn =
    "rules:\n"
    "  - id: drawn\n"
    "    match: {stage: \"20\"}\n"
    "    respond: good\n"
    "    delay: {lognormal: {median: 20ms, sigma: 1}}\n"
    "    sometimes:\n"
    "      - {probability: 0.2, any: [bad, {status: 503}, {fault: reset}]}\n"
    "      - {exact: 3/10, fault: {close: {afterBytes: 10}}, delay: {uniform: [1ms, 9ms]}}\n"
    "  - id: turns\n"
    "    match: {stage: \"50\"}\n"
    "    sometimes: [{exact: 1/4, status: 500}]\n"
    "    sequence:\n"
    "      - {respond: good, times: 20, sometimes: [{exact: 1/5, status: 502}]}\n"
    "      - {respond: bad, times: 10}\n"
    "      - {status: 503, delay: {uniform: [1ms, 1s]}}\n";

// All that was decided about each request of each key, by its number.
using Decisions = std::map<std::string, std::string>;

std::string TextOf(const Decision& decision) {
  std::string text = decision.response + " " + std::to_string(decision.status) + " " +
                     decision.fault + " " + gate::FormatDuration(decision.delay);
  for (const auto& [what, outcome] : decision.draws) text += " " + what + "=" + outcome;
  return text;
}

std::vector<Request> RequestsOfManyKeys() {
  std::vector<Request> requests;
  for (int i = 0; i < 64; ++i) {
    for (const char* release : {"a", "b", "c", "d"}) {
      for (const char* stage : {"20", "50"}) {
        requests.push_back(Ask(release, stage));
        requests.back().headers.emplace_back("X-Run", i % 2 == 0 ? "even" : "odd");
      }
    }
  }
  return requests;
}

Decisions DecideWithThreads(const std::vector<Request>& requests, std::size_t threads) {
  Engine engine = NewEngine("space: {header: X-Run}\n" + WithGoodAndBad(kEverythingDrawn));
  std::vector<Decision> decisions(requests.size());
  std::atomic<std::size_t> next{0};
  std::vector<std::thread> workers;
  for (std::size_t i = 0; i < threads; ++i) {
    workers.emplace_back([&] {
      for (std::size_t mine = next++; mine < requests.size(); mine = next++) {
        decisions[mine] = DecisionOf(engine, requests[mine]);
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  Decisions by_key;
  for (const Decision& decision : decisions) {
    const std::string at = decision.space + " " + decision.rule + " " + decision.key + " " +
                           std::to_string(decision.n);
    EXPECT_TRUE(by_key.emplace(at, TextOf(decision)).second) << at << " was decided twice";
  }
  return by_key;
}

TEST(DeterminismTest, ManyThreadsDecideAsOneDoes) {
  const std::vector<Request> requests = RequestsOfManyKeys();
  const Decisions alone = DecideWithThreads(requests, 1);
  EXPECT_EQ(alone.size(), requests.size());
  EXPECT_EQ(DecideWithThreads(requests, 64), alone);
}

TEST(DeterminismTest, AnotherOrderOfTheRequestsDecidesTheSamePerKey) {
  std::vector<Request> requests = RequestsOfManyKeys();
  const Decisions in_order = DecideWithThreads(requests, 1);
  std::reverse(requests.begin(), requests.end());
  EXPECT_EQ(DecideWithThreads(requests, 2), in_order);
  std::sort(requests.begin(), requests.end(),
            [](const Request& a, const Request& b) { return a.target < b.target; });
  EXPECT_EQ(DecideWithThreads(requests, 2), in_order);
}

}  // namespace
}  // namespace mock_mc::testing
