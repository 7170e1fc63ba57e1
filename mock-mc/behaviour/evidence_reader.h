#pragma once

#include "gate/yaml/strict_yaml.h"
#include "mock-mc/behaviour/read_context.h"
#include "mock-mc/behaviour/script.h"

namespace mock_mc {

// Reads what stands under `evidence`.
Evidence ReadEvidence(const gate::yaml::Node& node, const ReadContext& context);

// Lets `key` sign, under its own id.
void SignWith(const NamedKey& key, Evidence& evidence);

}  // namespace mock_mc
