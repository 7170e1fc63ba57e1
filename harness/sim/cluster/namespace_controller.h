#pragma once

#include <string>

#include "harness/sim/cluster/options.h"
#include "harness/sim/kube/api_server.h"
#include "harness/sim/world/world.h"

namespace drill::sim {

// Empties a namespace that is being deleted, then removes it.
class NamespaceController {
 public:
  NamespaceController(World& world, ApiServer& server, const ClusterOptions& options);
  NamespaceController(const NamespaceController&) = delete;
  NamespaceController& operator=(const NamespaceController&) = delete;

 private:
  void Empty(const std::string& ns);

  World& world_;
  ApiServer& server_;
};

}  // namespace drill::sim
