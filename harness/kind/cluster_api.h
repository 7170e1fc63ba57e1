#pragma once

#include <functional>
#include <memory>
#include <string>

#include "gate/base/result.h"
#include "gate/seams/deadline.h"
#include "gate/seams/files.h"
#include "gate/seams/kube_api.h"
#include "gate/seams/runtime.h"

namespace drill {

// The API server of one cluster. Thread-safe.
class ClusterApi {
 public:
  virtual ~ClusterApi() = default;

  virtual gate::KubeApi& kube() = 0;

  // The same API as a ServiceAccount, which must exist, has it. No longer than an hour.
  virtual gate::Result<std::shared_ptr<gate::KubeApi>> KubeOf(const std::string& ns,
                                                              const std::string& account,
                                                              const gate::Deadline& deadline) = 0;

  // What the seam leaves out: plain text below the API server, such as a pod's log or what a
  // Service answers through the proxy. `path` starts with a slash and is percent-encoded. Errors
  // as in KubeApi.
  virtual gate::Result<std::string> GetText(const std::string& path,
                                            const gate::Deadline& deadline) = 0;

  // The same for a request with a JSON text as its body.
  virtual gate::Result<std::string> SendText(const std::string& method, const std::string& path,
                                             const std::string& body,
                                             const gate::Deadline& deadline) = 0;
};

// Reads a kubeconfig file, for its current context. The first call connects.
gate::Result<std::unique_ptr<ClusterApi>> ConnectCluster(gate::Files& files, gate::Runtime& runtime,
                                                         const std::string& kubeconfig);

// How the backend gets at the API server of the cluster it has brought up.
using ClusterConnector =
    std::function<gate::Result<std::unique_ptr<ClusterApi>>(const std::string& kubeconfig)>;

}  // namespace drill
