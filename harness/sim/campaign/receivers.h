#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mock-mc/behaviour/plan.h"
#include "mock-mc/behaviour/request.h"

namespace drill::sim {

// What Slack and PagerDuty, which mock-mc plays, have taken in.
class Receivers {
 public:
  // A request to mock-mc, of any kind.
  void OnRequest(const mock_mc::Request& request, const mock_mc::Decision& decision);

  // Whether both have a message about the verdict with this trace id.
  bool Have(std::string_view trace_id) const;

 private:
  std::vector<std::string> slack_;  // what was posted
  std::vector<std::string> pagerduty_;
};

}  // namespace drill::sim
