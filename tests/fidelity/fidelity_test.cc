// The simulator held against what real controllers were recorded to do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "harness/fidelity/compare.h"
#include "harness/fidelity/divergences.h"
#include "harness/fidelity/trace_files.h"
#include "harness/scenario/load.h"
#include "tests/support/program.h"
#include "tests/support/temp_folder.h"

namespace drill {
namespace {

const std::string kCases = FIDELITY_FOLDER "/cases";
const std::string kRecorded = FIDELITY_FOLDER "/recorded/";

std::vector<Divergence> Listed() {
  auto listed = LoadDivergences(FIDELITY_FOLDER "/divergences.yaml");
  EXPECT_TRUE(listed) << listed.error().message;
  return listed ? *std::move(listed) : std::vector<Divergence>();
}

class FidelityTest : public testing::TestWithParam<const char*> {};

// One for each folder in recorded/.
INSTANTIATE_TEST_SUITE_P(Versions, FidelityTest, testing::Values("v1.9.2", "v1.10.1"),
                         [](const auto& version) {
                           return std::string(version.param) == "v1.9.2" ? "Older" : "Newer";
                         });

TEST_P(FidelityTest, TheSimulatorDiffersFromTheControllerOnlyWhereItIsListed) {
  const test_support::TempFolder folder;
  const std::string report = folder.path() + "/report";
  const auto played = test_support::RunProgram(
      {{GATE_DRILL_PROGRAM, "run", "--backend", "sim", "--argo-version", GetParam(), "--seed", "1",
        "--jobs", "2", "--scenarios", kCases, "--report", report}});
  ASSERT_EQ(played.exit_code, 0) << played.out << played.err;
  const auto simulated = LoadTraces(report);
  ASSERT_TRUE(simulated) << simulated.error().message;
  const auto recorded = LoadTraces(kRecorded + GetParam());
  ASSERT_TRUE(recorded) << recorded.error().message;

  const auto agreements = CompareTraces(*simulated, *recorded);
  EXPECT_THAT(Contradictions(agreements, Listed()), testing::IsEmpty())
      << "A is the simulator, B the controller\n"
      << RenderAgreements(agreements);
}

TEST(DivergencesFileTest, EveryEntryIsAboutAScenarioThatExists) {
  const auto set = LoadScenarios({kCases, SCENARIO_FOLDER});
  ASSERT_TRUE(set) << set.error().message;
  std::set<std::string> ids;
  for (const Scenario& scenario : set->scenarios) ids.insert(scenario.id);
  for (const Divergence& each : Listed()) {
    EXPECT_TRUE(ids.contains(each.scenario)) << each.where << ": " << each.scenario;
    EXPECT_THAT(each.argo, testing::AnyOf("1.9", "1.10")) << each.where;
  }
}

}  // namespace
}  // namespace drill
