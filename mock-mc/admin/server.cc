#include "mock-mc/admin/server.h"

#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <utility>

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

}  // namespace

struct Server::Parts {
  Parts(const ServerOptions& options, Script script, const std::string& script_file)
      : loop(/*concurrency_hint=*/1),
        service(std::move(script), script_file, ReadSmallFile, SystemNow),
        data(loop, service, std::min(options.most_connections, RoomForConnections())),
        admin(loop, service) {
    service.OnReplace([this] { data.CancelAnswers(); });
  }

  gate::Result<void> Listen(const ServerOptions& options) {
    auto http = data.Listen(options.http, nullptr);
    if (!http) return std::move(http).error();
    addresses.http = *std::move(http);
    if (!options.https.empty()) {
      auto https = data.Listen(options.https, &options.tls);
      if (!https) return std::move(https).error();
      addresses.https = *std::move(https);
    }
    auto admin_address = admin.Listen(options.admin);
    if (!admin_address) return std::move(admin_address).error();
    addresses.admin = *std::move(admin_address);
    return {};
  }

  void Stop() {
    data.Stop();
    admin.Stop();
    loop.stop();
  }

  asio::io_context loop;
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
  parts_->loop.run();
}

void Server::Stop() {
  asio::post(parts_->loop, [this] { parts_->Stop(); });
}

}  // namespace mock_mc
