#pragma once

#include <string>

#include "gate/base/result.h"
#include "gate/base/strict_json.h"
#include "gate/seams/deadline.h"
#include "gate/seams/kube_api.h"
#include "gate/seams/runtime.h"
#include "harness/kind/cluster_tools.h"

namespace drill {

// Which Argo Rollouts to install.
struct ArgoSource {
  std::string version;   // of the release, such as v1.10.1
  std::string manifest;  // a file that is applied instead of the release's
  std::string image;     // for the controller instead of what the manifest names
};

// Installs the controller into the namespace argo-rollouts unless the cluster already runs one
// anywhere, and returns when it is available. The facts: what really runs.
gate::Result<gate::Json> EnsureArgo(ClusterTools& tools, gate::KubeApi& kube,
                                    gate::Runtime& runtime, const ArgoSource& source,
                                    const gate::Deadline& deadline);

}  // namespace drill
