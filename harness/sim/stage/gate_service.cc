#include "harness/sim/stage/gate_service.h"

#include <fmt/format.h>

#include <utility>

#include "gate/adapters/listen.h"
#include "harness/sim/world/fiber.h"

namespace drill::sim {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Result;

// As BeastHttpServer.
constexpr gate::Nanos kGrace = std::chrono::seconds(10);
constexpr gate::Nanos kAfterStop = std::chrono::seconds(2);

class NoMeter : public gate::service::Meter {
 public:
  void VerdictGiven(std::string_view /*environment*/, const gate::decide::Verdict& /*verdict*/,
                    gate::Nanos /*took*/) override {}
  void McAsked(gate::Nanos /*took*/, std::string_view /*result*/) override {}
  void BreakerState(gate::decide::CircuitBreaker::State /*state*/) override {}
  void RequestRefused(std::string_view /*why*/) override {}
  std::string Expose() override { return ""; }
};

}  // namespace

Result<std::unique_ptr<gate::HttpServer>> SimServiceHost::StartServer(
    gate::HttpHandler& handler, const gate::cli::ServerSettings& settings) {
  if (!settings.cert_file.empty()) {
    return Error{ErrorCode::kInvalidArgument, "there is no TLS in a simulation"};
  }
  const auto endpoint = gate::ParseListenAddress(settings.listen);
  if (!endpoint) return endpoint.error();
  const std::uint16_t port = endpoint->port();
  if (port == 0) {
    return Error{ErrorCode::kInvalidArgument, settings.listen + " names no port to listen on"};
  }
  return std::unique_ptr<gate::HttpServer>(std::make_unique<SimHttpServer>(
      process_, runtime_, network_, handler, pod_uid_, on_listening_,
      SimHttpServer::Options{port, settings.most_requests, settings.answer_timeout}));
}

std::unique_ptr<gate::service::Meter> SimServiceHost::NewMeter(const gate::service::Config&) {
  return std::make_unique<NoMeter>();
}

SimHttpServer::SimHttpServer(Process& process, gate::Runtime& runtime, Network& network,
                             gate::HttpHandler& handler, std::string pod_uid,
                             SimServiceHost::OnListening on_listening, const Options& options)
    : process_(process),
      runtime_(runtime),
      network_(network),
      handler_(handler),
      pod_uid_(std::move(pod_uid)),
      on_listening_(std::move(on_listening)),
      options_(options) {
  network_.Listen(pod_uid_, options_.port, *this);
  on_listening_(true);
}

SimHttpServer::~SimHttpServer() {
  Close();
  Cut();
}

std::string SimHttpServer::url() const { return fmt::format("http://0.0.0.0:{}", options_.port); }

void SimHttpServer::Stop() {
  Close();
  AwaitAnswers(kGrace);
  stop_.request_stop();
  AwaitAnswers(kAfterStop);
  Cut();
}

void SimHttpServer::Take(gate::ServerRequest request, Done done) {
  const std::uint64_t number = next_++;
  exchanges_[number] = {std::move(done), nullptr};
  exchanges_[number].fiber = process_.world().fibers().Start(
      process_, [this, number, asked = std::move(request)] { Answer(number, Handle(asked)); });
}

gate::HttpResponse SimHttpServer::Handle(const gate::ServerRequest& request) {
  if (handled_ >= options_.most_requests) return handler_.Overloaded(request);
  ++handled_;
  auto response =
      handler_.Handle(request, {runtime_.Now() + options_.answer_timeout, stop_.get_token()});
  --handled_;
  return response;
}

void SimHttpServer::Answer(std::uint64_t number, gate::HttpResponse response) {
  const auto found = exchanges_.find(number);
  if (found == exchanges_.end()) return;  // cut
  const Done done = std::move(found->second.done);
  exchanges_.erase(found);
  done(std::move(response));
  if (exchanges_.empty() && all_answered_ != nullptr) all_answered_->Set();
}

void SimHttpServer::Close() {
  if (!std::exchange(listening_, false)) return;
  network_.Unlisten(pod_uid_, options_.port);
  on_listening_(false);
}

void SimHttpServer::AwaitAnswers(gate::Nanos longest) {
  if (exchanges_.empty()) return;
  const auto answered = runtime_.NewEvent();
  all_answered_ = answered.get();
  (void)answered->Wait({runtime_.Now() + longest});
  all_answered_ = nullptr;
}

// Nobody waits any more for what is still under way. Handlers end before what they use does.
void SimHttpServer::Cut() {
  const auto cut = std::exchange(exchanges_, {});
  for (const auto& [number, exchange] : cut) {
    exchange.done(Error{ErrorCode::kUnavailable, "EOF"});
    process_.world().fibers().Join(process_, *exchange.fiber);
  }
}

}  // namespace drill::sim
