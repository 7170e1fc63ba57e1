#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "gate/base/strict_json.h"

namespace drill {

// The gate's hash-chained records as its status ConfigMap shows them over time, checked against
// docs/records.md. Written without the gate's own code, whose mistakes it would share.
class AuditChain {
 public:
  // Takes one version of the ConfigMap and returns the records not seen before, oldest first.
  std::vector<gate::Json> Take(const gate::Json& config_map);

  struct Judgement {
    bool ok;
    std::string detail;  // what is wrong, or how many records are in order
  };
  // Over everything seen so far. No record at all is not in order: the gate always leaves one.
  Judgement Verify() const;

 private:
  void TakeLine(const std::string& line, std::vector<gate::Json>& fresh);
  void Complain(std::string problem);

  std::map<std::int64_t, gate::Json> records_;  // by seq
  std::vector<std::string> problems_;           // seen while taking; at most kMostProblems
  std::string last_head_;                       // of the newest version
};

}  // namespace drill
