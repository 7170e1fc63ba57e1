#include "reports/trend.h"

#include <gmock/gmock.h>

#include "reports/render.h"
#include "tests/unit/reports/sample_run.h"

namespace reports {
namespace {

using gate::Nanos;
using std::chrono::hours;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

TrendPoint APoint(const RunResult& run, int days_ago, std::optional<Interval> worst) {
  return {"earlier",   run.started - hours(24 * days_ago), "abc", "READY", "GATE-001", worst,
          seconds(300)};
}

TEST(TrendTest, ThisRunIsTheLastOfAll) {
  RunResult run = GreenRun();
  run.past = PastRuns{{APoint(run, 1, Interval{seconds(3), seconds(4)})}, {}};
  const auto trend = TrendOf(run);
  ASSERT_EQ(trend.size(), 2U);
  EXPECT_EQ(trend.back().run_id, run.run_id);
  EXPECT_EQ(trend.back().scenario, "GATE-001");
  EXPECT_EQ(trend.back().decision, "READY");
  run.scenarios.front().measures.clear();
  EXPECT_EQ(TrendOf(run).size(), 1U) << "it measured nothing";
}

TEST(TrendTest, TheDrawingSaysInWordsWhatItShows) {
  RunResult run = GreenRun();
  run.past =
      PastRuns{{APoint(run, 3, Interval{seconds(290), seconds(301)}), APoint(run, 2, std::nullopt),
                APoint(run, 1, Interval{seconds(1), seconds(2)})},
               {}};
  run.scenarios.front().measures.front().measured = Interval{seconds(9), seconds(10)};
  run.scenarios.front().measures.resize(1);
  const std::string svg = RenderTrend(run);
  EXPECT_THAT(svg,
              HasSubstr("role=\"img\" aria-label=\"The worst time of 3 runs: least 2.000 s, most "
                        "301.000 s, last 10.000 s; limit 300 s\""));
  EXPECT_THAT(svg, HasSubstr(">limit 300 s<"));
  EXPECT_THAT(svg, HasSubstr("<g class=\"mr\" data-s=\"301.000\">")) << "over the limit";
  EXPECT_THAT(svg, HasSubstr("<g class=\"mg\" data-s=\"2.000\">"));
  EXPECT_EQ(RenderTrend(run), svg);
}

TEST(TrendTest, ARunAtTheLimitIsNotOverIt) {
  RunResult run = GreenRun();
  run.past = PastRuns{{APoint(run, 1, Interval{seconds(299), seconds(300)})}, {}};
  EXPECT_THAT(RenderTrend(run), Not(HasSubstr("class=\"mr\"")));
}

TEST(TrendTest, NothingIsDrawnOfNothing) {
  EXPECT_EQ(RenderTrend({}), "");
  RunResult run = GreenRun();
  run.past = PastRuns{{APoint(run, 1, std::nullopt)}, {}};
  run.scenarios.front().measures.clear();
  EXPECT_EQ(RenderTrend(run), "");
  EXPECT_EQ(TrendSentence({}), "");
}

TEST(TrendTest, AReportWithoutPastRunsSaysSo) {
  RunResult run = GreenRun();
  EXPECT_THAT(RenderHtml(run), HasSubstr("This run was given no history"));
  EXPECT_THAT(RenderHtml(run), Not(HasSubstr("<svg class=\"trend\"")));
  run.past = PastRuns{};
  EXPECT_THAT(RenderHtml(run), HasSubstr("The history knows no earlier run on kind."));
  run.past->trend = {APoint(run, 1, Interval{seconds(3), seconds(4)})};
  EXPECT_THAT(RenderHtml(run), HasSubstr("<svg class=\"trend\""));
  EXPECT_THAT(RenderMarkdown(run), HasSubstr("## Over time"));
}

TEST(TrendTest, ARowTellsSinceWhenItIsAsItIs) {
  RunResult run = GreenRun();
  EXPECT_EQ(SinceWhen(run, "REQ-ROLLBACK-5MIN", Outcome::kPass), "") << "no history";
  RowHistory row{"REQ-ROLLBACK-5MIN", "", Outcome::kPass, Outcome::kPass};
  row.since = gate::ParseRfc3339("2026-02-01T10:00:00Z").value();
  row.runs = 4;
  run.past = PastRuns{{}, {row, {"REQ-NEVER", ""}}};
  const auto since = [&](Outcome now) { return SinceWhen(run, "REQ-ROLLBACK-5MIN", now); };
  EXPECT_EQ(since(Outcome::kPass), "green since 2026-02-01 (5 runs)");
  EXPECT_EQ(since(Outcome::kFail), "was green from 2026-02-01 on (4 runs)");
  EXPECT_EQ(since(Outcome::kNotRun), "was green from 2026-02-01 on (4 runs)");
  EXPECT_EQ(SinceWhen(run, "REQ-NEVER", Outcome::kPass), "");
  EXPECT_EQ(SinceWhen(run, "REQ-NEW", Outcome::kPass), "");
  EXPECT_THAT(RenderHtml(run), HasSubstr("green since 2026-02-01 (5 runs)"));
}

}  // namespace
}  // namespace reports
