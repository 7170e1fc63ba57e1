#pragma once

#include <cstddef>
#include <vector>

#include "gate/yaml/strict_yaml.h"
#include "harness/scenario/event_pattern.h"

namespace drill {

// Reads `{event: NAME, FIELD: TEST, ...}`; events, fields and values are those of the vocabulary.
EventPattern ParsePattern(const gate::yaml::Node& node, gate::yaml::Mistakes& mistakes);

// A list of at least `at_least` patterns.
std::vector<EventPattern> ParsePatterns(const gate::yaml::Node& node, std::size_t at_least,
                                        gate::yaml::Mistakes& mistakes);

// What is known only when all is over cannot bring anything about; complains at `node` if `pattern`
// is about such an event. `what` is what it cannot do: "end the scenario".
void CheckKnownInTime(const EventPattern& pattern, const gate::yaml::Node& node,
                      std::string_view what, gate::yaml::Mistakes& mistakes);

}  // namespace drill
