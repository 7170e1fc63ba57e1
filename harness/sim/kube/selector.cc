#include "harness/sim/kube/selector.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace drill::sim {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Result;

Error Malformed(std::string_view text) {
  return {ErrorCode::kInvalidArgument,
          "unable to parse requirement: \"" + std::string(text) + "\" is no selector"};
}

std::string_view Trim(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

bool IsKey(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == '/';
  });
}

// Splits at commas outside of parentheses; nothing if they do not match.
std::optional<std::vector<std::string_view>> Split(std::string_view text) {
  std::vector<std::string_view> parts;
  int depth = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i == text.size() || (text[i] == ',' && depth == 0)) {
      parts.push_back(Trim(text.substr(begin, i - begin)));
      begin = i + 1;
    } else if (text[i] == '(') {
      ++depth;
    } else if (text[i] == ')' && --depth < 0) {
      return std::nullopt;
    }
  }
  if (depth != 0) return std::nullopt;
  return parts;
}

// "(a, b)" -> a, b; nothing if it is no such list.
std::optional<std::vector<std::string>> Values(std::string_view text) {
  text = Trim(text);
  if (text.size() < 2 || text.front() != '(' || text.back() != ')') return std::nullopt;
  const auto parts = Split(text.substr(1, text.size() - 2));
  if (!parts) return std::nullopt;
  return std::vector<std::string>(parts->begin(), parts->end());
}

// What a field selector names, for any of the types.
std::optional<std::string> Field(const Object& object, std::string_view path) {
  if (path == "metadata.name") return object.meta.name;
  if (path == "metadata.namespace") return object.meta.ns;
  if (path == "status.phase") return gate::JsonString(StatusOf(object), "/phase");
  if (path == "spec.nodeName") return gate::JsonString(SpecOf(object), "/nodeName");
  if (path == "reason" || path == "type") {
    return gate::JsonString(RestOf(object), path == "reason" ? "/reason" : "/type");
  }
  if (path == "involvedObject.name") {
    return gate::JsonString(RestOf(object), "/involvedObject/name");
  }
  if (path == "involvedObject.uid") return gate::JsonString(RestOf(object), "/involvedObject/uid");
  return std::nullopt;
}

}  // namespace

Result<std::vector<Selector::Requirement>> Selector::ParseLabels(std::string_view text) {
  std::vector<Requirement> requirements;
  const auto parts = Split(text);
  if (!parts) return Malformed(text);
  for (const std::string_view part : *parts) {
    using Kind = Requirement::Kind;
    Requirement requirement;
    std::string_view key = part;
    if (const auto in = part.find(" in "); in != std::string_view::npos) {
      key = Trim(part.substr(0, in));
      auto values = Values(part.substr(in + 4));
      if (!values) return Malformed(part);
      requirement = {Kind::kIn, "", *std::move(values)};
    } else if (const auto notin = part.find(" notin "); notin != std::string_view::npos) {
      key = Trim(part.substr(0, notin));
      auto values = Values(part.substr(notin + 7));
      if (!values) return Malformed(part);
      requirement = {Kind::kNotIn, "", *std::move(values)};
    } else if (const auto equal = part.find('='); equal != std::string_view::npos) {
      const bool negated = equal > 0 && part[equal - 1] == '!';
      key = Trim(part.substr(0, negated ? equal - 1 : equal));
      std::string_view value = part.substr(equal + 1);
      if (!value.empty() && value.front() == '=') value.remove_prefix(1);
      value = Trim(value);
      if (!value.empty() && !IsKey(value)) return Malformed(part);
      requirement = {negated ? Kind::kNotIn : Kind::kIn, "", {std::string(value)}};
    } else if (!part.empty() && part.front() == '!') {
      key = Trim(part.substr(1));
      requirement.kind = Kind::kAbsent;
    }
    if (!IsKey(key)) return Malformed(part);
    requirement.key = key;
    requirements.push_back(std::move(requirement));
  }
  return requirements;
}

Result<std::vector<Selector::Requirement>> Selector::ParseFields(std::string_view text) {
  std::vector<Requirement> requirements;
  const Object none{Type::kPod, {}, nullptr, nullptr, nullptr};
  const auto parts = Split(text);
  if (!parts) return Malformed(text);
  for (const std::string_view part : *parts) {
    const auto equal = part.find('=');
    if (equal == std::string_view::npos || equal == 0) return Malformed(part);
    const bool negated = part[equal - 1] == '!';
    const std::string_view path = Trim(part.substr(0, negated ? equal - 1 : equal));
    std::string_view value = part.substr(equal + 1);
    if (!value.empty() && value.front() == '=') value.remove_prefix(1);
    if (!Field(none, path)) {
      return Error{ErrorCode::kInvalidArgument, "field label not supported: " + std::string(path)};
    }
    requirements.push_back({negated ? Requirement::Kind::kNotIn : Requirement::Kind::kIn,
                            std::string(path),
                            {std::string(Trim(value))}});
  }
  return requirements;
}

Result<Selector> Selector::Parse(const gate::KubeSelector& selector) {
  Selector parsed;
  if (!selector.labels.empty()) {
    auto labels = ParseLabels(selector.labels);
    if (!labels) return std::move(labels).error();
    parsed.labels_ = *std::move(labels);
  }
  if (!selector.fields.empty()) {
    auto fields = ParseFields(selector.fields);
    if (!fields) return std::move(fields).error();
    parsed.fields_ = *std::move(fields);
  }
  return parsed;
}

bool Selector::Matches(const Object& object) const {
  const auto fulfils = [](const Requirement& requirement, const std::string* value) {
    const auto listed = [&] {
      return value != nullptr && std::find(requirement.values.begin(), requirement.values.end(),
                                           *value) != requirement.values.end();
    };
    switch (requirement.kind) {
      case Requirement::Kind::kExists:
        return value != nullptr;
      case Requirement::Kind::kAbsent:
        return value == nullptr;
      case Requirement::Kind::kIn:
        return listed();
      case Requirement::Kind::kNotIn:  // also when it is absent
        return !listed();
    }
    return false;
  };
  const StringMap& labels = object.meta.labels;
  for (const Requirement& requirement : labels_) {
    const auto found = labels.find(requirement.key);
    if (!fulfils(requirement, found == labels.end() ? nullptr : &found->second)) return false;
  }
  return std::all_of(fields_.begin(), fields_.end(), [&](const Requirement& requirement) {
    const auto value = Field(object, requirement.key);
    return fulfils(requirement, value ? &*value : nullptr);
  });
}

}  // namespace drill::sim
