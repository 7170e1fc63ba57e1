#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>

#include "gate/cli/service_host.h"
#include "gate/seams/http_handler.h"
#include "gate/seams/http_server.h"
#include "gate/seams/runtime.h"
#include "harness/sim/stage/network.h"
#include "harness/sim/world/process.h"

namespace drill::sim {

struct FiberHandle;

// What `rollout-gate serve` finds in a simulated pod, beyond a Platform: a server on the simulated
// network, in place of BeastHttpServer and with its ways of refusing and stopping. There is no TLS,
// and nothing is measured: both have their own tests.
class SimServiceHost : public gate::cli::ServiceHost {
 public:
  // Told when a server begins to listen, and when it ends to.
  using OnListening = std::function<void(bool listening)>;
  // All references must outlive it.
  SimServiceHost(Process& process, gate::Runtime& runtime, Network& network, std::string pod_uid,
                 OnListening on_listening)
      : process_(process),
        runtime_(runtime),
        network_(network),
        pod_uid_(std::move(pod_uid)),
        on_listening_(std::move(on_listening)) {}

  gate::Result<std::unique_ptr<gate::HttpServer>> StartServer(
      gate::HttpHandler& handler, const gate::cli::ServerSettings& settings) override;
  std::unique_ptr<gate::service::Meter> NewMeter(const gate::service::Config& config) override;

 private:
  Process& process_;
  gate::Runtime& runtime_;
  Network& network_;
  const std::string pod_uid_;
  const OnListening on_listening_;
};

// Each request is handled in a fiber of the pod's process, and ends with it.
class SimHttpServer : public gate::HttpServer, public WebServer {
 public:
  struct Options {
    std::uint16_t port;
    std::size_t most_requests;
    gate::Nanos answer_timeout;
  };
  SimHttpServer(Process& process, gate::Runtime& runtime, Network& network,
                gate::HttpHandler& handler, std::string pod_uid,
                SimServiceHost::OnListening on_listening, const Options& options);
  ~SimHttpServer() override;
  SimHttpServer(const SimHttpServer&) = delete;
  SimHttpServer& operator=(const SimHttpServer&) = delete;

  std::string url() const override;
  void Stop() override;
  void Take(gate::ServerRequest request, Done done) override;

 private:
  struct Exchange {
    Done done;
    std::shared_ptr<FiberHandle> fiber;  // null until it is started
  };
  gate::HttpResponse Handle(const gate::ServerRequest& request);
  void Answer(std::uint64_t number, gate::HttpResponse response);
  void Close();
  void AwaitAnswers(gate::Nanos longest);
  void Cut();

  Process& process_;
  gate::Runtime& runtime_;
  Network& network_;
  gate::HttpHandler& handler_;
  const std::string pod_uid_;
  const SimServiceHost::OnListening on_listening_;
  const Options options_;
  bool listening_ = true;
  std::stop_source stop_;
  std::uint64_t next_ = 0;
  std::size_t handled_ = 0;                      // now, by Handle
  std::map<std::uint64_t, Exchange> exchanges_;  // under way
  gate::Event* all_answered_ = nullptr;          // whom AwaitAnswers waits for
};

}  // namespace drill::sim
