#pragma once

#include <string>
#include <utility>
#include <vector>

#include "reports/model.h"

namespace drill {

// The names that a run made up, and what they are called in all runs.
class Names {
 public:
  // `scenario` is its id. Finds the pod hashes in the events of the Rollout that name
  // ReplicaSets and their revisions.
  Names(const std::string& scenario, const std::vector<reports::TraceEntry>& timeline);

  // `text` with <rs1>, <rs2>, ... for pod hashes (the number is the first revision that is known),
  // <uid> for uids, <pod> for the ends of the names of Jobs' pods, and <ns> for the stage's
  // namespace.
  std::string InCommon(std::string text) const;

 private:
  std::string ns_;  // of a simulated stage; that of a real one has an end that is the run's
  std::vector<std::pair<std::string, std::string>> hashes_;  // hash, common name
};

}  // namespace drill
