#pragma once

#include <map>
#include <string>
#include <vector>

#include "gate/base/result.h"
#include "gate/seams/files.h"
#include "harness/kind/stage_objects.h"
#include "harness/sim/campaign/case.h"
#include "harness/sim/kube/object.h"

namespace drill::sim {

// The objects of a stage, read from the manifests once; what differs from case to case (the mode of
// the gate, replicas, steps, MC's script) is chosen, or put into copies.
class StageTemplate {
 public:
  // `directory` is kind/scenario. The namespace is `world.ns`. Errors are those of StageObjects.
  static gate::Result<StageTemplate> Make(gate::Files& files, const std::string& directory,
                                          const Scenario& scenario, const StageWorld& world);

  // In the order in which they are to be created. kInvalidArgument if the case's steps do not fit
  // the manifests.
  gate::Result<std::vector<Object>> ObjectsFor(const Case& one) const;

  const StageWorld& world() const { return world_; }

 private:
  explicit StageTemplate(StageWorld world) : world_(std::move(world)) {}
  gate::Result<Object> RolloutFor(const Case& one) const;
  Object ScriptFor(const Case& one) const;

  gate::Result<void> Add(const Manifest& manifest, std::vector<Object>& objects);

  StageWorld world_;

  std::map<GateMode, std::vector<Object>> objects_;
  gate::Json rollout_;  // its JSON document
  gate::Json script_;   // mock-mc's, without the case's part
};

}  // namespace drill::sim
