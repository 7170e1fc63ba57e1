#pragma once

#include <string>
#include <vector>

#include "harness/scenario/scenario.h"

namespace drill {

// What was wrong with a scenario, one mistake per element.
inline std::vector<std::string> MistakesOf(const gate::Result<Scenario>& scenario) {
  if (scenario) return {};
  std::vector<std::string> lines;
  std::string rest = scenario.error().message + "\n";
  for (auto end = rest.find('\n'); end != std::string::npos; end = rest.find('\n')) {
    lines.push_back(rest.substr(0, end));
    rest.erase(0, end + 1);
  }
  return lines;
}

}  // namespace drill
