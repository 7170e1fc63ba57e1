#pragma once

#include <string>

#include "gate/base/result.h"
#include "gate/base/strict_json.h"
#include "gate/seams/deadline.h"
#include "gate/seams/kube_api.h"

namespace gate::record {

// The AnalysisRun and the Rollout on whose behalf a Job runs, found through the owners of the Job
// (argo R29, R49). `rollout_uid` lets an Event show up in `kubectl describe rollout`.
struct RunLinks {
  std::string analysis_run;
  std::string rollout;
  std::string rollout_uid;
};
Result<RunLinks> FindRunLinks(KubeApi& kube, const std::string& ns, const std::string& job_name,
                              const Deadline& deadline);

// The same, for a caller that only knows the Rollout and the canary's pod hash, as with the web
// provider: the youngest AnalysisRun of an inline step for this hash that has not ended. kNotFound
// if there is none.
Result<RunLinks> FindStepRun(KubeApi& kube, const std::string& ns, const std::string& rollout,
                             const std::string& pod_hash, const Deadline& deadline);

// Writes the verdict's short form into the annotations rollout-gate/<key> of an AnalysisRun.
// `annotations` is a flat object of texts without the prefix.
Result<void> AnnotateAnalysisRun(KubeApi& kube, const std::string& ns, const std::string& name,
                                 const Json& annotations, const Deadline& deadline);

// A Kubernetes Event on the Rollout.
struct GateEvent {
  enum class Type { kNormal, kWarning } type;
  std::string reason;   // CamelCase, such as EvidenceGatePassed
  std::string message;  // cut to 1,024 bytes, the API's limit
  std::string unique;   // suffix that makes the Event's name unique
};
Result<void> EmitEvent(KubeApi& kube, const std::string& ns, const RunLinks& links,
                       const GateEvent& event, WallTime now, const Deadline& deadline);

}  // namespace gate::record
