#include "harness/scenario/parse_common.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace drill {
namespace {

using gate::yaml::MapReader;
using gate::yaml::Mistakes;
using gate::yaml::Node;

bool IsAlnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::vector<std::string> Strings(const std::vector<std::string_view>& words) {
  return {words.begin(), words.end()};
}

}  // namespace

bool IsWord(std::string_view text, std::size_t limit, std::string_view also) {
  return !text.empty() && text.size() <= limit && IsAlnum(text.front()) && IsAlnum(text.back()) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return IsAlnum(c) || also.find(c) != std::string_view::npos; });
}

std::string Hint(std::string_view word, const std::vector<std::string_view>& known) {
  const auto nearest = gate::yaml::NearestWord(word, Strings(known));
  return nearest ? fmt::format("; did you mean \"{}\"?", *nearest)
                 : fmt::format("; known here: {}", fmt::join(known, ", "));
}

std::string RequireText(MapReader& map, std::string_view key, Mistakes& mistakes) {
  const auto node = map.Require(key);
  return node ? node->String(mistakes).value_or("") : "";
}

std::optional<gate::Nanos> ReadPositive(const Node& node, Mistakes& mistakes) {
  const auto value = node.Duration(mistakes);
  if (!value) return std::nullopt;
  if (*value > gate::Nanos(0)) return value;
  node.Complain(mistakes, "must be longer than 0s");
  return std::nullopt;
}

std::optional<gate::Nanos> ReadWholeSeconds(const Node& node, Mistakes& mistakes) {
  const auto value = ReadPositive(node, mistakes);
  if (!value || *value % std::chrono::seconds(1) == gate::Nanos(0)) return value;
  node.Complain(mistakes, "must be whole seconds");
  return std::nullopt;
}

std::string ReadRelease(const Node& node, Mistakes& mistakes) {
  std::string release = node.String(mistakes).value_or("");
  if (!release.empty() && !IsWord(release, kLongestLabel, "-_.")) {
    node.Complain(mistakes, fmt::format("\"{}\" cannot be a label value: up to {} letters, digits, "
                                        "'-', '_' and '.', first and last a letter or digit",
                                        release, kLongestLabel));
  }
  return release;
}

std::string ReadStage(const Node& node, Mistakes& mistakes) {
  // A scalar as it is written: 20 is "20".
  std::string stage = node.IsScalar() ? node.Text() : "";
  if (!IsWord(stage, kLongestLabel, "-_.")) {
    node.Complain(mistakes, fmt::format("expected a stage: up to {} letters, digits, '-', '_' and "
                                        "'.', first and last a letter or digit",
                                        kLongestLabel));
  }
  return stage;
}

int ReadIntBetween(const Node& node, int least, int most, int fallback, Mistakes& mistakes) {
  const auto value = node.Int(mistakes);
  if (!value) return fallback;
  if (*value >= least && *value <= most) return static_cast<int>(*value);
  node.Complain(mistakes, fmt::format("must be between {} and {}", least, most));
  return fallback;
}

bool ReadChoice(MapReader& map, std::string_view key, std::string_view first,
                std::string_view second) {
  std::string value(first);
  if (map.Read(key, value) && value != first && value != second) {
    map.Complain(key, fmt::format("expected {} or {}, found \"{}\"", first, second, value));
  }
  return value == second;
}

}  // namespace drill
