#pragma once

#include <vector>

#include "gate/yaml/strict_yaml.h"
#include "harness/scenario/scenario.h"
#include "harness/scenario/timeline.h"

namespace drill {

// Reads the `timeline` of `scenario`, all of which but that is known already: nothing can be done
// at or after its horizon, and everything must be possible on all its backends.
std::vector<TimelineEntry> ParseTimeline(const gate::yaml::Node& node, const Scenario& scenario,
                                         gate::yaml::Mistakes& mistakes);

}  // namespace drill
