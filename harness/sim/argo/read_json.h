#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gate/base/strict_json.h"
#include "harness/sim/kube/object.h"

// Lenient reading of fields of an object that the API server has stored: what is absent, null or of
// another type reads as the default. Without JSON pointers, which would be parsed each time.
namespace drill::sim::argo {

// The member, or a null value.
const gate::Json& Member(const gate::Json& object, std::string_view key);

std::string TextOf(const gate::Json& object, std::string_view key);
bool FlagOf(const gate::Json& object, std::string_view key);
std::int64_t IntOf(const gate::Json& object, std::string_view key, std::int64_t fallback = 0);
std::optional<std::int64_t> MaybeInt(const gate::Json& object, std::string_view key);
// An integer, or a text that is one (IntOrString.IntValue: other text is 0).
std::optional<std::int64_t> MaybeIntOrText(const gate::Json& object, std::string_view key);
StringMap StringsOf(const gate::Json& object, std::string_view key);

// The whole of `text` as a decimal number.
std::optional<std::int64_t> ParseInt(std::string_view text);

}  // namespace drill::sim::argo
