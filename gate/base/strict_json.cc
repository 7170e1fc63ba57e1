#include "gate/base/strict_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "gate/base/encoding.h"

namespace gate {
namespace {

// Builds a document and stops at the first thing that the contract of ParseStrictJson forbids.
class StrictBuilder : public nlohmann::json_sax<Json> {
 public:
  explicit StrictBuilder(std::size_t max_depth) : max_depth_(max_depth) {}

  bool null() override { return Put(nullptr); }
  bool boolean(bool value) override { return Put(value); }
  bool number_integer(number_integer_t value) override { return Put(value); }
  bool number_unsigned(number_unsigned_t value) override { return Put(value); }
  bool number_float(number_float_t value, const string_t& text) override {
    if (!std::isfinite(value)) return Refuse(fmt::format("the number {} does not fit", text));
    return Put(value);
  }
  bool string(string_t& value) override { return Put(std::move(value)); }
  bool binary(binary_t& /*value*/) override { return Refuse("binary values are not JSON"); }

  bool start_object(std::size_t /*elements*/) override { return Open(Json::object()); }
  bool end_object() override { return Close(); }
  bool start_array(std::size_t /*elements*/) override { return Open(Json::array()); }
  bool end_array() override { return Close(); }
  bool key(string_t& value) override {
    if (!open_.back().keys.insert(value).second) {
      return Refuse(fmt::format("duplicate key \"{}\"", value));
    }
    open_.back().key = std::move(value);
    return true;
  }

  bool parse_error(std::size_t position, const std::string& /*last_token*/,
                   const nlohmann::detail::exception& /*error*/) override {
    return Refuse(fmt::format("syntax error at byte {}", position));
  }

  Json& root() { return root_; }
  const std::string& refusal() const { return refusal_; }

 private:
  struct Level {
    Json* value;
    std::string key;
    std::unordered_set<std::string> keys;
  };

  bool Refuse(std::string why) {
    if (refusal_.empty()) refusal_ = std::move(why);
    return false;
  }

  Json* Insert(Json value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    Level& level = open_.back();
    if (level.value->is_array()) {
      level.value->push_back(std::move(value));
      return &level.value->back();
    }
    return &((*level.value)[level.key] = std::move(value));
  }

  bool Put(Json value) {
    Insert(std::move(value));
    return true;
  }

  bool Open(Json container) {
    if (open_.size() >= max_depth_) {
      return Refuse(fmt::format("nested deeper than {} levels", max_depth_));
    }
    open_.push_back({Insert(std::move(container)), "", {}});
    return true;
  }

  bool Close() {
    open_.pop_back();
    return true;
  }

  std::size_t max_depth_;
  Json root_;
  std::vector<Level> open_;
  std::string refusal_;
};

Error Malformed(std::string why) { return Error{ErrorCode::kProtocol, std::move(why)}; }

}  // namespace

Result<Json> ParseStrictJson(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.max_bytes) {
    return Malformed(
        fmt::format("{} bytes, more than the {} allowed", text.size(), limits.max_bytes));
  }
  if (!IsValidUtf8(text)) return Malformed("not valid UTF-8");
  if (text.starts_with("\xef\xbb\xbf")) return Malformed("starts with a byte order mark");
  // The parser takes a NUL for the end of the text and would not look at what follows.
  if (text.find('\0') != std::string_view::npos) return Malformed("holds a NUL byte");
  StrictBuilder builder(limits.max_depth);
  const bool complete = Json::sax_parse(text, &builder, Json::input_format_t::json,
                                        /*strict=*/true, /*ignore_comments=*/false);
  if (!complete) {
    return Malformed(builder.refusal().empty() ? "not valid JSON" : builder.refusal());
  }
  return std::move(builder.root());
}

std::string DumpJson(const Json& json, int indent) {
  return json.dump(indent, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

std::string JsonText(const Json& value) {
  return value.is_string() ? value.get<std::string>() : DumpJson(value);
}

// Walks by hand where every step is a plain key: parsing a pointer allocates.
const Json& JsonAt(const Json& object, const char* pointer) {
  static const Json null;
  const Json* at = &object;
  for (std::string_view rest = pointer; !rest.empty();) {
    const std::size_t end = std::min(rest.find('/', 1), rest.size());
    const std::string_view key = rest.substr(1, end - 1);
    const bool plain = rest.front() == '/' && key.find('~') == std::string_view::npos;
    if (!plain || at->is_array()) {
      const Json::json_pointer parsed(pointer);
      return object.contains(parsed) ? object.at(parsed) : null;
    }
    if (!at->is_object()) return null;
    const auto found = at->find(key);
    if (found == at->end()) return null;
    at = &*found;
    rest.remove_prefix(end);
  }
  return *at;
}

const Json& JsonArray(const Json& object, const char* pointer) {
  static const Json none = Json::array();
  const Json& value = JsonAt(object, pointer);
  return value.is_array() ? value : none;
}

std::string JsonString(const Json& object, const char* pointer) {
  const Json& value = JsonAt(object, pointer);
  return value.is_string() ? value.get<std::string>() : "";
}

std::int64_t JsonInt(const Json& object, const char* pointer, std::int64_t fallback) {
  const Json& value = JsonAt(object, pointer);
  return value.is_number_integer() ? value.get<std::int64_t>() : fallback;
}

bool JsonIsTrue(const Json& object, const char* pointer) {
  const Json& value = JsonAt(object, pointer);
  return value.is_boolean() && value.get<bool>();
}

}  // namespace gate
