#pragma once

#include <string>

#include "gate/base/result.h"
#include "gate/base/strict_json.h"
#include "gate/seams/deadline.h"
#include "gate/seams/kube_api.h"

namespace gate::watch {

// How a Rollout that an inconclusive gate has paused is asked again.
struct ResumePlan {
  // Merge patch of its status subresource; null: there is no such pause.
  Json patch;
  std::string why;  // there is nothing to resume: what the Rollout does instead, for people
};

// Takes away the pause of the inconclusive analysis and nothing else: Argo Rollouts then measures
// again at the same step (argo R25, R71). The step stays, and `controllerPause` too, by which Argo
// tells a person who resumes from a gate that never ran; to move the step would skip the gate (argo
// R72). The patch is for this version of the Rollout only. Pure.
ResumePlan PlanResume(const Json& rollout);

enum class ResumeMode {
  kDo,
  kPlan,  // changes nothing
};

// Does it. A Rollout that changes in between is looked at again, a few times. Errors as of KubeApi,
// with what was attempted.
Result<ResumePlan> Resume(KubeApi& kube, const std::string& ns, const std::string& rollout,
                          ResumeMode mode, const Deadline& deadline);

}  // namespace gate::watch
