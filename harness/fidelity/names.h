#pragma once

#include <string>
#include <utility>
#include <vector>

#include "reports/model.h"

namespace drill {

// The names that a run made up, and what they are called in all runs.
class Names {
 public:
  // Finds the pod hashes in the events of the Rollout that say which ReplicaSets were created.
  explicit Names(const std::vector<reports::TraceEntry>& timeline);

  // `text` with <rs1>, <rs2>, ... for pod hashes, <uid> for uids, <pod> for the ends of the names
  // of Jobs' pods, and <ns> for the stage's namespace.
  std::string InCommon(std::string text) const;

 private:
  std::vector<std::pair<std::string, std::string>> hashes_;  // hash, common name
};

}  // namespace drill
