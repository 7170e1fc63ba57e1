#pragma once

#include "gate/yaml/strict_yaml.h"
#include "harness/scenario/scenario.h"

namespace drill {

// Reads a scenario's `world` into it.
void ParseWorld(const gate::yaml::Node& node, Scenario& scenario, gate::yaml::Mistakes& mistakes);

}  // namespace drill
