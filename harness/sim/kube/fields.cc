#include "harness/sim/kube/fields.h"

#include <charconv>

namespace drill::sim {

using gate::Json;

const Json& Member(const Json& object, std::string_view key) {
  static const Json null;
  if (!object.is_object()) return null;
  const auto found = object.find(key);
  return found == object.end() ? null : *found;
}

std::string TextOf(const Json& object, std::string_view key) {
  const Json& value = Member(object, key);
  return value.is_string() ? value.get<std::string>() : std::string();
}

bool FlagOf(const Json& object, std::string_view key) {
  const Json& value = Member(object, key);
  return value.is_boolean() && value.get<bool>();
}

std::int64_t IntOf(const Json& object, std::string_view key, std::int64_t fallback) {
  return MaybeInt(object, key).value_or(fallback);
}

std::optional<std::int64_t> MaybeInt(const Json& object, std::string_view key) {
  const Json& value = Member(object, key);
  if (!value.is_number_integer()) return std::nullopt;
  return value.get<std::int64_t>();
}

std::optional<std::int64_t> MaybeIntOrText(const Json& object, std::string_view key) {
  const Json& value = Member(object, key);
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_string()) return ParseInt(value.get_ref<const std::string&>()).value_or(0);
  return std::nullopt;
}

std::int32_t Int32Of(const Json& object, std::string_view key, std::int32_t fallback) {
  return static_cast<std::int32_t>(IntOf(object, key, fallback));
}

std::optional<std::int32_t> MaybeInt32(const Json& object, std::string_view key) {
  const auto value = MaybeInt(object, key);
  return value ? std::optional(static_cast<std::int32_t>(*value)) : std::nullopt;
}

std::optional<WallSeconds> TimeOf(const Json& object, std::string_view key) {
  const Json& value = Member(object, key);
  if (!value.is_string()) return std::nullopt;
  return ParseSeconds(value.get_ref<const std::string&>());
}

StringMap StringsOf(const Json& object, std::string_view key) {
  StringMap strings;
  const Json& values = Member(object, key);
  if (!values.is_object()) return strings;
  for (const auto& [name, value] : values.items()) {
    if (value.is_string()) strings.emplace(name, value.get<std::string>());
  }
  return strings;
}

void Put(Json& object, const char* key, const std::string& text) {
  if (!text.empty()) object[key] = text;
}
void Put(Json& object, const char* key, std::int32_t number) {
  if (number != 0) object[key] = number;
}
void Put(Json& object, const char* key, const std::optional<std::int32_t>& number) {
  if (number) object[key] = *number;
}
void Put(Json& object, const char* key, const std::optional<gate::WallTime>& time) {
  if (time) object[key] = FormatSeconds(std::chrono::floor<std::chrono::seconds>(*time));
}
void PutFlag(Json& object, const char* key, bool flag) {
  if (flag) object[key] = true;
}

std::optional<std::int64_t> ParseInt(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace drill::sim
