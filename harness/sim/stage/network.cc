#include "harness/sim/stage/network.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "gate/adapters/http_answer.h"
#include "gate/adapters/http_url.h"
#include "harness/kind/collect.h"
#include "harness/sim/world/draw.h"
#include "harness/sim/world/fiber.h"

namespace drill::sim {
namespace {

using gate::HttpError;
using gate::HttpErrorKind;
using gate::HttpResponse;
using gate::Result;
using gate::WaitResult;
using Moment = Process::Moment;

constexpr std::size_t kHeaderLimit = std::size_t{64} << 10U;  // as the real client's

bool IsReady(const Object& pod) {
  const auto conditions = StatusOf(pod).find("conditions");
  if (conditions == StatusOf(pod).end()) return false;
  return std::any_of(conditions->begin(), conditions->end(), [](const gate::Json& condition) {
    return gate::JsonString(condition, "/type") == "Ready" &&
           gate::JsonString(condition, "/status") == "True";
  });
}

bool Selects(const gate::Json& selector, const Object& pod) {
  return std::all_of(selector.items().begin(), selector.items().end(), [&](const auto& wanted) {
    return wanted.value().is_string() &&
           pod.meta.Label(wanted.key()) == wanted.value().template get<std::string>();
  });
}

mock_mc::Request ToServer(const gate::HttpRequest& request, const gate::HttpUrl& url) {
  mock_mc::Request arrived;
  arrived.method = request.method;
  arrived.target = url.target;
  arrived.headers.emplace_back("Host", url.HostHeader());
  for (const auto& [name, value] : request.headers.entries()) {
    arrived.headers.emplace_back(name, value);
  }
  if (!request.bearer_token.empty()) {
    arrived.headers.emplace_back("Authorization",
                                 "Bearer " + std::string(request.bearer_token.Reveal()));
  }
  arrived.body = request.body;
  return arrived;
}

}  // namespace

bool Network::Resolves(std::string_view ns, std::string_view name) const {
  return server_.Get(Type::kService, ns, name) != nullptr;
}

HttpEndpoint* Network::EndpointOf(const std::string& pod_uid) const {
  const auto found = endpoints_.find(pod_uid);
  return found == endpoints_.end() ? nullptr : found->second;
}

ServiceName ServiceOf(std::string_view host, std::string_view own_ns) {
  const std::size_t dot = host.find('.');
  const std::string name(host.substr(0, dot));
  if (dot == std::string_view::npos) return {std::string(own_ns), name};
  const std::size_t end = host.find('.', dot + 1);
  return {std::string(host.substr(dot + 1, end - dot - 1)), name};
}

std::string Network::Find(std::string_view ns, std::string_view name) const {
  const ObjectPtr service = server_.Get(Type::kService, ns, name);
  if (!service) return "";
  return FindPod(*service, [this](const std::string& uid) { return EndpointOf(uid) != nullptr; });
}

WebServer* Network::FindServer(const ServiceName& service, std::uint16_t port) const {
  const ObjectPtr object = server_.Get(Type::kService, service.ns, service.name);
  if (!object) return nullptr;
  for (const gate::Json& each : gate::JsonArray(SpecOf(*object), "/ports")) {
    if (gate::JsonInt(each, "/port") != port) continue;
    // Ports with names are not modelled.
    const auto target = static_cast<std::uint16_t>(gate::JsonInt(each, "/targetPort", port));
    const auto at = [&](const std::string& uid) { return servers_.find({uid, target}); };
    const std::string uid =
        FindPod(*object, [&](const std::string& pod) { return at(pod) != servers_.end(); });
    if (!uid.empty()) return at(uid)->second;
  }
  return nullptr;
}

std::string Network::FindPod(const Object& service,
                             const std::function<bool(const std::string& uid)>& listens) const {
  const auto selector = SpecOf(service).find("selector");
  if (selector == SpecOf(service).end()) return "";
  for (const ObjectPtr& pod : server_.List(Type::kPod, service.meta.ns)) {
    if (pod->meta.deleted || !Selects(*selector, *pod) || !IsReady(*pod)) continue;
    if (listens(pod->meta.uid)) return pod->meta.uid;
  }
  return "";
}

SimHttpClient::SimHttpClient(Process& process, Network& network, std::string ns)
    : process_(process),
      network_(network),
      ns_(std::move(ns)),
      rng_(process.world().Stream("http-client/" + process.name())) {}

// One request on its way to a server, and the bytes that come back.
class SimHttpClient::Exchange {
 public:
  Exchange(SimHttpClient& client, const gate::HttpRequest& request, const gate::Deadline& deadline)
      : client_(client),
        world_(client.process_.world()),
        request_(request),
        deadline_(deadline),
        answer_(request, kHeaderLimit) {}
  // A client that goes away in the middle is seen by the server.
  ~Exchange() { Close(mock_mc::Ending::kClientWentFirst); }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  Result<HttpResponse, HttpError> Run() {
    auto url = gate::ParseHttpUrl(request_.url);
    if (!url) return HttpError{HttpErrorKind::kInvalidRequest, url.error().message};
    host_ = url->Authority();
    if (auto trouble = Connect(*url)) return *std::move(trouble);
    if (auto trouble = WaitUntil(world_.Now() + OneWay())) return *std::move(trouble);
    if (!Find(*url)) return Error(HttpErrorKind::kReset, "the server went away");
    begun_ = client_.network_.EndpointOf(pod_uid_)->Begin(ToServer(request_, *url),
                                                          client_.network_.NextConnection());
    if (Draw(weather().reset_ppm)) return Error(HttpErrorKind::kReset, "connection reset");
    return Receive();
  }

 private:
  using Trouble = std::optional<HttpError>;

  const NetworkWeather& weather() const { return client_.network_.weather(); }

  HttpError Error(HttpErrorKind kind, std::string_view what) const {
    return {kind, fmt::format("{}: {}", host_, what)};
  }

  bool Draw(std::uint32_t ppm) { return DrawShare(client_.rng_, ppm); }
  gate::Nanos OneWay() { return Delay{weather().latency, weather().jitter}.Draw(client_.rng_); }

  Trouble WaitUntil(gate::Instant at) {
    Gate nobody(world_);
    const auto waited = nobody.Wait({std::min(at, deadline_.at), deadline_.stop});
    if (waited == WaitResult::kStopped) return Error(HttpErrorKind::kCancelled, "stopped");
    if (at > deadline_.at) return Error(HttpErrorKind::kTimeout, "no answer before the deadline");
    return std::nullopt;
  }

  bool Find(const gate::HttpUrl& url) {
    const ServiceName service = ServiceOf(url.host, client_.ns_);
    resolved_ = client_.network_.Resolves(service.ns, service.name);
    pod_uid_ = client_.network_.Find(service.ns, service.name);
    return !pod_uid_.empty();
  }

  Trouble Connect(const gate::HttpUrl& url) {
    if (deadline_.stop.stop_requested()) return Error(HttpErrorKind::kCancelled, "stopped");
    if (world_.Now() < weather().cut_until || Draw(weather().lost_ppm)) {
      return WaitUntil(gate::Instant::max());
    }
    if (auto trouble = WaitUntil(world_.Now() + 2 * OneWay())) return trouble;
    const bool found = Find(url);
    if (!resolved_ || Draw(weather().unresolved_ppm)) {
      return Error(HttpErrorKind::kResolve, "the name cannot be resolved");
    }
    if (!found || IsDown(url) || Draw(weather().refused_ppm)) {
      return Error(HttpErrorKind::kConnect, "connection refused");
    }
    return std::nullopt;
  }

  bool IsDown(const gate::HttpUrl& url) const {
    return world_.Now() < weather().receivers_down_until &&
           ReceiverAt(url.target) != Receiver::kNone;
  }

  // Plays the server's plan, piece by piece, until the answer is complete or over.
  Result<HttpResponse, HttpError> Receive() {
    for (const mock_mc::Step& step : begun_->plan.steps) {
      if (auto trouble = std::visit([this](const auto& one) { return Play(one); }, step)) {
        return *std::move(trouble);
      }
      if (answer_.complete()) break;
    }
    if (!answer_.complete()) {
      if (auto ended = answer_.FeedEnd(); !ended) {
        Close(mock_mc::Ending::kFin);
        return std::move(ended).error();
      }
    }
    Close(begun_->plan.keep_alive ? mock_mc::Ending::kComplete : mock_mc::Ending::kFin);
    return answer_.Take();
  }

  Trouble Play(const mock_mc::Wait& wait) { return WaitUntil(begun_->arrived + wait.until); }

  Trouble Play(const mock_mc::Send& send) {
    if (auto trouble = WaitUntil(world_.Now() + OneWay())) return trouble;
    return Feed(send.bytes);
  }

  Trouble Play(const mock_mc::Drip& drip) {
    std::string_view rest = drip.bytes;
    while (!rest.empty() && !answer_.complete()) {
      const std::string_view piece = rest.substr(0, std::max<std::size_t>(1, drip.size));
      if (auto trouble = Feed(piece)) return trouble;
      rest.remove_prefix(piece.size());
      if (rest.empty()) break;
      if (auto trouble = WaitUntil(world_.Now() + drip.every)) return trouble;
    }
    return std::nullopt;
  }

  Trouble Play(const mock_mc::DripForever& drip) {
    for (;;) {
      if (auto trouble = Feed(std::string_view(&drip.filler, 1))) return trouble;
      if (auto trouble = WaitUntil(world_.Now() + drip.every)) return trouble;
    }
  }

  Trouble Play(const mock_mc::Hang& /*hang*/) { return WaitUntil(gate::Instant::max()); }

  Trouble Play(const mock_mc::CloseFin& /*close*/) {
    auto ended = answer_.FeedEnd();
    Close(mock_mc::Ending::kFin);
    if (!ended) return std::move(ended).error();
    return std::nullopt;
  }

  // What the gate's client would send after its request is nothing, so this is the end.
  Trouble Play(const mock_mc::HalfClose& /*close*/) { return Play(mock_mc::CloseFin()); }

  Trouble Play(const mock_mc::CloseRst& /*close*/) {
    Close(mock_mc::Ending::kRst);
    return Error(HttpErrorKind::kReset, "connection reset by peer");
  }

  Trouble Feed(std::string_view bytes) {
    if (!first_byte_) first_byte_ = world_.Now();
    bytes_ += bytes.size();
    auto fed = answer_.Feed(bytes);
    if (!fed) return std::move(fed).error();
    return std::nullopt;
  }

  void Close(mock_mc::Ending ending) {
    if (!begun_ || closed_) return;
    closed_ = true;
    HttpEndpoint* endpoint = client_.network_.EndpointOf(pod_uid_);
    if (endpoint == nullptr) return;
    endpoint->End(begun_->sequence,
                  {ending, {world_.Now(), world_.WallNow()}, first_byte_, bytes_});
  }

  SimHttpClient& client_;
  World& world_;
  const gate::HttpRequest& request_;
  const gate::Deadline& deadline_;
  gate::HttpAnswer answer_;
  std::string host_;
  bool resolved_ = false;
  std::string pod_uid_;
  bool closed_ = false;
  std::optional<HttpEndpoint::Begun> begun_;
  std::optional<gate::Instant> first_byte_;
  std::uint64_t bytes_ = 0;
};

Result<HttpResponse, HttpError> SimHttpClient::Send(const gate::HttpRequest& request,
                                                    const gate::Deadline& deadline) {
  const HttpError dead{HttpErrorKind::kCancelled, "the process was killed"};
  if (!process_.AtSeam("http.send", Moment::kBefore)) return dead;
  auto result = Exchange(*this, request, deadline).Run();
  if (!process_.AtSeam("http.send", Moment::kAfter)) return dead;
  return result;
}

}  // namespace drill::sim
