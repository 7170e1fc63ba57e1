#pragma once

#include <cstddef>
#include <string>

#include "gate/base/result.h"
#include "gate/base/strict_json.h"
#include "gate/base/time.h"
#include "gate/decide/override.h"

namespace gate::override {

// The bounds of what people write, in characters; as the schema in kind/override/crd.yaml.
inline constexpr std::size_t kShortestReason = 10;
inline constexpr std::size_t kLongestReason = 500;
inline constexpr std::size_t kLongestActor = 256;
inline constexpr std::size_t kLongestRolloutName = 63;  // that of a label's value
inline constexpr Nanos kShortestValidity = std::chrono::minutes(1);
inline constexpr Nanos kLongestValidity = std::chrono::hours(24);

// What is wrong with what a person wrote, in a clause that begins with the field's name; success if
// it can be created. `name`, `uid` and `created` are the API server's and not looked at.
Result<void> CheckOverride(const decide::Override& one);

// The object to create. The same of the same person for the same thing has the same name, so that
// to ask twice makes one.
Json OverrideObject(const decide::Override& one);

// Reads a stored object, trusting nothing in it. kProtocol says what is wrong. What it says of the
// author is true only where the admission policy (kind/override/admission.yaml) is in force.
Result<decide::Override> ParseOverride(const Json& object);

}  // namespace gate::override
