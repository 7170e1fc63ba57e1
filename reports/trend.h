#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reports/model.h"

// How what a run found compares with the runs before it. All of it comes from RunResult::past.
namespace reports {

// The past runs and, as the last, this one if it measured anything; oldest first.
std::vector<TrendPoint> TrendOf(const RunResult& run);

// The trend in one sentence, for those who do not see the drawing: how many runs, least, most and
// last time, limit. Empty if nothing was measured.
std::string TrendSentence(const std::vector<TrendPoint>& trend);

// The worst time of each run as one SVG element, for HTML: on a logarithmic scale, as a rollback
// takes seconds in a simulation and may take minutes; the limit is a line. Each mark carries its
// upper bound in seconds as `data-s`. Empty if nothing was measured.
std::string RenderTrend(const RunResult& run);

// Since when a row is as it is now: "green since 2026-03-01 (12 runs)". Empty without a history, or
// if nothing is known about the row.
std::string SinceWhen(const RunResult& run, std::string_view row, Outcome now);

}  // namespace reports
