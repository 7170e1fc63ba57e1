#pragma once

#include <string>

#include "gate/seams/kube_api.h"
#include "gate/seams/process_runner.h"
#include "gate/seams/runtime.h"
#include "harness/sim/world/process.h"

namespace drill::sim {

// The programs in the gate's container that a fallback may run. There is one:
//   helm rollback ROLLOUT --namespace NAMESPACE
// does to a Rollout what Helm does that installed it: the manifest of the revision before comes
// back, with the pod template and the release id that it had. With another name it says, as Helm
// does, that there is no such release. For fibers of `process`, which it is a part of.
class SimCommands : public gate::ProcessRunner {
 public:
  static constexpr gate::Nanos kTakes = std::chrono::seconds(2);

  // All must outlive it; `kube` is the API as the container's service account sees it.
  SimCommands(Process& process, gate::Runtime& runtime, gate::KubeApi& kube)
      : process_(process), runtime_(runtime), kube_(kube) {}

  gate::Result<gate::ProcessOutput> Run(const gate::ProcessRequest& request,
                                        const gate::Deadline& deadline) override;

 private:
  gate::Result<void> HelmRollback(const std::string& rollout, const std::string& ns,
                                  const gate::Deadline& deadline);

  Process& process_;
  gate::Runtime& runtime_;
  gate::KubeApi& kube_;
};

}  // namespace drill::sim
