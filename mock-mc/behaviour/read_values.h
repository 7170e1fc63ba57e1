#pragma once

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "gate/yaml/strict_yaml.h"
#include "mock-mc/behaviour/read_context.h"
#include "mock-mc/behaviour/script.h"

// Values that several parts of a script have. Internal to behaviour/.
namespace mock_mc {

// `path` relative to the directory of `file`.
inline std::string ResolvePath(const std::string& path, const std::string& file) {
  const std::size_t slash = file.rfind('/');
  if (path.starts_with('/') || slash == std::string::npos) return path;
  return file.substr(0, slash + 1) + path;
}

// A duration that is not negative and at most a day.
inline std::optional<gate::Nanos> ReadSpan(const gate::yaml::Node& node,
                                           gate::yaml::Mistakes& mistakes) {
  constexpr gate::Nanos kLongest = std::chrono::hours(24);
  const auto span = node.Duration(mistakes);
  if (!span) return std::nullopt;
  if (*span < gate::Nanos(0) || *span > kLongest) {
    node.Complain(mistakes, "must be between 0 and 24h");
    return std::nullopt;
  }
  return span;
}

// A number of bytes, at most those of the largest answer.
inline std::optional<std::size_t> ReadCount(const gate::yaml::Node& node, std::int64_t least,
                                            gate::yaml::Mistakes& mistakes) {
  const auto count = node.Int(mistakes);
  if (!count) return std::nullopt;
  if (*count < least || *count > static_cast<std::int64_t>(kTooLargeBytes)) {
    node.Complain(mistakes, fmt::format("must be between {} and {}", least, kTooLargeBytes));
    return std::nullopt;
  }
  return static_cast<std::size_t>(*count);
}

}  // namespace mock_mc
