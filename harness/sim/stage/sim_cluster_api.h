#pragma once

#include <string>

#include "harness/kind/cluster_api.h"
#include "harness/sim/kube/sim_kube.h"
#include "harness/sim/stage/network.h"
#include "harness/sim/stage/pod_logs.h"
#include "harness/sim/world/process.h"

namespace drill::sim {

// The simulated cluster as the harness sees it: as administrator, through calls that take time but
// do not fail.
class SimClusterApi : public ClusterApi {
 public:
  // All references must outlive it.
  SimClusterApi(Process& process, ApiServer& server, const ApiWeather& weather, Network& network,
                const PodLogs& logs)
      : network_(network),
        logs_(logs),
        kube_(process, server, weather, /*identity=*/{}, "gate-drill") {}

  gate::KubeApi& kube() override { return kube_; }
  // Served are the logs of pods and the proxy to mock-mc's admin API.
  gate::Result<std::string> GetText(const std::string& path,
                                    const gate::Deadline& deadline) override;
  gate::Result<std::string> SendText(const std::string& method, const std::string& path,
                                     const std::string& body,
                                     const gate::Deadline& deadline) override;

 private:
  Network& network_;
  const PodLogs& logs_;
  SimKube kube_;
};

}  // namespace drill::sim
