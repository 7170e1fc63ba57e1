#include "harness/sim/stage/web_client.h"

#include <memory>
#include <utility>

#include "gate/adapters/http_url.h"
#include "harness/sim/world/draw.h"

namespace drill::sim {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Result;

gate::ServerRequest ToServer(WebRequest request, const gate::HttpUrl& url) {
  gate::ServerRequest arrived;
  arrived.method = std::move(request.method);
  arrived.target = url.target;
  arrived.headers.Add("Host", url.HostHeader());
  for (auto& [name, value] : request.headers) arrived.headers.Add(name, std::move(value));
  arrived.body = std::move(request.body);
  return arrived;
}

}  // namespace

struct SimWebTransport::Call {
  gate::ServerRequest request;
  ServiceName service;
  std::uint16_t port;
  Done done;
};

SimWebTransport::SimWebTransport(World& world, Network& network)
    : world_(world), network_(network), rng_(world.Stream("web-client")) {}

bool SimWebTransport::Draw(std::uint32_t ppm) { return DrawShare(rng_, ppm); }

gate::Nanos SimWebTransport::OneWay() {
  return Delay{network_.weather().latency, network_.weather().jitter}.Draw(rng_);
}

void SimWebTransport::Fail(const std::shared_ptr<Call>& call, const char* why) {
  world_.After(gate::Nanos(0), Rank::kProcess, [call, why] {
    call->done(Error{ErrorCode::kUnavailable, why});
  });
}

void SimWebTransport::Send(WebRequest request, Done done) {
  auto url = gate::ParseHttpUrl(request.url);
  auto call = std::make_shared<Call>(Call{{}, {}, 0, std::move(done)});
  if (!url) return Fail(call, "unsupported protocol scheme");
  call->service = ServiceOf(url->host, "");
  call->port = url->port;
  call->request = ToServer(std::move(request), *url);
  const NetworkWeather& weather = network_.weather();
  if (world_.Now() < weather.cut_until || Draw(weather.lost_ppm)) return;  // until its timeout
  world_.After(2 * OneWay(), Rank::kProcess, [this, call] { Connect(call); });
}

void SimWebTransport::Connect(const std::shared_ptr<Call>& call) {
  const NetworkWeather& weather = network_.weather();
  if (!network_.Resolves(call->service.ns, call->service.name) || Draw(weather.unresolved_ppm)) {
    return Fail(call, "dial tcp: lookup: no such host");
  }
  if (network_.FindServer(call->service, call->port) == nullptr || Draw(weather.refused_ppm)) {
    return Fail(call, "dial tcp: connect: connection refused");
  }
  world_.After(OneWay(), Rank::kProcess, [this, call] { Deliver(call); });
}

void SimWebTransport::Deliver(const std::shared_ptr<Call>& call) {
  WebServer* const server = network_.FindServer(call->service, call->port);
  if (server == nullptr) return Fail(call, "EOF");  // it went away
  if (Draw(network_.weather().reset_ppm)) {
    server->Take(std::move(call->request), [](const Result<gate::HttpResponse>&) {});
    return Fail(call, "read tcp: read: connection reset by peer");
  }
  // It may be told from within a fiber, or while a container ends.
  server->Take(std::move(call->request), [this, call](Result<gate::HttpResponse> response) {
    world_.After(OneWay(), Rank::kProcess, [call, response = std::move(response)] {
      if (!response) return call->done(response.error());
      call->done(WebResponse{response->status, response->body});
    });
  });
}

}  // namespace drill::sim
