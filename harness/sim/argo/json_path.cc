#include "harness/sim/argo/json_path.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "harness/sim/kube/fields.h"

namespace drill::sim::argo {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Json;
using gate::Result;

struct Section {
  enum class Kind { kMember, kIndex, kAll } kind;
  std::string name;
  std::int64_t index = 0;
};

Error Unreadable(std::string_view path) {
  return {ErrorCode::kInvalidArgument, fmt::format("unrecognized JSONPath: {}", path)};
}

// What stands between brackets: 0, -1, *, 'name' or "name".
Result<Section> ReadBracket(std::string_view text, std::string_view path) {
  if (text == "*") return Section{Section::Kind::kAll, "", 0};
  const bool quoted = text.size() >= 2 && text.front() == text.back() &&
                      (text.front() == '\'' || text.front() == '"');
  if (quoted) {
    return Section{Section::Kind::kMember, std::string(text.substr(1, text.size() - 2)), 0};
  }
  if (const auto index = ParseInt(text)) return Section{Section::Kind::kIndex, "", *index};
  return Unreadable(path);
}

Result<std::vector<Section>> ReadPath(std::string_view path) {
  std::string_view rest = path;
  if (!rest.empty() && rest.front() == '{') {
    if (rest.back() != '}') return Unreadable(path);
    rest = rest.substr(1, rest.size() - 2);
  }
  if (!rest.empty() && rest.front() == '$') rest.remove_prefix(1);
  std::vector<Section> sections;
  while (!rest.empty()) {
    if (rest.front() == '[') {
      const std::size_t close = rest.find(']');
      if (close == std::string_view::npos) return Unreadable(path);
      auto section = ReadBracket(rest.substr(1, close - 1), path);
      if (!section) return std::move(section).error();
      sections.push_back(std::move(*section));
      rest.remove_prefix(close + 1);
      continue;
    }
    if (rest.front() != '.') return Unreadable(path);
    rest.remove_prefix(1);
    const std::string_view name = rest.substr(0, rest.find_first_of(".["));
    if (name.empty()) return Unreadable(path);
    sections.push_back(
        {name == "*" ? Section::Kind::kAll : Section::Kind::kMember, std::string(name), 0});
    rest.remove_prefix(name.size());
  }
  return sections;
}

Result<void> Step(const Json& value, const Section& section, std::vector<Json>& found) {
  if (section.kind == Section::Kind::kAll) {
    for (const Json& element : value) found.push_back(element);
    return {};
  }
  if (section.kind == Section::Kind::kMember) {
    if (!value.is_object() || !value.contains(section.name)) {
      return Error{ErrorCode::kNotFound, section.name + " is not found"};
    }
    found.push_back(value.at(section.name));
    return {};
  }
  const auto size = static_cast<std::int64_t>(value.is_array() ? value.size() : 0);
  const std::int64_t index = section.index < 0 ? section.index + size : section.index;
  if (index < 0 || index >= size) {
    return Error{ErrorCode::kNotFound, fmt::format("array index out of bounds: index {}, length {}",
                                                   section.index, size)};
  }
  found.push_back(value.at(static_cast<std::size_t>(index)));
  return {};
}

}  // namespace

Result<std::vector<Json>> FindJsonPath(const Json& document, std::string_view path) {
  auto sections = ReadPath(path);
  if (!sections) return std::move(sections).error();
  std::vector<Json> values{document};
  for (const Section& section : *sections) {
    std::vector<Json> found;
    for (const Json& value : values) {
      if (auto done = Step(value, section, found); !done) return std::move(done).error();
    }
    values = std::move(found);
  }
  return values;
}

}  // namespace drill::sim::argo
