#include "harness/fidelity/divergences.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/fidelity/table.h"

namespace drill {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

MilestoneTrace ATrace(const std::string& scenario, const std::string& controller,
                      const std::string& phase, const std::string& release = "a") {
  return {scenario,
          "abc",
          controller.empty() ? "sim" : "kind",
          controller,
          false,
          {{std::chrono::seconds(1), "rollout.phase", {{"phase", phase}, {"message", ""}}},
           {std::chrono::seconds(2), "restored", {{"release", release}}}}};
}

const std::string kNewer = "registry:5000/argo-rollouts:v1.10.1";
const std::string kOlder = "quay.io/argoproj/argo-rollouts:v1.9.2";

std::vector<Divergence> List(const std::string& text) {
  auto list = ParseDivergences(text, "list.yaml");
  EXPECT_TRUE(list) << list.error().message;
  return list ? *std::move(list) : std::vector<Divergence>();
}

const char* const kList =
    "- {scenario: F-1, argo: ['1.9', '1.10'], track: rollout, reason: It cannot}\n";

// --- The file -----------------------------------------------------------------------------------

TEST(DivergencesTest, AnEntryHoldsForEachVersionThatItNames) {
  const auto list = List(kList);
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].scenario, "F-1");
  EXPECT_EQ(list[0].argo, "1.9");
  EXPECT_EQ(list[1].argo, "1.10");
  EXPECT_EQ(list[1].track, "rollout");
  EXPECT_EQ(list[1].reason, "It cannot");
  EXPECT_EQ(list[1].where, "list.yaml:1:3");
}

TEST(DivergencesTest, AFileOfCommentsListsNothing) {
  EXPECT_THAT(List("# nothing\n"), IsEmpty());
  EXPECT_THAT(List("[]\n"), IsEmpty());
}

TEST(DivergencesTest, EveryMistakeIsNamedWithItsPlace) {
  const auto list = ParseDivergences(
      "- {scenario: F-1, argo: ['1.10'], track: rolout, reason: x}\n"
      "- {scenario: F-1, argo: ['v1.10.1', '1.', '.9'], track: jobs, reason: ''}\n"
      "- {scenario: F-2, argo: [], track: jobs, raeson: x}\n",
      "list.yaml");
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().code, gate::ErrorCode::kInvalidArgument);
  EXPECT_EQ(list.error().message,
            "list.yaml:1:42: there is no track \"rolout\"; known are: rollout, progress, replicas, "
            "analysis, events, run events, jobs, verdicts\n"
            "list.yaml:2:71: is empty\n"
            "list.yaml:2:25: \"v1.10.1\" is no minor version such as \"1.10\"\n"
            "list.yaml:2:25: \"1.\" is no minor version such as \"1.10\"\n"
            "list.yaml:2:25: \".9\" is no minor version such as \"1.10\"\n"
            "list.yaml:3:3: \"reason\" is missing\n"
            "list.yaml:3:25: names no version\n"
            "list.yaml:3:42: unknown key \"raeson\"; did you mean \"reason\"?");
}

TEST(DivergencesTest, TheSameTwiceIsAMistake) {
  const auto list = ParseDivergences(std::string(kList) + kList, "list.yaml");
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().message,
            "list.yaml:2:3: F-1 on 1.9: rollout is listed twice\n"
            "list.yaml:2:3: F-1 on 1.10: rollout is listed twice");
}

TEST(DivergencesTest, AListThatIsNoneIsAMistake) {
  EXPECT_FALSE(ParseDivergences("scenario: F-1\n", "list.yaml"));
  EXPECT_FALSE(ParseDivergences("- [\n", "list.yaml"));
}

// --- Contradictions -----------------------------------------------------------------------------

std::vector<std::string> Judge(const std::vector<MilestoneTrace>& simulated,
                               const std::vector<MilestoneTrace>& real, const std::string& list) {
  return Contradictions(CompareTraces(simulated, real), List(list));
}

TEST(ContradictionsTest, ThereAreNoneWhenAllAgreesAndNothingIsListed) {
  EXPECT_THAT(Judge({ATrace("F-1", "", "Healthy")}, {ATrace("F-1", kNewer, "Healthy")}, "[]"),
              IsEmpty());
}

TEST(ContradictionsTest, ADifferenceHasToBeListedForItsVersion) {
  const auto simulated = ATrace("F-1", "", "Healthy");
  for (const std::string& controller : {kOlder, kNewer}) {
    const auto real = ATrace("F-1", controller, "Degraded");
    EXPECT_THAT(Judge({simulated}, {real}, kList), IsEmpty());
    EXPECT_THAT(Judge({real}, {simulated}, kList), IsEmpty());
  }
  EXPECT_THAT(Judge({simulated}, {ATrace("F-1", kNewer, "Degraded")},
                    "- {scenario: F-1, argo: ['1.9', '1.1'], track: rollout, reason: It cannot}\n"),
              ElementsAre("F-1 on 1.10: rollout differs, which is not listed"));
}

TEST(ContradictionsTest, ADifferenceHasToBeListedForItsTrack) {
  EXPECT_THAT(
      Judge({ATrace("F-1", "", "Healthy")}, {ATrace("F-1", kNewer, "Degraded", "b")}, kList),
      ElementsAre("F-1 on 1.10: progress differs, which is not listed"));
}

TEST(ContradictionsTest, ADifferenceHasToBeListedForItsScenario) {
  EXPECT_THAT(Judge({ATrace("F-2", "", "Healthy")}, {ATrace("F-2", kNewer, "Degraded")}, kList),
              ElementsAre("F-2 on 1.10: rollout differs, which is not listed"));
}

TEST(ContradictionsTest, ADifferenceFromAControllerWithoutVersionCannotBeListed) {
  EXPECT_THAT(
      Judge({ATrace("F-1", "", "Healthy")}, {ATrace("F-1", "argo:latest", "Degraded")}, kList),
      ElementsAre("F-1 on an unknown version: rollout differs, which is not listed"));
}

TEST(ContradictionsTest, AListedDifferenceThatIsGoneIsOne) {
  EXPECT_THAT(Judge({ATrace("F-1", "", "Healthy")}, {ATrace("F-1", kNewer, "Healthy")}, kList),
              ElementsAre("list.yaml:1:3: F-1 on 1.10: rollout agrees; delete this entry"));
}

TEST(ContradictionsTest, ScenariosThatWereNotPlayedDoNotMatter) {
  EXPECT_THAT(Judge({ATrace("F-2", "", "Healthy")}, {ATrace("F-2", kNewer, "Healthy")}, kList),
              IsEmpty());
}

TEST(ContradictionsTest, AScenarioThatCouldNotBeComparedIsOne) {
  auto edited = ATrace("F-3", kNewer, "Healthy");
  edited.sha256 = "def";
  EXPECT_THAT(
      Judge({ATrace("F-1", "", "Healthy"), ATrace("F-3", "", "Healthy")},
            {ATrace("F-2", kNewer, "Healthy"), edited}, kList),
      ElementsAre("F-1 was not compared: only A has it", "F-2 was not compared: only B has it",
                  "F-3 was not compared: the scenario's file was another one; record it "
                  "again"));
}

// --- The table ----------------------------------------------------------------------------------

TEST(FidelityTableTest, SaysWhatDiffersAndWhy) {
  const auto agreements =
      CompareTraces({ATrace("F-1", "", "Healthy"), ATrace("F-2", "", "Healthy")},
                    {ATrace("F-1", kNewer, "Degraded", "b"), ATrace("F-2", kNewer, "Healthy")});
  const std::string table = RenderMarkdown(agreements, List(kList));
  EXPECT_THAT(table, HasSubstr("| F-1 | 1.10 | differs | 1 | rollout: It cannot; progress: "
                               "**not listed** |\n"));
  EXPECT_THAT(table, HasSubstr("| F-2 | 1.10 | agrees | 3 |  |\n"));
}

}  // namespace
}  // namespace drill
