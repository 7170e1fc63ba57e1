#include "harness/scenario/fault.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string_view>

#include "harness/scenario/parse_fault.h"
#include "harness/scenario/scenario.h"
#include "harness/scenario/timeline.h"
#include "tests/unit/harness/scenario_mistakes.h"

namespace drill {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(FaultTest, EveryKindHasANameOfItsOwnThatReadsBack) {
  std::set<std::string_view> names;
  for (const FaultInfo& info : KnownFaults()) {
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_EQ(ParseFaultKind(info.name), info.kind) << info.name;
  }
  EXPECT_EQ(ParseFaultKind("api.nothing"), std::nullopt);
}

TEST(FaultTest, SaysHowLongAndHowMuch) {
  const Fault throttled{FaultKind::kApiThrottled, 3s, 10s, 200'000};
  EXPECT_EQ(Describe(throttled), "api.throttled 20% from 3s for 10s");
  EXPECT_EQ(DescribeUntimed(throttled), "api.throttled 20% for 10s");
  EXPECT_EQ(DescribeWhat(throttled), "api.throttled 20%");
  EXPECT_EQ(Describe({FaultKind::kArgoRestart, 3s}), "argo.restart from 3s");
  EXPECT_EQ(Describe({FaultKind::kGateCrash, 0s, 0s, 17, 1}),
            "gate.crash of process 1 at its call 17");
  EXPECT_EQ(Describe({FaultKind::kGateCrash, 0s, 0s, 1, 0, "kube.patch"}),
            "gate.crash of process 0 at its call 1 of kube.patch");
  EXPECT_EQ(Describe({FaultKind::kGateClockSkew, 0s, 0s, gate::Nanos(-2s).count()}),
            "gate.clock-skew -2s");
}

// --- In a scenario ------------------------------------------------------------------------------

constexpr std::string_view kWithoutTimeline =
    "apiVersion: drill/v1\nkind: Scenario\nid: a\ntitle: a\nworld:\n"
    "  releases: {stable: shop-1.4.0, canary: shop-1.5.0}\n  mc: {}\n"
    "expect: [{id: a, never: {event: promoted}}]\n";

gate::Result<Scenario> ParseTimeline(const std::string& timeline,
                                     const std::string& backends = "backends: [sim]\n") {
  return ParseScenario(std::string(kWithoutTimeline) + backends + "timeline:\n" + timeline,
                       "s.yaml");
}

// What was wrong, one mistake per element. The timeline begins in line 11.
std::vector<std::string> TimelineMistakes(const std::string& timeline,
                                          const std::string& backends = "backends: [sim]\n") {
  return MistakesOf(ParseTimeline(timeline, backends));
}

Fault OfEveryParameter(const FaultInfo& info) {
  Fault fault{.kind = info.kind};
  if (info.extent == FaultInfo::Extent::kSpan) fault.length = 1500ms;
  switch (info.parameter) {
    case FaultInfo::Parameter::kNone:
      break;
    case FaultInfo::Parameter::kShare:
      fault.amount = 123'456;
      break;
    case FaultInfo::Parameter::kSkew:
      fault.amount = gate::Nanos(-1500ms).count();
      break;
    case FaultInfo::Parameter::kSlowness:
      fault.amount = 101;
      break;
    case FaultInfo::Parameter::kSeam:
      fault.amount = 3;
      fault.process = 2;
      fault.seam = "http.send";
      break;
  }
  return fault;
}

TEST(FaultInScenarioTest, EveryKindReadsBackAsItWasWritten) {
  for (const FaultInfo& info : KnownFaults()) {
    const Fault fault = OfEveryParameter(info);
    const auto scenario = ParseTimeline("- {at: 0s, do: " + FormatFaultAction(fault) + "}\n");
    ASSERT_TRUE(scenario) << scenario.error().message;
    EXPECT_THAT(FaultsIn(scenario->timeline), ElementsAre(Fault{.kind = info.kind,
                                                                .length = fault.length,
                                                                .amount = fault.amount,
                                                                .process = fault.process,
                                                                .seam = fault.seam}))
        << info.name;
  }
}

TEST(FaultInScenarioTest, TakesSharesFromAMillionthToTheWhole) {
  const auto share = [](const std::string& text) {
    const auto scenario =
        ParseTimeline("- {at: 1s, do: {fault: {kind: api.lost, for: 1s, share: " + text + "}}}\n");
    return scenario ? FaultsIn(scenario->timeline).front().amount : -1;
  };
  EXPECT_EQ(share("100%"), 1'000'000);
  EXPECT_EQ(share("100.0%"), 1'000'000);
  EXPECT_EQ(share("0.0001%"), 1);
  EXPECT_EQ(share("12.5%"), 125'000);
  for (const char* bad : {"0%", "100.0001%", "101%", "0.00001%", "1.%", ".5%", "20", "-1%", "+1%",
                          "1e1%", "99999999999999999999%", "\"\""}) {
    EXPECT_EQ(share(bad), -1) << bad;
  }
}

TEST(FaultInScenarioTest, WaitsForAnEventLikeEveryOtherAction) {
  const auto scenario = ParseTimeline(
      "- {on: {event: rollout.aborted}, after: 2s, do: {fault: {kind: argo.restart}}}\n"
      "- {at: 3s, do: rotate-token}\n");
  ASSERT_TRUE(scenario) << scenario.error().message;
  EXPECT_EQ(Describe(scenario->timeline[0]), "argo.restart 2s after rollout.aborted");
  EXPECT_EQ(NameOf(scenario->timeline[0].action), "fault");
  EXPECT_THAT(FaultsIn(scenario->timeline),
              ElementsAre(Fault{.kind = FaultKind::kArgoRestart},
                          Fault{.kind = FaultKind::kTokenRotated, .at = 3s}));
}

TEST(FaultInScenarioTest, TellsEveryMistakeWithItsPlace) {
  EXPECT_THAT(
      TimelineMistakes(
          "- {at: 1s, do: {fault: {kind: api.losst, for: 1s, share: 20%}}}\n"
          "- {at: 1s, do: {fault: {kind: api.lost, for: 0s}}}\n"
          "- {at: 1s, do: {fault: {kind: argo.restart, for: 1s}}}\n"
          "- {at: 1s, do: {fault: {kind: token.rotated}}}\n"
          "- {at: 1s, do: {fault: {kind: pods.slow, for: 1s, percent: 100}}}\n"
          "- {at: 0s, do: {fault: {kind: gate.clock-skew, skew: 0s}}}\n"
          "- {at: 0s, do: {fault: {kind: gate.crash, process: -1, call: 0, of: kube.pach}}}\n"
          "- {at: 0s, do: {fault: api.lost}}\n"),
      ElementsAre("s.yaml:11:31: unknown fault \"api.losst\"; did you mean \"api.lost\"?",
                  "s.yaml:12:46: must be longer than 0s", "s.yaml:12:24: \"share\" is missing",
                  HasSubstr("s.yaml:13:45: unknown key \"for\""),
                  "s.yaml:14:31: token.rotated is an action: write `do: rotate-token`",
                  "s.yaml:15:60: must be between 101 and 100000",
                  "s.yaml:16:54: must be up to 24h, before or behind, and not 0s",
                  "s.yaml:17:52: must be between 0 and 1000",
                  "s.yaml:17:69: unknown call \"kube.pach\"; did you mean \"kube.patch\"?",
                  "s.yaml:18:24: expected a map, found a scalar"));
}

TEST(FaultInScenarioTest, AFaultWithoutAnythingIsNone) {
  EXPECT_THAT(TimelineMistakes("- {at: 0s, do: {fault: }}\n"),
              ElementsAre(HasSubstr("\"kind\" is missing")));
}

TEST(FaultInScenarioTest, NeedsABackendThatCanDoIt) {
  const std::string fault = "- {at: 1s, do: {fault: {kind: argo.restart}}}\n";
  const std::string mistake =
      ": argo.restart exists only in the simulator: a scenario with it needs `backends: [sim]`";
  EXPECT_THAT(TimelineMistakes(fault), IsEmpty());
  EXPECT_THAT(TimelineMistakes(fault, ""), ElementsAre("s.yaml:10:16" + mistake));
  EXPECT_THAT(TimelineMistakes(fault, "backends: [sim, kind]\n"),
              ElementsAre("s.yaml:11:16" + mistake));
}

TEST(FaultInScenarioTest, WhatIsThereFromTheStartHasNoOtherTime) {
  const std::string mistake = " is there from the start: write `at: 0s`";
  EXPECT_THAT(
      TimelineMistakes(
          "- {at: 1ns, do: {fault: {kind: mc.clock-skew, skew: 1s}}}\n"
          "- {on: {event: restored}, do: {fault: {kind: gate.crash, process: 0, call: 0}}}\n"
          "- {at: 0s, do: {fault: {kind: argo.clock-skew, skew: -24h}}}\n"),
      ElementsAre("s.yaml:11:17: mc.clock-skew" + mistake, "s.yaml:12:31: gate.crash" + mistake));
}

}  // namespace
}  // namespace drill
