#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "harness/sim/argo/argo_controller.h"
#include "harness/sim/cluster/cluster.h"
#include "harness/sim/kube/api_server.h"
#include "harness/sim/kube/sim_kube.h"
#include "harness/sim/stage/argo_deployment.h"
#include "harness/sim/stage/network.h"
#include "harness/sim/stage/pod_logs.h"
#include "harness/sim/stage/programs.h"
#include "harness/sim/stage/sim_cluster_api.h"
#include "harness/sim/stage/web_client.h"
#include "harness/sim/world/process.h"
#include "harness/sim/world/sim_runtime.h"
#include "harness/sim/world/world.h"

namespace drill::sim {

// The names of the images that a simulated cluster has.
inline constexpr const char* kGateImage = "rollout-gate:simulated";
inline constexpr const char* kMockImage = "mock-mc:simulated";

// One world with a cluster in it: API server, built-in controllers, kubelet, Argo Rollouts, a
// network, the programs of our images; and the harness, a process beside it.
class Simulation {
 public:
  struct Options {
    World::Options world;
    ClusterOptions cluster;
    ArgoOptions argo;  // its weather is that of argo_api_weather() if it names none
    gate::Nanos mc_clock_skew{0};
    // kProcess: Argo Rollouts runs from the start, beside the cluster. kPod: it is installed in it
    // (stage/argo_deployment.h), and runs as soon as its pod does.
    enum class ArgoPlace { kProcess, kPod } argo_place = ArgoPlace::kProcess;
  };
  // `scripts` must outlive it.
  Simulation(const Options& options, ScriptCache& scripts);

  World& world() { return world_; }
  ApiServer& server() { return server_; }
  Cluster& cluster() { return cluster_; }
  ArgoController& argo() { return argo_; }
  // What faults change.
  ApiWeather& gate_api_weather() { return gate_api_weather_; }
  ApiWeather& argo_api_weather() { return argo_api_weather_; }
  NetworkWeather& network_weather() { return network_weather_; }
  WatchLink& argo_link() { return argo_link_; }
  Surroundings& surroundings() { return surroundings_; }
  Network& network() { return network_; }
  const PodLogs& logs() const { return logs_; }

  // The harness' own.
  Process& harness() { return harness_; }
  SimRuntime& runtime() { return runtime_; }
  SimClusterApi& api() { return api_; }

 private:
  World world_;
  ApiServer server_;
  ApiWeather harness_api_weather_;
  ApiWeather gate_api_weather_;
  ApiWeather argo_api_weather_;
  NetworkWeather network_weather_;
  Network network_;
  SimWebTransport web_;
  PodLogs logs_;
  Surroundings surroundings_;
  Programs programs_;
  Cluster cluster_;
  WatchLink argo_link_;
  ArgoController argo_;
  ArgoDeployment argo_deployment_;
  Process harness_;
  SimRuntime runtime_;
  SimClusterApi api_;
};

}  // namespace drill::sim
