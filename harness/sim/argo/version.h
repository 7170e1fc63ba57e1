#pragma once

#include <string_view>

#include "gate/base/result.h"

namespace drill::sim {

// Which controller is modelled, where they differ.
enum class ArgoVersion { k1_9, k1_10 };

// The model of a release of Argo Rollouts: "v1.9.2", "1.9" or "1.9.0-rc1" is k1_9, and so on.
// kInvalidArgument for every other text; the message says what can be had.
gate::Result<ArgoVersion> ParseArgoVersion(std::string_view release);

// "1.9" or "1.10"
std::string_view ToString(ArgoVersion version);

}  // namespace drill::sim
