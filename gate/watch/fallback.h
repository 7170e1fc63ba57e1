#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gate/base/result.h"
#include "gate/seams/deadline.h"
#include "gate/seams/kube_api.h"
#include "gate/seams/process_runner.h"
#include "gate/seams/runtime.h"
#include "gate/watch/rollback.h"
#include "gate/watch/rollout_facts.h"

namespace gate::watch {

// The way of last resort for a rollback that is late.
struct FallbackPolicy {
  enum class Kind {
    kArgo,     // "argo": none; people are told, and Argo goes on trying
    kUndo,     // "undo": the stable version's pod template is put back into the Rollout's spec
    kCommand,  // "command": for instance `helm rollback`
  } kind = Kind::kArgo;

  // Of kCommand: the program and its arguments, without a shell. "{namespace}", "{rollout}",
  // "{release}" (the refused one) and "{environment}" in them are replaced; the program also finds
  // them in ROLLOUT_GATE_NAMESPACE and so on.
  std::vector<std::string> command;
};

std::string_view ToString(FallbackPolicy::Kind kind);

// The command for this rollback.
ProcessRequest FallbackCommand(const FallbackPolicy& policy, const RolloutFacts& facts,
                               const Rollback& rollback, std::string_view environment);

// What `kubectl argo rollouts undo` does, but always back to the stable ReplicaSet (argo R76): its
// pod template, and its release-id on the Rollout too, where it names the release to the gate. With
// the stable template in the spec Argo takes the canary away without analysis. Lost races are run
// again. Errors: those of KubeApi; kInvalidArgument if the Rollout's template is elsewhere
// (workloadRef), or if its release is no longer that of `facts`, so that an undo never overwrites a
// newer one.
Result<void> UndoToStable(KubeApi& kube, Runtime& runtime, const RolloutFacts& facts,
                          const Deadline& deadline);

}  // namespace gate::watch
