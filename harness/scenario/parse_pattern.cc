#include "harness/scenario/parse_pattern.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "harness/scenario/parse_common.h"
#include "harness/scenario/text_regex.h"
#include "harness/scenario/vocabulary.h"

namespace drill {
namespace {

using gate::yaml::Mistakes;
using gate::yaml::Node;

void CheckFieldValue(const EventField& field, const std::string& value, const Node& node,
                     Mistakes& mistakes) {
  const auto& values = field.values;
  if (values.empty() || std::find(values.begin(), values.end(), value) != values.end()) return;
  node.Complain(mistakes, fmt::format("\"{}\" can never be \"{}\"{}", field.name, value,
                                      Hint(value, values)));
}

// `field: text`, `field: {not: text}` or `field: {matches: regex}`.
std::optional<EventPattern::FieldTest> ParseFieldTest(const EventField& field, const Node& node,
                                                      Mistakes& mistakes) {
  using Kind = EventPattern::FieldTest::Kind;
  EventPattern::FieldTest test{std::string(field.name), Kind::kEquals, ""};
  if (!node.IsMap()) {
    if (node.IsSequence() || (node.IsNull() && !node.IsQuoted())) {
      node.Complain(mistakes, "expected a text, {not: text} or {matches: \"regex\"}");
      return std::nullopt;
    }
    test.value = node.Text();
    CheckFieldValue(field, test.value, node, mistakes);
    return test;
  }
  const auto entries = node.Entries(mistakes);
  if (entries.size() != 1 ||
      (entries[0].first.Text() != "not" && entries[0].first.Text() != "matches")) {
    node.Complain(mistakes, "expected exactly one of \"not\" and \"matches\"");
    return std::nullopt;
  }
  const Node& value = entries[0].second;
  if (!value.IsScalar()) {
    value.Complain(mistakes, "expected a text");
    return std::nullopt;
  }
  test.value = value.Text();
  if (entries[0].first.Text() == "not") {
    test.kind = Kind::kNotEquals;
    CheckFieldValue(field, test.value, value, mistakes);
    return test;
  }
  test.kind = Kind::kMatches;
  if (const auto regex = TextRegex::Compile(test.value); !regex) {
    value.Complain(mistakes, regex.error().message);
  }
  return test;
}

const EventKind* ParseEventName(const Node& node, Mistakes& mistakes) {
  const auto name = node.String(mistakes);
  if (!name) return nullptr;
  const EventKind* kind = FindEventKind(*name);
  if (kind == nullptr) {
    std::vector<std::string_view> known;
    for (const EventKind& each : KnownEvents()) known.push_back(each.name);
    node.Complain(mistakes, fmt::format("unknown event \"{}\"{}", *name, Hint(*name, known)));
  }
  return kind;
}

void ParseFields(const EventKind& kind, const std::vector<std::pair<Node, Node>>& entries,
                 EventPattern& pattern, Mistakes& mistakes) {
  for (const auto& [key, value] : entries) {
    const std::string name = key.Text();
    if (name == "event") continue;
    const auto field = std::find_if(kind.fields.begin(), kind.fields.end(),
                                    [&](const EventField& each) { return each.name == name; });
    if (field == kind.fields.end()) {
      std::vector<std::string_view> known;
      for (const EventField& each : kind.fields) known.push_back(each.name);
      key.Complain(mistakes, known.empty() ? fmt::format("event \"{}\" has no fields", kind.name)
                                           : fmt::format("event \"{}\" has no field \"{}\"{}",
                                                         kind.name, name, Hint(name, known)));
      continue;
    }
    if (auto test = ParseFieldTest(*field, value, mistakes)) {
      pattern.fields.push_back(*std::move(test));
    }
  }
}

}  // namespace

EventPattern ParsePattern(const Node& node, Mistakes& mistakes) {
  EventPattern pattern;
  const auto entries = node.Entries(mistakes);
  const auto event = std::find_if(entries.begin(), entries.end(),
                                  [](const auto& each) { return each.first.Text() == "event"; });
  if (event == entries.end()) {
    if (node.IsMap()) node.Complain(mistakes, "\"event\" is missing");
    return pattern;
  }
  pattern.event = event->second.Text();
  if (const EventKind* kind = ParseEventName(event->second, mistakes)) {
    ParseFields(*kind, entries, pattern, mistakes);
  }
  return pattern;
}

std::vector<EventPattern> ParsePatterns(const Node& node, std::size_t at_least,
                                        Mistakes& mistakes) {
  std::vector<EventPattern> patterns;
  const auto items = node.Items(mistakes);
  if (node.IsSequence() && items.size() < at_least) {
    node.Complain(mistakes,
                  fmt::format("expected at least {} event{}", at_least, at_least == 1 ? "" : "s"));
  }
  for (const Node& item : items) patterns.push_back(ParsePattern(item, mistakes));
  return patterns;
}

void CheckKnownInTime(const EventPattern& pattern, const Node& node, std::string_view what,
                      Mistakes& mistakes) {
  const EventKind* kind = FindEventKind(pattern.event);
  if (kind == nullptr || kind->known == EventKind::Known::kAsItHappens) return;
  node.Complain(mistakes, fmt::format("event \"{}\" is known only when all is over and cannot {}",
                                      kind->name, what));
}

}  // namespace drill
