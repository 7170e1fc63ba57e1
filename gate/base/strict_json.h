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

// As JSON text, compact or, with `indent` >= 0, on several lines. Keys are sorted; bytes that are
// no UTF-8, which cannot come from strict parsing, are replaced by U+FFFD, so that it never fails.
std::string DumpJson(const Json& json, int indent = -1);

// For people: a string as it is, anything else as compact JSON.
std::string JsonText(const Json& value);

// Lenient reading, for objects that the API server has already validated: what is absent or of
// another type reads as nothing. `pointer` is that of RFC 6901, such as "/metadata/name". Costs no
// more than finding the value: plain pointers are not parsed first.

// The value, or a null value if there is none.
const Json& JsonAt(const Json& object, const char* pointer);

// The array, or an empty one.
const Json& JsonArray(const Json& object, const char* pointer);

// The string, or "".
std::string JsonString(const Json& object, const char* pointer);

// The integer, or `fallback`.
std::int64_t JsonInt(const Json& object, const char* pointer, std::int64_t fallback = 0);

// True for the value true.
bool JsonIsTrue(const Json& object, const char* pointer);

}  // namespace gate
