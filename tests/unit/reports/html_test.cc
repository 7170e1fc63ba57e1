#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <regex>
#include <string>

#include "reports/render.h"
#include "reports/swimlanes.h"
#include "tests/unit/reports/sample_run.h"

namespace reports {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

// The tags and attribute names of a page without what is written in them.
std::string Skeleton(const std::string& html) {
  const auto begin = html.find("<body>");
  const auto end = html.find("<script>");
  std::string body = html.substr(begin, end - begin);
  body = std::regex_replace(body, std::regex("\"[^\"]*\""), "\"\"");
  body = std::regex_replace(body, std::regex(">[^<]*<"), "><");
  return body;
}

class HtmlInjectionTest : public testing::TestWithParam<std::string> {};

// Whatever is written into a field, the page is made of the same elements with the same attributes.
TEST_P(HtmlInjectionTest, IsTextAndNothingElse) {
  const std::string harmless = RenderHtml(RunWithTextEverywhere("x"));
  const std::string html = RenderHtml(RunWithTextEverywhere(GetParam()));
  EXPECT_EQ(Skeleton(html), Skeleton(harmless));
  EXPECT_THAT(html, Not(HasSubstr("\x1b")));
}

INSTANTIATE_TEST_SUITE_P(Texts, HtmlInjectionTest,
                         testing::Values("<script>alert(1)</script>",
                                         "</title></svg><svg onload=x>",
                                         "\" onmouseover=\"alert(1)", "' x='", "<!--", "]]>",
                                         "&lt;b&gt;", "\x1b[2J\x01", "\xff\xfe<b>",
                                         "</summary></details>", "javascript:alert(1)"));

TEST(HtmlTest, TakesNothingFromElsewhere) {
  const std::string html = RenderHtml(SampleRun());
  for (const char* outside : {"src=", "http://", "https://", "@import", "url("}) {
    EXPECT_THAT(html, Not(HasSubstr(outside)));
  }
  EXPECT_THAT(html, HasSubstr("default-src 'none'"));
}

TEST(HtmlTest, OpensWithTheDecision) {
  EXPECT_THAT(RenderHtml(GreenRun()), HasSubstr("id=\"decision\">READY<"));
  EXPECT_THAT(RenderHtml(SampleRun()), HasSubstr("id=\"decision\">NOT READY<"));
  RunResult killed = GreenRun();
  killed.finished.reset();
  EXPECT_THAT(RenderHtml(killed), HasSubstr("id=\"decision\">INCOMPLETE<"));
}

TEST(HtmlTest, ASimulationIsLabelledInLargeLettersWithItsFidelity) {
  RunResult run = GreenRun();
  EXPECT_THAT(RenderHtml(run), Not(HasSubstr("SIMULATED")));
  run.backend = "sim";
  EXPECT_THAT(RenderHtml(run), HasSubstr("<b>SIMULATED</b>"));
  EXPECT_THAT(RenderHtml(run), HasSubstr("simulated, not validated"));
  run.fidelity = {{"GATE-001", true, 35, {}}, {"GATE-002", false, 3, {"phase 3"}}};
  EXPECT_THAT(RenderHtml(run), HasSubstr("1 of 2 scenarios that both played"));
}

TEST(HtmlTest, WhatIsNotGreenIsOpenAndEverythingIsThere) {
  const RunResult run = SampleRun();
  const std::string html = RenderHtml(run);
  EXPECT_THAT(html, HasSubstr("data-scenario=\"GATE-001\" data-green=\"1\"><summary>"));
  EXPECT_THAT(html, HasSubstr("data-scenario=\"GATE-002\" data-green=\"0\" open><summary>"));
  for (const ChecklistRow& row : run.checklist) {
    EXPECT_THAT(html, HasSubstr("data-row=\"" + row.id + "\""));
  }
}

TEST(HtmlTest, OfVeryManyScenariosTheWorstAreShownInFull) {
  RunResult run = GreenRun();
  const ScenarioResult sample = run.scenarios.front();
  run.scenarios.clear();
  for (int i = 0; i < 300; ++i) {
    run.scenarios.push_back(sample);
    run.scenarios.back().id = "S-" + std::to_string(1000 + i);
  }
  run.scenarios.back().outcome = Outcome::kFail;
  const std::string html = RenderHtml(run);
  EXPECT_THAT(html, HasSubstr("data-scenario=\"S-1299\""));
  EXPECT_THAT(html, HasSubstr("100 more scenarios"));
  EXPECT_LT(html.size(), 5'000'000U);
}

// The timeline of the sample: deployed at 2 s, verdict at 12 s, restored at 14.5 s.
TEST(SwimlanesTest, MarksAreWhereTheirTimesAre) {
  const std::string svg = RenderSwimlanes(GreenRun().scenarios.front());
  std::smatch found;
  ASSERT_TRUE(std::regex_search(svg, found,
                                std::regex("class=\"mr\" data-t=\"10\\.000\" "
                                           "data-x=\"([0-9.]+)\"")));
  const double span = 12.5 * 1.02;
  EXPECT_NEAR(std::stod(found[1]), kLaneLeft + 10.0 / span * kLaneWidth, 0.06);
  ASSERT_TRUE(std::regex_search(svg, found, std::regex("data-moment=\"t1\" data-t=\"10\\.000\"")));
}

TEST(SwimlanesTest, NamesOfMomentsDoNotLieOnEachOtherHoweverNearTheyAre) {
  ScenarioResult scenario = GreenRun().scenarios.front();
  const auto at = [](int second, const std::string& name, const gate::Json& fields) {
    return TraceEntry{name, seconds(second), gate::WallTime(seconds(second)), gate::Nanos(0),
                      fields};
  };
  scenario.timeline = {at(0, "deployed", gate::Json::object()),
                       at(1, "mc.request", {{"status", 200}, {"evidenceOk", false}}),
                       at(1, "verdict", {{"verdict", "fail"}}),
                       at(1, "rollout.aborted", gate::Json::object()),
                       at(2, "restored", gate::Json::object()),
                       at(2, "rollout.phase", {{"phase", "Degraded"}}),
                       at(300, "notice", gate::Json::object())};
  const std::string svg = RenderSwimlanes(scenario);
  const std::regex name("data-moment=\"(t[0-9])\".*?<text x=\"[^\"]*\" y=\"([0-9]+)\"");
  std::map<std::string, std::string> moment_at;  // by the height of its name
  for (std::sregex_iterator found(svg.begin(), svg.end(), name), end; found != end; ++found) {
    EXPECT_EQ(moment_at.count((*found)[2]), 0U) << (*found)[1];
    moment_at[(*found)[2]] = (*found)[1];
  }
  EXPECT_GE(moment_at.size(), 4U);
}

TEST(SwimlanesTest, AreNotDrawnWithoutADeployment) {
  ScenarioResult scenario = GreenRun().scenarios.front();
  scenario.timeline.erase(scenario.timeline.begin() + 1);
  EXPECT_EQ(RenderSwimlanes(scenario), "");
}

}  // namespace
}  // namespace reports
