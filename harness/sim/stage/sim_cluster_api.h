#pragma once

#include <memory>
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
      : process_(process),
        server_(server),
        weather_(weather),
        network_(network),
        logs_(logs),
        kube_(process, server, weather, /*identity=*/{}, "gate-drill") {}

  gate::KubeApi& kube() override { return kube_; }
  gate::Result<std::shared_ptr<gate::KubeApi>> KubeOf(const std::string& ns,
                                                      const std::string& account,
                                                      const gate::Deadline& /*deadline*/) override {
    return std::shared_ptr<gate::KubeApi>(std::make_shared<SimKube>(
        process_, server_, weather_, Identity{ns, account, ""}, "gate-drill/" + account));
  }
  // Served are the logs of pods and the proxy to mock-mc's admin API.
  gate::Result<std::string> GetText(const std::string& path,
                                    const gate::Deadline& deadline) override;
  gate::Result<std::string> SendText(const std::string& method, const std::string& path,
                                     const std::string& body,
                                     const gate::Deadline& deadline) override;

 private:
  Process& process_;
  ApiServer& server_;
  const ApiWeather& weather_;
  Network& network_;
  const PodLogs& logs_;
  SimKube kube_;
};

}  // namespace drill::sim
