#pragma once

#include <vector>

#include "gate/yaml/strict_yaml.h"
#include "mock-mc/behaviour/response_reader.h"
#include "mock-mc/behaviour/script.h"

namespace mock_mc {

// Reads the list `rules` of a script.
std::vector<Rule> ReadRules(const gate::yaml::Node& node, const ReadContext& context);

}  // namespace mock_mc
