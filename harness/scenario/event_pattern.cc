#include "harness/scenario/event_pattern.h"

#include <fmt/format.h>

namespace drill {
namespace {

std::string Describe(const EventPattern::FieldTest& test) {
  using Kind = EventPattern::FieldTest::Kind;
  const std::string_view relation = test.kind == Kind::kEquals      ? "="
                                    : test.kind == Kind::kNotEquals ? "is not"
                                                                    : "matches";
  return fmt::format("{} {} \"{}\"", test.field, relation, test.value);
}

}  // namespace

std::string Describe(const EventPattern& pattern) {
  if (pattern.fields.empty()) return pattern.event;
  std::vector<std::string> tests;
  for (const auto& test : pattern.fields) tests.push_back(Describe(test));
  return fmt::format("{} ({})", pattern.event, fmt::join(tests, ", "));
}

}  // namespace drill
