#include "harness/scenario/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/temp_folder.h"

namespace drill {
namespace {

using test_support::TempFolder;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::string AScenario(const std::string& id, const std::string& more = "") {
  return "apiVersion: drill/v1\nkind: Scenario\nid: " + id +
         "\ntitle: t\nworld:\n  releases: {stable: a, canary: b}\n  mc: {}\n"
         "expect: [{id: x, never: {event: promoted}}]\n" +
         more;
}

std::string AChecklist(const std::string& scenarios) {
  return "apiVersion: drill/v1\nkind: Readiness\nrows:\n"
         "  - {id: REQ-A, text: It works, scenarios: [" +
         scenarios + "]}\n";
}

std::vector<std::string> Ids(const ScenarioSet& set) {
  std::vector<std::string> ids;
  for (const Scenario& scenario : set.scenarios) ids.push_back(scenario.id);
  return ids;
}

TEST(LoadScenariosTest, ReadsAFolderOrderedByIdAndItsChecklist) {
  const TempFolder folder;
  folder.Add("1.yaml", AScenario("B-2", "requirements: [REQ-A]\n"));
  folder.Add("2.yml", AScenario("A-1"));
  folder.Add("notes.txt", "not a scenario");
  folder.Add("readiness.yaml", AChecklist("B-2, A-1"));
  const auto set = LoadScenarios({folder.path()});
  ASSERT_TRUE(set) << set.error().message;
  EXPECT_THAT(Ids(*set), ElementsAre("A-1", "B-2"));
  ASSERT_EQ(set->checklist.size(), 1U);
  EXPECT_EQ(set->checklist[0].id, "REQ-A");
  EXPECT_THAT(set->checklist[0].scenarios, ElementsAre("B-2", "A-1"));
}

TEST(LoadScenariosTest, AFileThatIsNamedTwiceIsReadOnce) {
  const TempFolder folder;
  const std::string file = folder.Add("1.yaml", AScenario("A-1"));
  const auto set = LoadScenarios({file, folder.path(), folder.path() + "/./1.yaml"});
  ASSERT_TRUE(set) << set.error().message;
  EXPECT_THAT(Ids(*set), ElementsAre("A-1"));
}

TEST(LoadScenariosTest, IdsAreUniqueWithoutRegardToCase) {
  const TempFolder folder;
  const std::string first = folder.Add("1.yaml", AScenario("GATE-1"));
  const std::string second = folder.Add("2.yaml", AScenario("gate-1"));
  const auto set = LoadScenarios({folder.path()});
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().message, second + ": id \"gate-1\" is already used in " + first);
}

TEST(LoadScenariosTest, ReportsTheMistakesOfAllFilesTogether) {
  const TempFolder folder;
  folder.Add("1.yaml", AScenario("A-1", "horizn: 3s\n"));
  folder.Add("2.yaml", AScenario("A-2", "extra: 3s\n"));
  const auto set = LoadScenarios({folder.path()});
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().code, gate::ErrorCode::kInvalidArgument);
  EXPECT_THAT(set.error().message, AllOf(HasSubstr("1.yaml:9:1: unknown key \"horizn\""),
                                         HasSubstr("2.yaml:9:1: unknown key \"extra\"")));
}

TEST(LoadScenariosTest, AChecklistNamesOnlyScenariosThatExist) {
  const TempFolder folder;
  folder.Add("1.yaml", AScenario("GATE-001"));
  folder.Add("readiness.yaml", AChecklist("GATE-01"));
  const auto set = LoadScenarios({folder.path()});
  ASSERT_FALSE(set);
  EXPECT_THAT(set.error().message,
              HasSubstr("there is no scenario \"GATE-01\"; did you mean \"GATE-001\"?"));
}

TEST(LoadScenariosTest, ScenariosNameOnlyRowsOfTheChecklist) {
  const TempFolder folder;
  folder.Add("1.yaml", AScenario("GATE-001", "requirements: [REQ-B]\n"));
  folder.Add("readiness.yaml", AChecklist("GATE-001"));
  const auto set = LoadScenarios({folder.path()});
  ASSERT_FALSE(set);
  EXPECT_THAT(set.error().message, HasSubstr("the checklist has no row \"REQ-B\""));
}

TEST(LoadScenariosTest, SaysWhichPathCannotBeRead) {
  const TempFolder folder;
  const auto missing = LoadScenarios({folder.path() + "/none.yaml"});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, gate::ErrorCode::kNotFound);
  EXPECT_THAT(missing.error().message, HasSubstr("none.yaml: No such file"));
  const auto empty = LoadScenarios({folder.path()});
  ASSERT_FALSE(empty);
  EXPECT_THAT(empty.error().message, HasSubstr("holds no *.yaml file"));
}

TEST(ParseReadinessTest, ReportsMistakesWithTheirPlace) {
  const auto rows = ParseReadiness(
      "apiVersion: drill/v1\nkind: Readiness\nrows:\n- {id: A, text: a, scenarios: []}\n"
      "- {id: A, txt: b, scenarios: [X]}\n",
      "r.yaml");
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().message,
            "r.yaml:4:31: a row that names no scenario could never be proven\n"
            "r.yaml:5:8: \"A\" is used twice\n"
            "r.yaml:5:3: \"text\" is missing\n"
            "r.yaml:5:11: unknown key \"txt\"; did you mean \"text\"?");
}

TEST(ParseReadinessTest, ReadsEverythingThatARowCanAskFor) {
  const auto rows = ParseReadiness(
      "apiVersion: drill/v1\nkind: Readiness\nrows:\n"
      "- {id: A, text: a, scenarios: [X], backends: [sim, kind], measure: rollback, limit: 300s,\n"
      "   maxAge: 720h, files: [a.md], approval: on-call}\n",
      "r.yaml");
  ASSERT_TRUE(rows) << rows.error().message;
  const reports::ChecklistRow& row = rows->front();
  EXPECT_THAT(row.backends, ElementsAre("sim", "kind"));
  EXPECT_EQ(row.measure, "rollback");
  EXPECT_EQ(row.limit, std::chrono::seconds(300));
  EXPECT_EQ(row.max_age, std::chrono::hours(720));
  EXPECT_EQ(row.files.front().path, "a.md");
  EXPECT_EQ(row.role, "on-call");
}

TEST(ParseReadinessTest, RefusesRowsThatNothingCouldProve) {
  const auto mistake = [](const std::string& row) {
    const auto rows = ParseReadiness(
        "apiVersion: drill/v1\nkind: Readiness\nrows:\n- {id: A, text: a, " + row + "}\n", "r");
    return rows ? "" : rows.error().message;
  };
  EXPECT_THAT(mistake("maxAge: 1h"), HasSubstr("nothing could prove this row"));
  EXPECT_THAT(mistake("scenarios: [X], limit: 1s"), HasSubstr("needs a \"measure\""));
  EXPECT_THAT(mistake("scenarios: [X], measure: m"), HasSubstr("needs a \"limit\""));
  EXPECT_THAT(mistake("scenarios: [X], backends: [kindd]"), HasSubstr("no backend \"kindd\""));
  EXPECT_THAT(mistake("approval: sre, files: [a, b]"), HasSubstr("an approval is of one file"));
}

TEST(LoadScenariosTest, DemandsOfARowHaveToBePossible) {
  const TempFolder folder;
  folder.Add("1.yaml", AScenario("A-1", "backends: [sim]\n"));
  folder.Add("readiness.yaml",
             "apiVersion: drill/v1\nkind: Readiness\nrows:\n"
             "- {id: R, text: t, scenarios: [A-1], backends: [kind], measure: m, limit: 1s}\n");
  const auto set = LoadScenarios({folder.path()});
  ASSERT_FALSE(set);
  EXPECT_THAT(set.error().message,
              AllOf(HasSubstr("none of its scenarios can be played on backend kind"),
                    HasSubstr("none of its scenarios has a measure \"m\"")));
}

TEST(LoadScenariosTest, NotesTheDigestsOfARowsFilesBesideTheChecklist) {
  const TempFolder folder;
  folder.Add("1.yaml", AScenario("A-1"));
  folder.Add("a.md", "abc");
  folder.Add("readiness.yaml",
             "apiVersion: drill/v1\nkind: Readiness\nrows:\n"
             "- {id: R, text: t, files: [a.md, none.md]}\n");
  const auto set = LoadScenarios({folder.path()});
  ASSERT_TRUE(set) << set.error().message;
  const auto& files = set->checklist.front().files;
  EXPECT_EQ(files[0].sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(files[1].sha256, "");
}

TEST(ShippedScenariosTest, AreSoundAndComplete) {
  const auto set = LoadScenarios({SCENARIO_FOLDER});
  ASSERT_TRUE(set) << set.error().message;
  EXPECT_EQ(set->scenarios.size(), 55U);
  EXPECT_TRUE(std::all_of(set->scenarios.begin(), set->scenarios.end(),
                          [](const Scenario& each) { return each.required; }));
  // Every scenario counts for some row, and the other way round.
  for (const Scenario& scenario : set->scenarios) {
    for (const reports::ChecklistRow& row : set->checklist) {
      const auto& named = scenario.requirements;
      const auto& proofs = row.scenarios;
      EXPECT_EQ(std::count(named.begin(), named.end(), row.id),
                std::count(proofs.begin(), proofs.end(), scenario.id))
          << scenario.id << " and " << row.id << " disagree";
    }
  }
}

}  // namespace
}  // namespace drill
