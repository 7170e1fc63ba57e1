#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string_view>

#include "gate/base/result.h"

namespace gate {

using Json = nlohmann::json;

struct JsonLimits {
  std::size_t max_bytes = std::size_t{1} << 20U;
  std::size_t max_depth = 32;
};

// Parses a whole RFC 8259 document and refuses what parsers disagree about: duplicate keys in an
// object, anything after the value, invalid UTF-8, a byte order mark, NaN and infinities, numbers
// that do not fit, comments, and more than `limits`. The error says what and at which byte.
Result<Json> ParseStrictJson(std::string_view text, const JsonLimits& limits = {});

// Lenient towards types: the value at `pointer` (RFC 6901, such as "/metadata/name") if it is
// there and a string, else "". For reading objects that the API server has already validated.
std::string JsonString(const Json& object, const char* pointer);

// The integer at `pointer`, or `fallback` if it is absent or not an integer.
std::int64_t JsonInt(const Json& object, const char* pointer, std::int64_t fallback = 0);

}  // namespace gate
