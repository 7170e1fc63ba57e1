// rollout-gate-serve: `rollout-gate serve` on a real machine.
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "gate/adapters/beast_http_server.h"
#include "gate/adapters/prometheus_meter.h"
#include "gate/cli/serve_command.h"
#include "gate/machine.h"

namespace {

// An idle connection takes 6 KiB, in TLS 76 KiB: so that strangers cannot make the gate run out of
// memory, whatever they open.
constexpr std::size_t kMostConnections = 4096;
constexpr std::size_t kMostTlsConnections = 1024;

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

  std::unique_ptr<gate::service::Meter> NewMeter(const std::string& environment) override {
    return std::make_unique<gate::PrometheusMeter>(environment);
  }
};

}  // namespace

int main(int argc, char** argv) {
  gate::Machine machine;
  NetworkHost host;
  return gate::cli::RunServe({argv + 1, argv + argc}, GATE_VERSION, machine, host);
}
