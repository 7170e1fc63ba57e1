#pragma once

#include <vector>

#include "gate/yaml/strict_yaml.h"
#include "harness/scenario/replay.h"
#include "harness/scenario/timeline.h"

namespace drill {

// Reads a scenario's `replay`.
Replay ParseReplay(const gate::yaml::Node& node, gate::yaml::Mistakes& mistakes);

// What a campaign lets happen are faults at times; complains at `node`, an entry of the timeline of
// a scenario with `replay`, about everything else.
void CheckReplayed(const TimelineEntry& entry, const gate::yaml::Node& node,
                   gate::yaml::Mistakes& mistakes);

}  // namespace drill
