#pragma once

#include <string>
#include <vector>

namespace drill {

// A pattern over one trace event: its name, and for each listed field what it must be.
struct EventPattern {
  struct FieldTest {
    std::string field;
    enum class Kind { kEquals, kNotEquals, kMatches } kind;  // kMatches: ECMAScript regex, anchored
    std::string value;                                       // compared as text
  };
  std::string event;
  std::vector<FieldTest> fields;
};

// For people: `verdict (stage = "20", verdict = "pass")`.
std::string Describe(const EventPattern& pattern);

}  // namespace drill
