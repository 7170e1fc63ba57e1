#include "harness/expect/matcher.h"

#include <algorithm>

#include "gate/base/check.h"

namespace drill {

std::string FieldText(const TraceEvent& event, const std::string& field) {
  if (!event.fields.is_object()) return "";
  const auto found = event.fields.find(field);
  if (found == event.fields.end() || found->is_null()) return "";
  return gate::JsonText(*found);
}

Matcher::Matcher(const EventPattern& pattern) : event_(pattern.event) {
  for (const EventPattern::FieldTest& test : pattern.fields) {
    tests_.push_back({test.field, test.kind, test.value, {}});
    if (test.kind != EventPattern::FieldTest::Kind::kMatches) continue;
    auto regex = TextRegex::Compile(test.value);
    GATE_CHECK(regex.has_value());
    tests_.back().regex.push_back(*std::move(regex));
  }
}

bool Matcher::Matches(const TraceEvent& event) const {
  using Kind = EventPattern::FieldTest::Kind;
  if (event.name != event_) return false;
  return std::all_of(tests_.begin(), tests_.end(), [&](const Test& test) {
    const std::string text = FieldText(event, test.field);
    if (test.kind == Kind::kMatches) return test.regex.front().Matches(text);
    return (text == test.value) == (test.kind == Kind::kEquals);
  });
}

}  // namespace drill
