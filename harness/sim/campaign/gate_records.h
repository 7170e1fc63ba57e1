#pragma once

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "gate/base/strict_json.h"
#include "harness/sim/campaign/judge.h"
#include "harness/sim/kube/object.h"
#include "harness/sim/stage/pod_logs.h"
#include "harness/trace/audit_chain.h"
#include "mock-mc/behaviour/plan.h"

namespace drill::sim {

// What the gate recorded and what MC had told it, held against each other.
class GateRecords {
 public:
  explicit GateRecords(Judge& judge) : judge_(judge) {}

  void OnMcRequest(const mock_mc::Decision& decision) { asked_.push_back(decision); }

  // A version of the status ConfigMap. Returns the records that are new in it.
  std::vector<gate::Json> OnStatus(const Object& config_map, gate::Nanos now);

  // True if there is a pass that counts (no dry run).
  bool Passed(const std::string& release, const std::string& stage,
              const std::string& pod_hash) const {
    return passes_.contains({release, stage, pod_hash});
  }

  // At the end: what the logs say. As many records may lack their line as gates were killed.
  void CheckLogs(const PodLogs& logs, std::size_t killed, gate::Nanos now);
  void CheckChain(gate::Nanos now);

  bool empty() const { return ids_.empty(); }

 private:
  void CheckProof(const gate::Json& record, gate::Nanos now);
  void Mark(const gate::Json& record);
  bool McSaid(const gate::Json& record, bool ok) const;

  Judge& judge_;
  AuditChain chain_;
  std::vector<mock_mc::Decision> asked_;
  std::set<std::tuple<std::string, std::string, std::string>> passes_;
  std::set<std::string> ids_;
  std::set<std::string> hashes_;
};

}  // namespace drill::sim
