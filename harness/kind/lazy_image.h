#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "gate/base/result.h"
#include "gate/seams/deadline.h"
#include "harness/kind/cluster_tools.h"

namespace drill {

// An image that few scenarios need: it is made, and loaded into the cluster, when the first one
// does. Thread-safe.
class LazyImage {
 public:
  // `command` makes it under `tag`. `tools` must outlive it.
  LazyImage(ClusterTools& tools, std::string cluster, std::vector<std::string> command,
            std::string tag);

  // Its tag, once the image is in the cluster.
  gate::Result<std::string> Ensure(const gate::Deadline& deadline);

 private:
  ClusterTools& tools_;
  const std::string cluster_;
  const std::vector<std::string> command_;
  const std::string tag_;
  std::mutex mutex_;  // held while the image is made
  bool made_ = false;
};

}  // namespace drill
