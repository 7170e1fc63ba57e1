// rollout-gate-serve: `rollout-gate serve` and `rollout-gate notify` on a real machine.
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gate/adapters/beast_http_server.h"
#include "gate/adapters/prometheus_meter.h"
#include "gate/adapters/system_process_runner.h"
#include "gate/cli/notify_command.h"
#include "gate/cli/serve_command.h"
#include "gate/machine.h"

namespace {

// An idle connection takes 6 KiB, in TLS 76 KiB: so that strangers cannot make the gate run out of
// memory, whatever they open.
constexpr std::size_t kMostConnections = 4096;
constexpr std::size_t kMostTlsConnections = 1024;

// Only this program starts others, so only it links what that takes.
class ServiceMachine : public gate::Machine {
 public:
  gate::ProcessRunner* commands() override { return &processes_; }

 private:
  gate::SystemProcessRunner processes_{runtime()};
};

class NetworkHost : public gate::cli::ServiceHost {
 public:
  gate::Result<std::unique_ptr<gate::HttpServer>> StartServer(
      gate::HttpHandler& handler, const gate::cli::ServerSettings& settings) override {
    auto started = gate::BeastHttpServer::Start(
        handler,
        {.listen = settings.listen,
         .cert_file = settings.cert_file,
         .key_file = settings.key_file,
         .most_connections = settings.cert_file.empty() ? kMostConnections : kMostTlsConnections,
         .most_requests = settings.most_requests,
         .answer_timeout = settings.answer_timeout,
         .warn = settings.warn});
    if (!started) return std::move(started).error();
    return std::unique_ptr<gate::HttpServer>(*std::move(started));
  }

  std::unique_ptr<gate::service::Meter> NewMeter(const gate::service::Config& config) override {
    std::vector<std::string> sinks;
    for (const auto& sink : config.notify.sinks) sinks.push_back(sink.name);
    return std::make_unique<gate::PrometheusMeter>(config.gate.environment, sinks);
  }
};

}  // namespace

int main(int argc, char** argv) {
  ServiceMachine machine;
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (!arguments.empty() && arguments.front() == "notify") {
    return gate::cli::RunNotify({arguments.begin() + 1, arguments.end()}, GATE_VERSION, machine);
  }
  // In an image of its own it is called as `rollout-gate` is.
  const bool is_named = !arguments.empty() && arguments.front() == "serve";
  NetworkHost host;
  return gate::cli::RunServe({arguments.begin() + (is_named ? 1 : 0), arguments.end()},
                             GATE_VERSION, machine, host);
}
