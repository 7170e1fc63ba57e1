#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gate/base/strict_json.h"
#include "harness/sim/kube/object.h"

// Lenient reading of fields of an object that the API server has stored: what is absent, null or of
// another type reads as the default. Without JSON pointers, which would be parsed each time.
namespace drill::sim {

// The member, or a null value.
const gate::Json& Member(const gate::Json& object, std::string_view key);

std::string TextOf(const gate::Json& object, std::string_view key);
bool FlagOf(const gate::Json& object, std::string_view key);
std::int64_t IntOf(const gate::Json& object, std::string_view key, std::int64_t fallback = 0);
std::optional<std::int64_t> MaybeInt(const gate::Json& object, std::string_view key);
// An integer, or a text that is one (IntOrString.IntValue: other text is 0).
std::optional<std::int64_t> MaybeIntOrText(const gate::Json& object, std::string_view key);
// Fields of Go's int32.
std::int32_t Int32Of(const gate::Json& object, std::string_view key, std::int32_t fallback = 0);
std::optional<std::int32_t> MaybeInt32(const gate::Json& object, std::string_view key);
std::optional<WallSeconds> TimeOf(const gate::Json& object, std::string_view key);
StringMap StringsOf(const gate::Json& object, std::string_view key);

// Writing as Go's omitempty does: what is empty, 0, false or absent is left out.
void Put(gate::Json& object, const char* key, const std::string& text);
void Put(gate::Json& object, const char* key, std::int32_t number);
void Put(gate::Json& object, const char* key, const std::optional<std::int32_t>& number);
void Put(gate::Json& object, const char* key, const std::optional<gate::WallTime>& time);
void PutFlag(gate::Json& object, const char* key, bool flag);

// The whole of `text` as a decimal number.
std::optional<std::int64_t> ParseInt(std::string_view text);

}  // namespace drill::sim
