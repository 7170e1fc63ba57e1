#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gate/base/strict_json.h"
#include "gate/base/time.h"
#include "gate/watch/rollout_facts.h"

namespace gate::watch {

// A verdict, as its record tells it (docs/records.md).
struct VerdictFact {
  std::string id;
  std::string release;
  std::string stage;
  std::string pod_hash;
  std::string analysis_run;
  std::string verdict;  // "pass", "fail", "inconclusive"
  std::string reason;
  std::string message;
  std::string evidence_digest;
  std::string trace_id;
  bool security_alert = false;
  bool dry_run = false;
  WallTime time;
  Nanos took{0};
};

// The verdicts in the history of a status ConfigMap, oldest first. What cannot be read is left out.
std::vector<VerdictFact> ReadVerdicts(const Json& config_map);

// The gates that this release has left behind although nobody passed it there: the steps are at or
// past the end of each, or the release has become the stable one. A dry run passes everybody.
std::vector<GateStep> BypassedGates(const RolloutFacts& facts, const std::string& pod_hash,
                                    const std::vector<VerdictFact>& verdicts);

// The refusal that stands for this release: its last verdict of all stages that said pass or fail,
// if that is a fail.
std::optional<VerdictFact> StandingRefusal(const std::string& pod_hash,
                                           const std::vector<VerdictFact>& verdicts);

}  // namespace gate::watch
