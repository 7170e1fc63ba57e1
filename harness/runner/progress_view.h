#pragma once

#include <string>
#include <string_view>

#include "reports/model.h"

namespace drill {

// Where people follow a run. Thread-safe.
class ProgressView {
 public:
  virtual ~ProgressView() = default;

  // What the run as a whole is doing.
  virtual void OnRun(std::string_view phase) = 0;
  virtual void OnScenario(const std::string& id, std::string_view phase) = 0;
  virtual void OnScenarioEnd(const reports::ScenarioResult& result) = 0;
};

}  // namespace drill
