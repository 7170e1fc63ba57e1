#pragma once

#include <string>
#include <vector>

#include "harness/scenario/scenario.h"
#include "harness/scenario/text_regex.h"
#include "harness/trace/trace.h"

namespace drill {

// The text that field tests compare: a string as it is, numbers and booleans as JSON writes them,
// "" for a field that is absent or null.
std::string FieldText(const TraceEvent& event, const std::string& field);

// An EventPattern made ready for many events.
class Matcher {
 public:
  // The pattern comes from ParseScenario, so that its regular expressions compile (checked).
  explicit Matcher(const EventPattern& pattern);

  bool Matches(const TraceEvent& event) const;
  const std::string& event() const { return event_; }

 private:
  struct Test {
    std::string field;
    EventPattern::FieldTest::Kind kind;
    std::string value;
    std::vector<TextRegex> regex;  // one for kMatches, else none
  };
  std::string event_;
  std::vector<Test> tests_;
};

}  // namespace drill
