#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "reports/model.h"

namespace drill {

inline constexpr std::size_t kTimelineColumns = 120;

// What happened in a scenario, for people: a line for each event with the seconds since the
// deployment of the canary, the weight and the pods (available/wanted) of the stable release and
// the canary by then, who did it, and what. Lines are cut at `columns`; equal ones in
// a row become one. Left out is what repeats other lines: Kubernetes Events, audit lines and
// sightings of the release id.
std::string RenderTimeline(std::string_view title, const std::vector<reports::TraceEntry>& timeline,
                           std::size_t columns);

}  // namespace drill
