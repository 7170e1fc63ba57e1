#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gate/base/strict_json.h"

namespace drill::sim::argo {

std::uint32_t Fnv1a32(std::string_view bytes, std::uint32_t state = 2166136261U);

// Maps each character into Kubernetes' alphabet without vowels.
std::string SafeEncode(std::string_view text);

// argo R80: the identity of a pod template. The same template has the same hash everywhere; it is
// not the one that a real controller computes, whose JSON has other fields.
std::string PodTemplateHash(const gate::Json& pod_template,
                            std::optional<std::int32_t> collision_count);

// Of the canary steps (status.currentStepHash); they may be null.
std::string StepHash(const gate::Json& steps);

}  // namespace drill::sim::argo
