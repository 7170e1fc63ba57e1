#pragma once

#include <map>
#include <memory>
#include <string>

#include "gate/seams/files.h"
#include "gate/seams/runtime.h"
#include "harness/kind/cluster_api.h"
#include "harness/kind/helm.h"
#include "harness/kind/lazy_image.h"
#include "harness/kind/stage_objects.h"
#include "harness/kind/wait.h"
#include "harness/runner/backend.h"

namespace drill {

// What few scenarios need, and all that do share.
struct StageExtras {
  Helm helm;                  // installs the Rollout where InstalledByHelm says so
  LazyImage serve_with_helm;  // the gate as a service that can roll it back
  LazyImage prometheus;       // where Scenario::prometheus
};

// One scenario in a namespace of its own.
class KindStage : public Stage {
 public:
  enum class Keep { kNo, kYes };  // kYes: Remove leaves the namespace for looking at

  // `directory` is kind/scenario. All references must outlive the stage. Without `extras` it is
  // only played that Helm had installed the Rollout.
  KindStage(ClusterApi& cluster, gate::Runtime& runtime, gate::Files& files, std::string directory,
            const Scenario& scenario, StageWorld world, Keep keep, StageExtras* extras = nullptr);

  gate::Runtime& runtime() override { return runtime_; }
  gate::KubeApi& kube() override { return cluster_.kube(); }
  gate::Result<gate::KubeApi*> KubeOf(const std::string& person,
                                      const gate::Deadline& deadline) override;
  const std::string& ns() const override { return world_.ns; }
  const std::string& rollout() const override { return rollout_; }

  gate::Result<void> Prepare(const Progress& progress, const gate::Deadline& deadline) override;
  gate::Result<bool> DeployByInstaller(const gate::Json& patch,
                                       const gate::Deadline& deadline) override;
  gate::Result<void> CallMcAdmin(const std::string& method, const std::string& path,
                                 const gate::Json& body, const gate::Deadline& deadline) override;
  gate::Result<Trace> Collect(const gate::Deadline& deadline) override;
  gate::Result<void> Remove(const gate::Deadline& deadline) override;

 private:
  gate::Result<void> MakeImages(const Progress& progress, const gate::Deadline& deadline);
  gate::Result<void> Apply(const Manifest& manifest, const gate::Deadline& deadline);
  gate::Result<void> ApplyObjects(const gate::Deadline& deadline);
  gate::Result<void> Await(const Awaited& awaited, const gate::Deadline& deadline);

  ClusterApi& cluster_;
  gate::Runtime& runtime_;
  gate::Files& files_;
  const std::string directory_;
  const Scenario& scenario_;
  StageWorld world_;
  const std::string rollout_ = kRolloutName;
  const Keep keep_;
  StageExtras* const extras_;
  const bool by_helm_;
  gate::Json released_;  // the Rollout as Helm has it
  std::map<std::string, std::shared_ptr<gate::KubeApi>> people_;
};

}  // namespace drill
