#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "gate/adapters/prometheus_meter.h"
#include "tests/support/source_file.h"

// kind/monitoring against the metrics that the service exports and the playbook.
namespace gate {
namespace {

using test_support::ReadSource;

// All that `pattern` finds, or its first group.
std::set<std::string> AllOf(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  std::set<std::string> found;
  for (auto it = std::sregex_iterator(text.begin(), text.end(), regex);
       it != std::sregex_iterator(); ++it) {
    found.insert((*it)[it->size() > 1 ? 1 : 0]);
  }
  return found;
}

std::set<std::string> Exported() {
  PrometheusMeter meter("staging", {"releases"});
  return AllOf(meter.Expose(), "\n(rollout_gate_[a-z0-9_]+)[{ ]");
}

TEST(MonitoringTest, EveryMetricThatIsAskedForIsExported) {
  const auto exported = Exported();
  EXPECT_GT(exported.size(), 20U);
  for (const char* file : {"kind/monitoring/rules.yaml", "kind/monitoring/dashboard.json",
                           "kind/monitoring/rules.test.yaml"}) {
    const auto named = AllOf(ReadSource(file), "rollout_gate_[a-z0-9_]+");
    EXPECT_FALSE(named.empty());
    for (const std::string& name : named) {
      EXPECT_TRUE(exported.contains(name)) << file << " " << name;
    }
  }
}

TEST(MonitoringTest, EveryMetricIsOnTheDashboardOrInARule) {
  const std::string used =
      ReadSource("kind/monitoring/rules.yaml") + ReadSource("kind/monitoring/dashboard.json");
  for (std::string name : Exported()) {
    name = std::regex_replace(name, std::regex("_(bucket|sum|count)$"), "");
    EXPECT_THAT(used, ::testing::HasSubstr(name));
  }
}

TEST(MonitoringTest, EveryMetricIsInTheTableOfTheService) {
  const std::string table = ReadSource("docs/service-api.md");
  for (std::string name : Exported()) {
    name = std::regex_replace(name, std::regex("_(bucket|sum|count)$"), "");
    EXPECT_THAT(table, ::testing::HasSubstr("`" + name));
  }
}

TEST(MonitoringTest, WhatIsRecordedIsAllThatIsAskedForAsRecorded) {
  const std::string rules = ReadSource("kind/monitoring/rules.yaml");
  const auto recorded = AllOf(rules, "record: (rollout_gate:[a-z0-9:_]+)");
  const auto asked =
      AllOf(rules + ReadSource("kind/monitoring/dashboard.json"), "rollout_gate:[a-z0-9:_]+");
  EXPECT_EQ(asked, recorded);
}

TEST(MonitoringTest, EveryAlertHasItsSectionInThePlaybookAndNoSectionIsAboutNothing) {
  std::set<std::string> sections;
  for (const std::string& name : AllOf(ReadSource("docs/playbook.md"), "\n### alert: ([a-z-]+)")) {
    sections.insert("alert-" + name);
  }
  EXPECT_EQ(AllOf(ReadSource("kind/monitoring/rules.yaml"), "runbook: ([a-z-]+)"), sections);
}

}  // namespace
}  // namespace gate
