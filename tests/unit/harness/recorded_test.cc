#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "harness/fidelity/compare.h"
#include "harness/fidelity/trace_files.h"
#include "harness/scenario/load.h"

// The recordings of tests/fidelity: that they belong to the cases as they are, and that a
// comparison with them notices what a wrong model would do.
namespace drill {
namespace {

const std::string kCases = FIDELITY_FOLDER "/cases";

std::vector<MilestoneTrace> Recorded(const std::string& version) {
  auto traces = LoadTraces(FIDELITY_FOLDER "/recorded/" + version);
  GATE_CHECK(traces.has_value());
  return *std::move(traces);
}

class RecordedTest : public testing::TestWithParam<const char*> {
 protected:
  const std::vector<MilestoneTrace> traces_ = Recorded(GetParam());
};

// One for each folder in recorded/.
INSTANTIATE_TEST_SUITE_P(Versions, RecordedTest, testing::Values("v1.9.2", "v1.10.1"),
                         [](const auto& version) {
                           return std::string(version.param) == "v1.9.2" ? "Older" : "Newer";
                         });

TEST_P(RecordedTest, EveryCaseIsRecordedAsItIsNow) {
  const auto set = LoadScenarios({kCases});
  ASSERT_TRUE(set) << set.error().message;
  std::map<std::string, std::string> cases;
  for (const Scenario& scenario : set->scenarios) cases[scenario.id] = scenario.sha256;
  std::map<std::string, std::string> recorded;
  for (const MilestoneTrace& trace : traces_) recorded[trace.scenario] = trace.sha256;
  EXPECT_EQ(recorded, cases);
}

TEST_P(RecordedTest, ComesFromTheControllerThatTheFolderNames) {
  for (const MilestoneTrace& trace : traces_) {
    EXPECT_EQ(trace.backend, "kind");
    EXPECT_THAT(trace.controller, testing::EndsWith(std::string(":") + GetParam()));
  }
}

TEST_P(RecordedTest, AgreesWithItself) { EXPECT_TRUE(AllAgree(CompareTraces(traces_, traces_))); }

// Whether a run in which this had not happened would be another one. What is not is listed with its
// reasons in tests/fidelity/README.md.
bool Matters(const MilestoneTrace& trace, const Milestone& milestone) {
  const std::string& event = milestone.event;
  if (event == "replicas") return false;
  if (event == "rollout.phase") return milestone.fields.at("phase") != "Progressing";
  if (event == "verdict") return milestone.fields.at("verdict") != "inconclusive";
  if (event == "event" && milestone.fields.at("kind") == "Rollout") {
    return milestone.fields.at("reason") != "ScalingReplicaSet" && !trace.events_cut;
  }
  return true;
}

TEST_P(RecordedTest, WithoutAnyOneOfTheMilestonesThatMatterATraceDiffers) {
  std::size_t tried = 0;
  for (const MilestoneTrace& trace : traces_) {
    for (std::size_t i = 0; i < trace.milestones.size(); ++i) {
      if (!Matters(trace, trace.milestones[i])) continue;
      MilestoneTrace changed = trace;
      changed.milestones.erase(changed.milestones.begin() + static_cast<std::ptrdiff_t>(i));
      ++tried;
      EXPECT_FALSE(AllAgree(CompareTraces({trace}, {changed})))
          << trace.scenario << ": " << trace.milestones[i].event << " "
          << trace.milestones[i].fields.dump();
    }
  }
  EXPECT_GT(tried, 1000U);
}

TEST_P(RecordedTest, WithAnyOneOfTheMilestonesThatMatterTwiceATraceDiffers) {
  for (const MilestoneTrace& trace : traces_) {
    for (std::size_t i = 0; i < trace.milestones.size(); ++i) {
      const Milestone& milestone = trace.milestones[i];
      // The same phase again is none, and events of AnalysisRuns count once.
      if (!Matters(trace, milestone) || milestone.event == "rollout.phase") continue;
      if (milestone.event == "event" && milestone.fields.at("kind") == "AnalysisRun") continue;
      MilestoneTrace changed = trace;
      changed.milestones.insert(changed.milestones.begin() + static_cast<std::ptrdiff_t>(i),
                                milestone);
      EXPECT_FALSE(AllAgree(CompareTraces({trace}, {changed})))
          << trace.scenario << ": " << milestone.event << " " << milestone.fields.dump();
    }
  }
}

TEST_P(RecordedTest, WithOneReplicaMoreAtTheEndATraceDiffers) {
  for (const MilestoneTrace& trace : traces_) {
    MilestoneTrace changed = trace;
    // The last state is that of the end.
    const auto last = std::find_if(changed.milestones.rbegin(), changed.milestones.rend(),
                                   [](const auto& each) { return each.event == "replicas"; });
    ASSERT_NE(last, changed.milestones.rend()) << trace.scenario;
    for (const char* field : {"stableSpec", "stableAvailable"}) {
      last->fields[field] = last->fields.at(field).get<int>() + 1;
    }
    EXPECT_FALSE(AllAgree(CompareTraces({trace}, {changed}))) << trace.scenario;
  }
}

}  // namespace
}  // namespace drill
