#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "gate/base/rng.h"
#include "gate/seams/http_client.h"
#include "gate/seams/http_handler.h"
#include "harness/sim/kube/api_server.h"
#include "harness/sim/world/process.h"
#include "mock-mc/behaviour/journal.h"
#include "mock-mc/behaviour/plan.h"
#include "mock-mc/behaviour/request.h"

namespace drill::sim {

// What answers HTTP requests in a container.
class HttpEndpoint {
 public:
  virtual ~HttpEndpoint() = default;
  struct Begun {
    std::uint64_t sequence;
    mock_mc::Plan plan;
    gate::Instant arrived;
  };
  virtual Begun Begin(const mock_mc::Request& request, std::uint64_t connection) = 0;
  // How the answer ended, seen from the server.
  virtual void End(std::uint64_t sequence, const mock_mc::Completion& completion) = 0;
};

// What answers on a port of a container the requests of those who are no processes of the world:
// Argo Rollouts.
class WebServer {
 public:
  virtual ~WebServer() = default;
  // Called once, later: with the answer, or with kUnavailable if the connection broke before.
  using Done = std::function<void(gate::Result<gate::HttpResponse>)>;
  virtual void Take(gate::ServerRequest request, Done done) = 0;
};

// A Service as a host name means it: "mock-mc", "mock-mc.other", "mock-mc.other.svc".
struct ServiceName {
  std::string ns;
  std::string name;
};
ServiceName ServiceOf(std::string_view host, std::string_view own_ns);

// What happens to connections between pods. Shares are in ppm of the connections; faults change it
// while the world runs.
struct NetworkWeather {
  gate::Nanos latency = std::chrono::microseconds(100);  // one way
  gate::Nanos jitter = std::chrono::microseconds(400);   // drawn, added one way

  std::uint32_t unresolved_ppm = 0;  // the name is not resolved
  std::uint32_t refused_ppm = 0;
  std::uint32_t lost_ppm = 0;          // nothing arrives: the client waits for its deadline
  std::uint32_t reset_ppm = 0;         // the connection breaks before the answer
  gate::Instant cut_until;             // every connection is lost until then
  gate::Instant receivers_down_until;  // those to Slack and PagerDuty are refused until then
};

// Who listens where: pods with their endpoints, found through Services.
class Network {
 public:
  Network(World& world, ApiServer& server, const NetworkWeather& weather)
      : world_(world), server_(server), weather_(weather) {}

  void Attach(const std::string& pod_uid, HttpEndpoint& endpoint) {
    endpoints_[pod_uid] = &endpoint;
  }
  void Detach(const std::string& pod_uid) { endpoints_.erase(pod_uid); }

  // The pod (uid) that answers for the Service `name`: a ready one that it selects and that
  // listens, the first by name. Empty if there is none.
  std::string Find(std::string_view ns, std::string_view name) const;
  void Listen(const std::string& pod_uid, std::uint16_t port, WebServer& server) {
    servers_[{pod_uid, port}] = &server;
  }
  void Unlisten(const std::string& pod_uid, std::uint16_t port) { servers_.erase({pod_uid, port}); }
  // What answers at this port of the Service: in a ready pod that it selects. Null if nothing does.
  WebServer* FindServer(const ServiceName& service, std::uint16_t port) const;

  // Null if the pod listens no more.
  HttpEndpoint* EndpointOf(const std::string& pod_uid) const;
  // False: there is no such Service, and its name does not resolve.
  bool Resolves(std::string_view ns, std::string_view name) const;

  World& world() { return world_; }
  const NetworkWeather& weather() const { return weather_; }
  std::uint64_t NextConnection() { return ++connections_; }

 private:
  // The first pod by name that the Service selects, is ready and, says `listens`, listens.
  std::string FindPod(const Object& service,
                      const std::function<bool(const std::string& uid)>& listens) const;

  World& world_;
  ApiServer& server_;
  const NetworkWeather& weather_;
  std::map<std::string, HttpEndpoint*> endpoints_;
  std::map<std::pair<std::string, std::uint16_t>, WebServer*> servers_;  // by pod and port
  std::uint64_t connections_ = 0;
};

// The HttpClient of one process in a pod of namespace `ns`. Hosts are names of Services. Answers
// are read by the same parser as in production. Every request has a connection of its own; https is
// taken as http (TLS has its own tests).
class SimHttpClient : public gate::HttpClient {
 public:
  SimHttpClient(Process& process, Network& network, std::string ns);

  gate::Result<gate::HttpResponse, gate::HttpError> Send(const gate::HttpRequest& request,
                                                         const gate::Deadline& deadline) override;

 private:
  class Exchange;

  Process& process_;
  Network& network_;
  const std::string ns_;
  gate::Rng rng_;
};

}  // namespace drill::sim
