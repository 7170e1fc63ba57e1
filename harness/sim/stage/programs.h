#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "gate/base/rng.h"
#include "gate/evidence/keyring_cache.h"
#include "harness/sim/cluster/container.h"
#include "harness/sim/kube/api_server.h"
#include "harness/sim/kube/sim_kube.h"
#include "harness/sim/stage/network.h"
#include "harness/sim/stage/pod_logs.h"
#include "harness/sim/world/process.h"
#include "mock-mc/behaviour/plan.h"
#include "mock-mc/behaviour/script.h"

namespace drill::sim {

// Scripts of mock-mc that were read before: reading one is a function of its text alone.
class ScriptCache {
 public:
  static constexpr std::size_t kMost = 1000;
  gate::Result<std::shared_ptr<const mock_mc::Script>> Read(const std::string& text,
                                                            const std::string& file);

 private:
  std::map<std::string, std::shared_ptr<const mock_mc::Script>> scripts_;  // by text
};

// What programs in containers find around them.
struct Surroundings {
  World& world;
  ApiServer& server;
  Network& network;
  PodLogs& logs;
  ScriptCache& scripts;
  const ApiWeather& api_weather;  // between the gate and the API server
  gate::Nanos gate_clock_skew{0};
  gate::Nanos mc_clock_skew{0};
  // Called for every process of the gate before it starts: to count, crash or slow it.
  std::function<void(Process&)> on_gate_process;
  // Called when one of them has ended, with its exit code: 137 if it was killed at a seam. One
  // whose container is killed is not heard of again.
  std::function<void(const Process&, int exit_code)> on_gate_end;
  // Called for every request that mock-mc takes in, with what it decided about it.
  std::function<void(const mock_mc::Request&, const mock_mc::Decision&)> on_mc_request;
  gate::evidence::KeyringCache keyrings{};  // of all processes of the gate
  // By pod: how often its gate was started before.
  std::map<std::string, std::uint64_t> gate_starts{};
  std::size_t gates_running = 0;  // now
};

// rollout-gate: the production program, on the seams of a simulated pod.
std::unique_ptr<Container> StartGate(Surroundings& around, const ContainerSpec& spec,
                                     ContainerEvents events);

// mock-mc: the production behaviour engine, journal and admin API, without sockets.
std::unique_ptr<Container> StartMockMc(Surroundings& around, const ContainerSpec& spec,
                                       ContainerEvents events);

// A call to mock-mc's admin API, as through a Service's proxy. kUnavailable if `endpoint` is null
// or no mock-mc; the rest as in KubeApi.
gate::Result<std::string> CallAdmin(HttpEndpoint* endpoint, std::string_view method,
                                    std::string_view target, const std::string& body);

// The images that there are: the gate's, mock-mc's, and those that were added.
class Programs : public ContainerRuntime {
 public:
  Programs(Surroundings& around, std::string gate_image, std::string mock_image)
      : around_(around), gate_image_(std::move(gate_image)), mock_image_(std::move(mock_image)) {}

  // One more image, and what starts its containers.
  using Starter = std::function<std::unique_ptr<Container>(ContainerEvents events)>;
  void Add(std::string image, Starter starter) { added_[std::move(image)] = std::move(starter); }

  ImageState ImageOf(std::string_view image) override;
  std::unique_ptr<Container> Start(const ContainerSpec& spec, ContainerEvents events) override;

 private:
  Surroundings& around_;
  const std::string gate_image_;
  const std::string mock_image_;
  std::map<std::string, Starter, std::less<>> added_;
};

}  // namespace drill::sim
