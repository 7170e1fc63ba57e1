#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "mock-mc/behaviour/plan.h"
#include "mock-mc/behaviour/request.h"

namespace drill::sim {

// Whether Slack and PagerDuty, which mock-mc plays, have been told what they should be.
class Receivers {
 public:
  // From now on both are to hear of this verdict, which must not have been told yet. It may be made
  // several times, with a trace id each: to hear of one of them is enough.
  void Expect(const std::string& verdict, const std::string& trace_id);

  // A request to mock-mc, of any kind.
  void OnRequest(const mock_mc::Request& request, const mock_mc::Decision& decision);

  bool EverybodyIsTold() const { return open_ == 0; }
  // All expected verdicts, and whether both have heard of them.
  std::map<std::string, bool> Told() const;

 private:
  struct Heard {
    bool slack = false;
    bool pagerduty = false;
  };
  struct Verdict {
    std::map<std::string, Heard> by_trace;
    bool told = false;  // both have heard of the same one
  };
  std::map<std::string, Verdict> verdicts_;
  std::size_t open_ = 0;  // of them, those that are not told
};

}  // namespace drill::sim
