#include "mock-mc/admin/server.h"

#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <optional>
#include <utility>
#include <vector>

#include "mock-mc/admin/admin_server.h"
#include "mock-mc/wire/service.h"

namespace mock_mc {
namespace {

namespace asio = boost::asio;

// Descriptors that are not the data plane's: standard streams, listeners, the admin API's 64, the
// token file.
constexpr std::size_t kOtherDescriptors = 100;

// Raises the limit of open files as far as allowed and returns how many connections fit.
std::size_t RoomForConnections() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return kOtherDescriptors;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) getrlimit(RLIMIT_NOFILE, &limit);
  return std::max<std::size_t>(limit.rlim_cur, kOtherDescriptors + 1) - kOtherDescriptors;
}

constexpr const char* kHttp = "http";
constexpr const char* kHttps = "https";

// Those of the options before those of the script.
std::vector<ListenerSpec> AllListeners(const ServerOptions& options,
                                       const std::vector<ListenerSpec>& scripted) {
  std::vector<ListenerSpec> all;
  all.push_back({kHttp, options.http, {}, {}, {}});
  if (!options.https.empty()) {
    TlsSpec tls;
    tls.cert_file = options.tls.cert;
    tls.key_file = options.tls.key;
    tls.names = {"localhost", "127.0.0.1", "::1"};
    all.push_back({kHttps, options.https, {}, std::move(tls), {}});
  }
  all.insert(all.end(), scripted.begin(), scripted.end());
  return all;
}

gate::Result<Authority> ReadAuthorityFiles(const AuthorityFiles& files) {
  const auto cert = ReadSmallFile(files.cert);
  if (!cert) return cert.error();
  const auto key = ReadSmallFile(files.key);
  if (!key) return key.error();
  return Authority::FromPem(*cert, *key);
}

}  // namespace

struct Server::Parts {
  Parts(const ServerOptions& options, Script script, const std::string& script_file)
      : loop(/*concurrency_hint=*/1),
        listeners(AllListeners(options, script.listeners)),
        authority_files(script.authority),
        service(std::move(script), script_file, ReadSmallFile, SystemNow),
        data(service, options.threads, std::min(options.most_connections, RoomForConnections())),
        admin(loop, service) {
    service.OnReplace([this](std::uint64_t generation) { data.CancelAnswers(generation); });
  }

  gate::Result<void> Listen(const ServerOptions& options) {
    auto authority = MakeAuthority();
    if (!authority) return std::move(authority).error();
    for (const ListenerSpec& listener : listeners) {
      auto address = data.Listen(listener, *authority ? &**authority : nullptr);
      if (!address) return std::move(address).error();
      Note(listener.name, *std::move(address));
    }
    auto admin_address = admin.Listen(options.admin);
    if (!admin_address) return std::move(admin_address).error();
    addresses.admin = *std::move(admin_address);
    return {};
  }

  void Note(const std::string& name, std::string address) {
    if (name == kHttp) {
      addresses.http = std::move(address);
    } else if (name == kHttps) {
      addresses.https = std::move(address);
    } else {
      addresses.listeners.emplace_back(name, std::move(address));
    }
  }

  gate::Result<std::optional<Authority>> MakeAuthority() {
    const bool given = !authority_files.cert.empty();
    if (!given && std::none_of(listeners.begin(), listeners.end(),
                               [](const auto& listener) { return NeedsAuthority(listener); })) {
      return std::optional<Authority>();
    }
    auto authority = given ? ReadAuthorityFiles(authority_files) : Authority::Make("mock-mc CA");
    if (!authority) return std::move(authority).error();
    auto pem = authority->Pem();
    if (!pem) return std::move(pem).error();
    service.SetAuthority(pem->cert_pem);
    return std::optional<Authority>(*std::move(authority));
  }

  void Stop() {
    data.Stop();
    admin.Stop();
    loop.stop();
  }

  asio::io_context loop;
  const std::vector<ListenerSpec> listeners;
  const AuthorityFiles authority_files;
  Service service;
  DataPlane data;
  AdminServer admin;
  Addresses addresses;
};

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Server::~Server() = default;

gate::Result<std::unique_ptr<Server>> Server::Start(const ServerOptions& options, Script script,
                                                    const std::string& script_file) {
  auto parts = std::make_unique<Parts>(options, std::move(script), script_file);
  auto listening = parts->Listen(options);
  if (!listening) return std::move(listening).error();
  return std::unique_ptr<Server>(new Server(std::move(parts)));
}

const Server::Addresses& Server::addresses() const { return parts_->addresses; }

void Server::Run(Signals signals) {
  asio::signal_set stop_signals(parts_->loop);
  if (signals == Signals::kStop) {
    stop_signals.add(SIGTERM);
    stop_signals.add(SIGINT);
    stop_signals.async_wait([this](const boost::system::error_code& error, int /*signal*/) {
      if (!error) parts_->Stop();
    });
  }
  parts_->data.Start();
  parts_->loop.run();
  parts_->data.Stop();
}

void Server::Stop() {
  asio::post(parts_->loop, [this] { parts_->Stop(); });
}

}  // namespace mock_mc
