#include "reports/render.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "gate/base/rng.h"
#include "reports/assess.h"
#include "reports/file_io.h"
#include "reports/journal.h"
#include "reports/records.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/reports/sample_run.h"

namespace reports {
namespace {

using test_support::TempFolder;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// Compares with tests/unit/reports/golden/NAME. After a deliberate change of a format:
// UPDATE_GOLDEN=1 reports_test
void ExpectGolden(const std::string& name, const std::string& text) {
  const std::string path = std::string(GOLDEN_FOLDER) + "/" + name;
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    ASSERT_TRUE(WriteFileAtomically(path, text));
  }
  const auto golden = ReadWholeFile(path);
  ASSERT_TRUE(golden) << golden.error().message;
  EXPECT_EQ(text, *golden);
}

TEST(RenderTest, MarkdownOfAFailingRunIsAsAgreed) {
  ExpectGolden("failing.md", RenderMarkdown(SampleRun()));
}

TEST(RenderTest, MarkdownOfAGreenRunIsAsAgreed) {
  ExpectGolden("green.md", RenderMarkdown(GreenRun()));
}

TEST(RenderTest, JUnitOfAFailingRunIsAsAgreed) {
  ExpectGolden("failing.junit.xml", RenderJUnit(SampleRun()));
}

TEST(RenderTest, JsonOfAFailingRunIsAsAgreed) {
  ExpectGolden("failing.json", RenderJson(SampleRun()));
}

TEST(RenderTest, MarkdownOpensWithTheDecision) {
  EXPECT_THAT(RenderMarkdown(GreenRun()),
              StartsWith("# Readiness report: READY\n\n**READY**: 1 of 1 required scenarios"));
  RunResult run = GreenRun();
  run.finished.reset();
  EXPECT_THAT(RenderMarkdown(run),
              StartsWith("# Readiness report: INCOMPLETE\n\n**INCOMPLETE**: the run was not "
                         "finished; 1 of 1 required scenarios passed until then.\n"));
}

TEST(RenderTest, ASimulatedRunIsLabelledAsOne) {
  RunResult run = GreenRun();
  EXPECT_THAT(RenderMarkdown(run), testing::Not(testing::HasSubstr("SIMULATED")));
  run.backend = "sim";
  EXPECT_THAT(RenderMarkdown(run), testing::HasSubstr("> **SIMULATED.**"));
  EXPECT_THAT(RenderJson(run), testing::HasSubstr("\"simulated\": true"));
}

TEST(RenderTest, ShowsTheTraceHashesOfASimulation) {
  RunResult run = GreenRun();
  run.scenarios.front().trace_hash = "0123456789abcdef";
  for (const std::string& text : {RenderJson(run), RenderMarkdown(run)}) {
    EXPECT_THAT(text, HasSubstr("0123456789abcdef"));
    EXPECT_THAT(text, HasSubstr(TraceHashOf(run)));
  }
}

TEST(RenderTest, WhatIsForAnotherBackendIsMarkedAndNotRed) {
  RunResult run = GreenRun();
  run.scenarios.push_back(run.scenarios.front());
  ScenarioResult& other = run.scenarios.back();
  other.id = "GATE-099";
  other.outcome = Outcome::kNotRun;
  other.selected = false;
  other.applies = false;
  other.started.reset();
  other.reason = "not for backend kind";
  run.checklist = {{"REQ-X", "Both", {run.scenarios.front().id, "GATE-099"}}};
  const std::string text = RenderMarkdown(run);
  EXPECT_THAT(text, HasSubstr("➖ not run | not for backend kind |"));
  EXPECT_THAT(text, HasSubstr("(GATE-099)"));
  EXPECT_THAT(text, testing::Not(HasSubstr("❌")));
}

TEST(RenderTest, WhatIsRequiredAndDidNotRunIsRed) {
  const RunResult run = SampleRun();
  EXPECT_THAT(RenderMarkdown(run),
              AllOf(HasSubstr("| GATE-004 | Required, not run | ❌ not run |"),
                    HasSubstr("| GATE-005 | Optional, not run | ➖ not run |")));
  EXPECT_THAT(RenderJUnit(run),
              AllOf(HasSubstr("<error type=\"not run\" message=\"not selected\">"),
                    HasSubstr("<skipped message=\"not for backend kind\"/>")));
}

TEST(RenderTest, LongTimelinesAreCutAndSayHowMuchIsMissing) {
  RunResult run = GreenRun();
  auto& scenario = run.scenarios.front();
  scenario.timeline.assign(100, scenario.timeline[1]);
  scenario.dropped_events = 7;
  EXPECT_THAT(RenderMarkdown(run), HasSubstr("\n47 more events; see report.json.\n"));
}

// No renderer lets free text become markup.
class InjectionTest : public testing::TestWithParam<std::string> {};

// Every table row of `markdown` has as many cells as its table's head.
void ExpectWholeTables(const std::string& markdown) {
  std::ptrdiff_t cells = 0;
  std::size_t begin = 0;
  while (begin < markdown.size()) {
    const auto end = markdown.find('\n', begin);
    const std::string line = markdown.substr(begin, end - begin);
    begin = end + 1;
    const auto bars = std::count(line.begin(), line.end(), '|');
    if (line.empty() || line[0] != '|') {
      EXPECT_EQ(bars, 0) << line;
      cells = 0;
      continue;
    }
    if (cells == 0) cells = bars;
    EXPECT_EQ(bars, cells) << line;
  }
}

TEST_P(InjectionTest, IsHarmlessInMarkdown) {
  const std::string markdown = RenderMarkdown(RunWithTextEverywhere(GetParam()));
  ExpectWholeTables(markdown);
  EXPECT_THAT(markdown, Not(HasSubstr("<")));
  EXPECT_THAT(markdown, Not(HasSubstr("[click](")));
  EXPECT_THAT(markdown, Not(HasSubstr("http://")));
  EXPECT_THAT(markdown, Not(HasSubstr("\x1b")));
  EXPECT_THAT(markdown, Not(HasSubstr("\n# owned")));
}

TEST_P(InjectionTest, IsHarmlessInXml) {
  const std::string xml = RenderJUnit(RunWithTextEverywhere(GetParam()));
  EXPECT_THAT(xml, Not(HasSubstr("<script")));
  EXPECT_THAT(xml, Not(HasSubstr("]]>")));
  EXPECT_THAT(xml, Not(HasSubstr("<failure/>")));
  // Only the tags that the renderer writes, each as often as for a harmless text.
  const std::string harmless = RenderJUnit(RunWithTextEverywhere("x"));
  EXPECT_EQ(std::count(xml.begin(), xml.end(), '<'),
            std::count(harmless.begin(), harmless.end(), '<'));
  EXPECT_EQ(std::count(xml.begin(), xml.end(), '"'),
            std::count(harmless.begin(), harmless.end(), '"'));
  EXPECT_TRUE(std::all_of(xml.begin(), xml.end(), [](char c) {
    return c == '\n' || static_cast<unsigned char>(c) >= 0x20;
  }));
}

TEST_P(InjectionTest, IsHarmlessInJsonAndSurvivesTheJournal) {
  const RunResult run = RunWithTextEverywhere(GetParam());
  const auto content = ParseJournal(JournalOf(run));
  ASSERT_TRUE(content) << content.error().message;
  EXPECT_TRUE(gate::ParseStrictJson(RenderJson(run)));
}

INSTANTIATE_TEST_SUITE_P(Texts, InjectionTest,
                         testing::Values("| a | b |\n|---|---|\n| c |",
                                         "<script>alert('x')</script>", "]]><failure/><![CDATA[",
                                         "\" onload=\"x", "[click](http://evil.example)",
                                         "\n# owned\n", "`code` \\| <b>", "\x1b[2J\x01\x08",
                                         "\xff\xfe\xc3", "&lt;b&gt; &#60;"));

TEST(WriteReportTest, WritesAllFormatsFromTheJournalTwiceTheSame) {
  const TempFolder folder;
  folder.Add("journal.jsonl", JournalOf(SampleRun()));
  const auto run = WriteReport(folder.path());
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_EQ(Decide(*run), Decision::kNotReady);
  std::vector<std::string> first;
  for (const ReportFile& file : ReportFiles()) {
    first.push_back(*ReadWholeFile(folder.path() + "/" + file.name));
    EXPECT_FALSE(first.back().empty());
  }
  const TempFolder other;
  ASSERT_TRUE(WriteReport(other.path(), folder.path() + "/journal.jsonl"));
  for (std::size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(*ReadWholeFile(other.path() + "/" + ReportFiles()[i].name), first[i]);
  }
}

TEST(WriteReportTest, AKilledRunGivesAnIncompleteReportThatSaysSo) {
  const TempFolder folder;
  const std::string journal = JournalOf(GreenRun());
  folder.Add("journal.jsonl", journal.substr(0, journal.size() - 10));
  const auto run = WriteReport(folder.path());
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_EQ(Decide(*run), Decision::kIncomplete);
  EXPECT_THAT(*ReadWholeFile(folder.path() + "/report.md"),
              AllOf(StartsWith("# Readiness report: INCOMPLETE"),
                    HasSubstr("last line was only half written")));
}

// What a kill at any moment leaves is the journal up to some byte.
TEST(WriteReportTest, AJournalThatIsCutAnywhereGivesIncompleteReportsOfAllFormats) {
  const std::string journal = JournalOf(GreenRun());
  gate::Rng rng(3);
  for (int i = 0; i < 50; ++i) {
    const std::string cut = journal.substr(0, rng.Below(journal.size()));
    const auto content = ParseJournal(cut);
    ASSERT_TRUE(content) << content.error().message;
    const auto run = BuildRunResult(*content);
    ASSERT_TRUE(run) << run.error().message;
    EXPECT_EQ(Decide(*run), Decision::kIncomplete);
    for (const ReportFile& file : ReportFiles()) EXPECT_FALSE(file.render(*run).empty());
    EXPECT_THAT(RenderHtml(*run), HasSubstr("id=\"decision\">INCOMPLETE<"));
  }
}

TEST(WriteReportTest, ATamperedJournalGivesNoReport) {
  const TempFolder folder;
  std::string journal = JournalOf(SampleRun());
  const auto place = journal.find("\"outcome\":\"failed\"");
  ASSERT_NE(place, std::string::npos);
  journal.replace(place, 18, "\"outcome\":\"passed\"");
  folder.Add("journal.jsonl", journal);
  const auto run = WriteReport(folder.path());
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().code, gate::ErrorCode::kProtocol);
  EXPECT_THAT(run.error().message, AllOf(HasSubstr("journal.jsonl: line "), HasSubstr("changed")));
  EXPECT_FALSE(std::filesystem::exists(folder.path() + "/report.md"));
}

TEST(WriteReportTest, SaysWhatIsMissing) {
  const TempFolder folder;
  const auto run = WriteReport(folder.path());
  ASSERT_FALSE(run);
  EXPECT_THAT(run.error().message, HasSubstr("journal.jsonl: No such file"));
}

}  // namespace
}  // namespace reports
