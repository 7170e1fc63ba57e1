#pragma once

#include <optional>

#include "gate/yaml/strict_yaml.h"
#include "mock-mc/behaviour/fault.h"

namespace mock_mc {

// Reads a fault of an answer: its name alone, or {NAME: {setting: value}}.
Fault ReadFault(const gate::yaml::Node& node, gate::yaml::Mistakes& mistakes);

// The same of what a listener does after it has accepted a connection (or instead), and within the
// TLS handshake, once the client has said which name it wants.
Fault ReadAcceptFault(const gate::yaml::Node& node, gate::yaml::Mistakes& mistakes);
Fault ReadHandshakeFault(const gate::yaml::Node& node, gate::yaml::Mistakes& mistakes);

}  // namespace mock_mc
