#include "mock-mc/wire/listener.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "gate/adapters/listen.h"

namespace mock_mc {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using ErrorValue = boost::system::error_code;
using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

// A backlog of 0 lets one connection wait; a few more, should a kernel count otherwise.
constexpr int kMostFillers = 16;
constexpr int kConnectMillis = 50;

gate::Error CannotListen(const std::string& address, const ErrorValue& error) {
  const char* hint =
      error == asio::error::address_in_use ? "; end the other program or choose another port" : "";
  return {gate::ErrorCode::kUnavailable,
          fmt::format("cannot listen on {}: {}{}", address, error.message(), hint)};
}

// Without SO_REUSEADDR, which would let others have an address on which nobody listens.
ErrorValue Bind(Acceptor& acceptor, const tcp::endpoint& endpoint) {
  ErrorValue error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.bind(endpoint, error);
  return error;
}

ErrorValue ListenShared(Acceptor& acceptor, const tcp::endpoint& endpoint) {
  ErrorValue error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.set_option(ReusePort(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  return error;
}

// An address that any local client can reach.
tcp::endpoint Reachable(tcp::endpoint endpoint) {
  if (!endpoint.address().is_unspecified()) return endpoint;
  if (endpoint.address().is_v6()) return {asio::ip::address_v6::loopback(), endpoint.port()};
  return {asio::ip::address_v4::loopback(), endpoint.port()};
}

// Does the connection come about? If it does not, the backlog is full. (Asio's own connect would
// wait for minutes, even on a socket that does not block.)
bool Connects(tcp::socket& socket, const tcp::endpoint& to) {
  ErrorValue error;
  socket.open(to.protocol(), error);
  if (!error) socket.non_blocking(true, error);
  if (error) return false;
  if (connect(socket.native_handle(), to.data(), static_cast<socklen_t>(to.size())) == 0) {
    return true;
  }
  pollfd entry{socket.native_handle(), POLLOUT, 0};
  return errno == EINPROGRESS && poll(&entry, 1, kConnectMillis) == 1 &&
         (entry.revents & POLLERR) == 0;
}

}  // namespace

gate::Result<Acceptor> OpenListener(asio::io_context& loop, const std::string& address) {
  const auto endpoint = gate::ParseListenAddress(address);
  if (!endpoint) return endpoint.error();
  Acceptor acceptor(loop);
  const ErrorValue error = gate::Listen(acceptor, *endpoint);
  if (error) return CannotListen(address, error);
  return acceptor;
}

gate::Result<std::vector<Acceptor>> OpenListeners(const std::vector<asio::io_context*>& loops,
                                                  const std::string& address) {
  auto first = OpenListener(*loops.front(), address);
  if (!first) return std::move(first).error();
  std::vector<Acceptor> acceptors;
  if (loops.size() == 1) {
    acceptors.push_back(*std::move(first));
    return acceptors;
  }
  // Sockets that share a port share it with any other program of the same user that asks for it, so
  // that ours was free is known from having had it alone.
  const tcp::endpoint endpoint = first->local_endpoint();
  ErrorValue error;
  first->close(error);
  for (asio::io_context* loop : loops) {
    acceptors.emplace_back(*loop);
    error = ListenShared(acceptors.back(), endpoint);
    if (error) return CannotListen(address, error);
  }
  return acceptors;
}

gate::Result<Acceptor> OpenRefusing(asio::io_context& loop, const std::string& address) {
  const auto endpoint = gate::ParseListenAddress(address);
  if (!endpoint) return endpoint.error();
  Acceptor acceptor(loop);
  const ErrorValue error = Bind(acceptor, *endpoint);
  if (error) return CannotListen(address, error);
  return acceptor;
}

gate::Result<Acceptor> OpenUnanswering(asio::io_context& loop, const std::string& address,
                                       std::vector<tcp::socket>& fillers) {
  auto acceptor = OpenRefusing(loop, address);
  if (!acceptor) return acceptor;
  ErrorValue error;
  acceptor->listen(0, error);
  if (error) return CannotListen(address, error);
  const tcp::endpoint to = Reachable(acceptor->local_endpoint());
  for (int i = 0; i < kMostFillers; ++i) {
    tcp::socket filler(loop);
    if (!Connects(filler, to)) return acceptor;
    fillers.push_back(std::move(filler));
  }
  return gate::Error{gate::ErrorCode::kUnavailable,
                     fmt::format("cannot fill the backlog of {}: {} connections were taken",
                                 address, kMostFillers)};
}

}  // namespace mock_mc
