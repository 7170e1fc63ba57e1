#pragma once

#include <vector>

#include "gate/yaml/strict_yaml.h"
#include "harness/scenario/timeline.h"

namespace drill {

// Reads a scenario's `timeline`; nothing can be done at or after `horizon`.
std::vector<TimelineEntry> ParseTimeline(const gate::yaml::Node& node, gate::Nanos horizon,
                                         gate::yaml::Mistakes& mistakes);

}  // namespace drill
