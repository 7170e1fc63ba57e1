#include "harness/sim/campaign/case.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "harness/sim/campaign/case_file.h"

namespace drill::sim {
namespace {

std::string TextOf(const Case& one) { return FormatCase({"a", "t", one, 1, "", std::nullopt}, ""); }

TEST(CaseTest, IsAFunctionOfSeedAndRun) {
  EXPECT_EQ(TextOf(GenerateCase(1, 5, nullptr)), TextOf(GenerateCase(1, 5, nullptr)));
  EXPECT_NE(TextOf(GenerateCase(1, 5, nullptr)), TextOf(GenerateCase(1, 6, nullptr)));
  EXPECT_NE(TextOf(GenerateCase(1, 5, nullptr)), TextOf(GenerateCase(2, 5, nullptr)));
}

TEST(CaseTest, DrawsEveryFaultAndEveryAnswerSoonerOrLater) {
  std::set<FaultKind> kinds;
  std::set<McAnswer> answers;
  std::size_t without_faults = 0;
  std::size_t services = 0;
  for (std::uint64_t run = 0; run < 2000; ++run) {
    const Case one = GenerateCase(3, run, nullptr);
    if (one.scenario.gate_mode == GateMode::kService) ++services;
    if (one.faults.empty()) ++without_faults;
    for (const Fault& fault : one.faults) kinds.insert(fault.kind);
    for (const McStage& stage : one.mc) {
      for (const McTurn& turn : stage.turns) answers.insert(turn.answer);
    }
  }
  EXPECT_EQ(kinds.size(), KnownFaults().size());
  EXPECT_EQ(answers.size(), kMcAnswers);
  EXPECT_GT(without_faults, 200U);
  EXPECT_GT(services, 500U);
  EXPECT_LT(services, 700U);
}

TEST(CaseTest, StaysWithinWhatARolloutTakes) {
  for (std::uint64_t run = 0; run < 500; ++run) {
    const Case one = GenerateCase(4, run, nullptr);
    EXPECT_GE(one.scenario.replicas, 1);
    EXPECT_LE(one.scenario.replicas, 20);
    for (const Fault& fault : one.faults) {
      EXPECT_GE(fault.at, gate::Nanos(0));
      EXPECT_GE(fault.length, gate::Nanos(0));
      if (InfoOf(fault.kind).parameter != FaultInfo::Parameter::kShare) continue;
      EXPECT_GT(fault.amount, 0);
      EXPECT_LE(fault.amount, kWholeShare);
    }
  }
}

TEST(CaseTest, KeepsTheWorldOfAScenario) {
  Scenario base = GeneratedWorld();
  base.replicas = 9;
  base.mc_script = {{"rules", gate::Json::array()}};
  const Case one = GenerateCase(1, 5, &base);
  EXPECT_EQ(one.scenario.replicas, 9);
  EXPECT_TRUE(one.mc.empty());
  EXPECT_EQ(McScriptOf(one), base.mc_script);
}

TEST(CaseTest, FindsTheGatesOfARollout) {
  const gate::Json spec = gate::Json::parse(R"({"strategy": {"canary": {"steps": [
      {"setWeight": 20},
      {"analysis": {"args": [{"name": "release-id"}, {"name": "stage", "value": "20"}]}},
      {"pause": {}},
      {"analysis": {"args": [{"name": "stage", "value": "50"}]}}]}}})");
  const auto gates = GatesOf(spec);
  ASSERT_EQ(gates.size(), 2U);
  EXPECT_EQ(gates[0].index, 1);
  EXPECT_EQ(gates[0].stage, "20");
  EXPECT_EQ(gates[1].index, 3);
  EXPECT_EQ(gates[1].stage, "50");
  EXPECT_TRUE(GatesOf(gate::Json::object()).empty());
}

}  // namespace
}  // namespace drill::sim
