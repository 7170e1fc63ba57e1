#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gate/seams/files.h"
#include "harness/sim/cluster/pod_plan.h"
#include "harness/sim/kube/api_server.h"

namespace drill::sim {

// The value of `key` in a ConfigMap (data, binaryData) or Secret (data), as bytes.
std::optional<std::string> DataOf(const Object& source, std::string_view key);
// All keys with text, in order.
std::vector<std::string> KeysOf(const Object& source);

// The ConfigMaps and Secrets that one pod has mounted, as the kubelet last wrote them out.
class PodVolumes {
 public:
  PodVolumes(std::shared_ptr<const PodPlan> plan, std::string ns);

  // Takes what the server has now. Returns what is missing, in the kubelet's words: nothing if the
  // pod may start.
  std::optional<std::string> MountAll(const ApiServer& server);

  // Whether a volume is made from this object.
  bool Uses(const Object& source) const;
  // The files become those that the server has now. Those of a deleted object stay as they are.
  void Refresh(const ApiServer& server);

  // Errors: kNotFound.
  gate::Result<std::string> Read(const PodPlan::Mount& mount, std::string_view below) const;

 private:
  const std::shared_ptr<const PodPlan> plan_;
  const std::string ns_;
  std::vector<ObjectPtr> sources_;  // one per volume; null: empty
};

// The files of one container. Errors as Files says.
class MountedFiles : public gate::Files {
 public:
  MountedFiles(std::shared_ptr<const PodVolumes> volumes, std::shared_ptr<const PodPlan> plan,
               std::size_t container)
      : volumes_(std::move(volumes)), plan_(std::move(plan)), container_(container) {}

  gate::Result<std::string> Read(const std::string& path, std::size_t limit) override;

 private:
  const std::shared_ptr<const PodVolumes> volumes_;
  const std::shared_ptr<const PodPlan> plan_;
  const std::size_t container_;
};

}  // namespace drill::sim
