#pragma once

#include <string>
#include <vector>

#include "gate/base/result.h"
#include "gate/base/strict_json.h"
#include "harness/scenario/timeline.h"

// What kubectl and its argo-rollouts plugin would send, as JSON merge patches (RFC 7396) computed
// from the objects as they are (argo R71 to R76). Pure.
namespace drill {

// Names that the manifests of kind/scenario/ and the patches share.
inline constexpr const char* kReleaseAnnotation = "gate-drill/release";  // of the pod template
inline constexpr const char* kImageAnnotation = "gate-drill/image";      // of the Rollout

// An image that no registry has. Nothing listens on that port, so that pulling it fails at once.
inline constexpr const char* kMissingImage = "localhost:1/gate-drill/missing:none";

// A patch of the Rollout and one of its status subresource; null: nothing to send.
struct RolloutPatches {
  gate::Json spec;
  gate::Json status;
};

// A new pod template, with the release id on it and on the Rollout. Deploying the release that is
// stable gives its template again.
gate::Json DeployPatch(const gate::Json& rollout, const Deploy& deploy);

// `promote` as the plugin of 1.10 does it: a Rollout that is paused because of an inconclusive
// inline analysis goes to the next step without it; another that is paused is resumed; else the
// current step, be it a running analysis, is skipped.
RolloutPatches PromotePatches(const gate::Json& rollout);

// `promote --full`: nothing to send if the current release is the stable one.
RolloutPatches PromoteFullPatches(const gate::Json& rollout);

// `undo`: the pod template of the ReplicaSet whose revision is the last but one.
struct Undo {
  gate::Json patch;      // null: the template is that one already
  std::string revision;  // where it goes back to
  std::string release;   // of that template; empty: it has no release id
};
// kNotFound if there is only one revision.
gate::Result<Undo> UndoPatch(const gate::Json& rollout,
                             const std::vector<gate::Json>& replica_sets);

}  // namespace drill
