#pragma once

#include <mutex>
#include <string>

#include "gate/base/result.h"
#include "gate/base/strict_json.h"
#include "gate/seams/deadline.h"
#include "harness/kind/cluster_tools.h"
#include "harness/kind/preflight.h"

namespace drill {

// The helm on PATH, for scenarios whose Rollout is a Helm release. Thread-safe.
class Helm {
 public:
  struct Images {
    std::string base;  // of the gate as a service, without helm
    std::string tag;   // of the one with it, made when it is needed first
  };
  // `tools` must outlive it.
  Helm(ClusterTools& tools, const KindPaths& paths, std::string cluster, Images images);

  // The tag of an image of the gate as a service that has helm; it is in the cluster.
  gate::Result<std::string> EnsureImage(const gate::Deadline& deadline);

  // `helm upgrade --install`: a release named as the object, which it consists of.
  gate::Result<void> Upgrade(const gate::Json& object, const gate::Deadline& deadline);

 private:
  ClusterTools& tools_;
  const KindPaths paths_;
  const std::string cluster_;
  const Images images_;
  std::mutex mutex_;  // held while the image is made
  bool made_ = false;
};

}  // namespace drill
