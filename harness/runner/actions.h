#pragma once

#include <optional>
#include <string>

#include "gate/base/result.h"
#include "gate/seams/deadline.h"
#include "harness/runner/backend.h"
#include "harness/runner/rollout_patches.h"
#include "harness/scenario/timeline.h"

namespace drill {

// Does to a stage what a timeline asks for, with the requests that kubectl and its argo-rollouts
// plugin would send.
class Actions {
 public:
  // The stage must outlive this object.
  explicit Actions(Stage& stage) : stage_(stage) {}

  struct Done {
    std::string detail;  // what was done, for people
    // The release whose rollout this began; empty text: a pod template without a release id.
    std::optional<std::string> deployed;
  };

  // An action that finds nothing to do, as the plugin would, is done and says so. Errors as in
  // gate::KubeApi, with what was attempted; then some of its requests may have been carried out.
  gate::Result<Done> Do(const Action& action, const gate::Deadline& deadline);

 private:
  gate::Result<Done> Run(Command command, const gate::Deadline& deadline);
  gate::Result<Done> Run(const Deploy& deploy, const gate::Deadline& deadline);
  gate::Result<Done> Run(const Scale& scale, const gate::Deadline& deadline);
  gate::Result<Done> Run(const PodQuota& quota, const gate::Deadline& deadline);
  gate::Result<Done> Run(const OverrideEvidence& evidence, const gate::Deadline& deadline);
  gate::Result<Done> Run(const OverrideGate& word, const gate::Deadline& deadline);
  gate::Result<Done> Run(const Fault& fault, const gate::Deadline& deadline);

  gate::Result<Done> UndoRollout(const gate::Deadline& deadline);
  gate::Result<Done> TerminateAnalysis(const gate::Deadline& deadline);
  // Deletes these pods; kNotFound, with `missing`, if there is none.
  gate::Result<Done> DeletePods(const std::string& ns, const std::string& labels,
                                const char* missing, const gate::Deadline& deadline);
  gate::Result<Done> DeleteToken(const gate::Deadline& deadline);
  gate::Result<Done> RotateToken(const gate::Deadline& deadline);
  gate::Result<Done> AnnounceKey(const gate::Deadline& deadline);
  gate::Result<Done> RotateKey(const gate::Deadline& deadline);
  gate::Result<Done> RetireKey(const gate::Deadline& deadline);
  gate::Result<Done> LiftPodQuota(const gate::Deadline& deadline);

  // mock-mc's script, as it was last given to it.
  gate::Result<gate::Json> ReadScript(const gate::Deadline& deadline);
  gate::Result<void> ReplaceScript(const gate::Json& script, const gate::Deadline& deadline);
  // Those of the gate's keyring.
  gate::Result<gate::Json> ReadKeys(const gate::Deadline& deadline);
  gate::Result<void> WriteKeys(const gate::Json& keys, const gate::Deadline& deadline);
  gate::Result<gate::KubeApi*> KubeOf(const std::string& person, const gate::Deadline& deadline);

  gate::Result<gate::Json> ReadRollout(const gate::Deadline& deadline);
  gate::Result<Done> PatchSpec(const gate::Json& patch, const gate::Deadline& deadline);
  gate::Result<Done> PatchStatus(const gate::Json& patch, const gate::Deadline& deadline);
  gate::Result<Done> PatchBoth(const RolloutPatches& patches, const gate::Deadline& deadline);
  gate::KubeRef Rollout() const;

  Stage& stage_;
};

}  // namespace drill
