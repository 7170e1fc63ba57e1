#pragma once

#include <string>

#include "gate/yaml/strict_yaml.h"
#include "harness/scenario/fault.h"

namespace drill {

// Reads `{kind: api.lost, for: 10s, share: 20%}`: what belongs to the kind must be there, and
// nothing else. When it begins is not part of it. A kind that is an action of its own is a mistake
// that names the action.
Fault ParseFault(const gate::yaml::Node& node, gate::yaml::Mistakes& mistakes);

// The inverse: what follows `do:` in a timeline, be it a fault or the action that it is.
std::string FormatFaultAction(const Fault& fault);

}  // namespace drill
