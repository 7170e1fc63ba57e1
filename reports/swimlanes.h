#pragma once

#include <string>

#include "reports/model.h"

namespace reports {

// A scenario's timeline as one SVG element, for HTML: a lane each for faults and actions, the
// Rollout's phase, its weight, replicas, AnalysisRuns, verdicts and what people were told, with the
// five moments (reports/moments.h) across all of them. Each mark carries the seconds since the
// deployment as `data-t`, and says what it is in its <title>. Empty if no canary was deployed.
std::string RenderSwimlanes(const ScenarioResult& scenario);

// Its scale, for those who draw beside it: x = kLaneLeft + (t - begin) / (end - begin) *
// kLaneWidth.
inline constexpr double kLaneLeft = 96;
inline constexpr double kLaneWidth = 880;

}  // namespace reports
