#include "mock-mc/wire/data_plane.h"

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdio>
#include <list>
#include <unordered_map>
#include <utility>
#include <vector>

#include "gate/adapters/listen.h"
#include "mock-mc/wire/connection.h"
#include "mock-mc/wire/listener.h"

namespace mock_mc {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using gate::Error;
using gate::ErrorCode;
using gate::Result;

constexpr std::chrono::milliseconds kAcceptRetry{100};

Result<std::unique_ptr<asio::ssl::context>> LoadTls(const TlsFiles& files) {
  auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
  boost::system::error_code error;
  context->set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1, error);
  context->use_certificate_chain_file(files.cert, error);
  if (error) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("cannot use the TLS certificate {}: {}", files.cert, error.message())};
  }
  context->use_private_key_file(files.key, asio::ssl::context::pem, error);
  if (error) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("cannot use the TLS key {}: {}", files.key, error.message())};
  }
  return context;
}

}  // namespace

struct DataPlane::Parts {
  struct Listener {
    tcp::acceptor acceptor;
    std::unique_ptr<asio::ssl::context> tls;  // absent: plain
    asio::steady_timer retry;
    bool paused = false;
  };

  Parts(asio::io_context& event_loop, Service& shared, std::size_t most)
      : loop(event_loop), service(shared), most_connections(most) {}

  void Accept(Listener& listener) {
    if (connections.size() >= most_connections) {
      listener.paused = true;
      return;
    }
    listener.acceptor.async_accept(
        [this, &listener](const boost::system::error_code& error, tcp::socket socket) {
          if (error == asio::error::operation_aborted) return;
          if (error) return RetryAccept(listener, error);
          Take(listener, std::move(socket));
          Accept(listener);
        });
  }

  // Out of file descriptors or memory: clients wait in the kernel's queue meanwhile.
  void RetryAccept(Listener& listener, const boost::system::error_code& error) {
    std::fprintf(stderr, "mock-mc: cannot accept a connection (will retry): %s\n",
                 error.message().c_str());
    listener.retry.expires_after(kAcceptRetry);
    listener.retry.async_wait([this, &listener](const boost::system::error_code& cancelled) {
      if (!cancelled) Accept(listener);
    });
  }

  void Take(Listener& listener, tcp::socket socket) {
    const std::uint64_t id = ++last_id;
    auto transport = listener.tls ? NewTlsTransport(std::move(socket), *listener.tls)
                                  : NewPlainTransport(std::move(socket));
    auto connection = std::make_shared<Connection>(id, std::move(transport), service,
                                                   [this](std::uint64_t gone) { Forget(gone); });
    connections.emplace(id, connection);
    connection->Start();
  }

  void Forget(std::uint64_t id) {
    connections.erase(id);
    for (Listener& listener : listeners) {
      if (std::exchange(listener.paused, false)) Accept(listener);
    }
  }

  // A copy, as ending connections take themselves out of the map.
  std::vector<std::shared_ptr<Connection>> All() const {
    std::vector<std::shared_ptr<Connection>> all;
    all.reserve(connections.size());
    for (const auto& [id, connection] : connections) all.push_back(connection);
    return all;
  }

  asio::io_context& loop;
  Service& service;
  const std::size_t most_connections;
  std::list<Listener> listeners;  // a list, as handlers refer to them
  // Shared with the handlers of the operations that a connection waits for.
  std::unordered_map<std::uint64_t, std::shared_ptr<Connection>> connections;
  std::uint64_t last_id = 0;
};

DataPlane::DataPlane(asio::io_context& loop, Service& service, std::size_t most_connections)
    : parts_(std::make_unique<Parts>(loop, service, most_connections)) {}

DataPlane::~DataPlane() { Stop(); }

Result<std::string> DataPlane::Listen(const std::string& address, const TlsFiles* tls) {
  std::unique_ptr<asio::ssl::context> context;
  if (tls != nullptr) {
    auto loaded = LoadTls(*tls);
    if (!loaded) return std::move(loaded).error();
    context = *std::move(loaded);
  }
  auto acceptor = OpenListener(parts_->loop, address);
  if (!acceptor) return std::move(acceptor).error();
  const std::string in_force = gate::ToText(acceptor->local_endpoint());
  parts_->listeners.push_back(
      {*std::move(acceptor), std::move(context), asio::steady_timer(parts_->loop)});
  parts_->Accept(parts_->listeners.back());
  return in_force;
}

void DataPlane::CancelAnswers() {
  for (const auto& connection : parts_->All()) connection->CancelAnswer();
}

void DataPlane::Stop() {
  boost::system::error_code ignored;
  for (Parts::Listener& listener : parts_->listeners) {
    listener.paused = false;
    listener.retry.cancel();
    listener.acceptor.close(ignored);
  }
  for (const auto& connection : parts_->All()) connection->Abort();
}

}  // namespace mock_mc
