#pragma once

#include <string>

#include "gate/base/result.h"
#include "gate/base/strict_json.h"
#include "gate/seams/deadline.h"
#include "harness/kind/cluster_tools.h"

namespace drill {

// The helm on PATH, for scenarios whose Rollout is a Helm release. Thread-safe.
class Helm {
 public:
  // `chart` is the folder of a chart that consists of the value `object`. `tools` must outlive it.
  Helm(ClusterTools& tools, std::string chart);

  // `helm upgrade --install`: a release named as the object, which it consists of.
  gate::Result<void> Upgrade(const gate::Json& object, const gate::Deadline& deadline);

 private:
  ClusterTools& tools_;
  const std::string chart_;
};

}  // namespace drill
