#pragma once

#include <string>
#include <vector>

#include "gate/base/strict_json.h"
#include "gate/base/time.h"
#include "reports/model.h"

namespace drill {

// What the controllers of two runs of the same scenario have to agree about: a timeline cut down to
// what Argo Rollouts and the Job controller did, with everything gone that differs from run to run
// (hashes, uids, namespaces).
struct Milestone {
  gate::Nanos at{0};  // since the canary was deployed, to a tenth of a second
  std::string event;  // of the scenario vocabulary
  gate::Json fields = gate::Json::object();

  bool operator==(const Milestone&) const = default;
};

// client-go's spam filter: a burst of this many events per object, then one in five minutes.
inline constexpr int kMostObjectEvents = 25;

struct MilestoneTrace {
  std::string scenario;    // id
  std::string sha256;      // of the scenario's file
  std::string backend;     // that played it
  std::string controller;  // the image of Argo Rollouts, as far as the backend tells
  // The Rollout has no more events than these: a client-go controller drops those of one object
  // beyond kMostObjectEvents.
  bool events_cut = false;
  std::vector<Milestone> milestones;
};

// Since the deployment of the canary; none if it was not deployed. Pod hashes become <rs1>, <rs2>,
// ... by the revisions of their ReplicaSets.
MilestoneTrace ExtractMilestones(const reports::RunResult& run,
                                 const reports::ScenarioResult& scenario);

}  // namespace drill
