#include "mock-mc/wire/listener.h"

#include <fmt/format.h>

#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <optional>

namespace mock_mc {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using gate::Error;
using gate::ErrorCode;
using gate::Result;

std::optional<std::uint16_t> ParsePort(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return port;
}

}  // namespace

Result<tcp::endpoint> ParseAddress(const std::string& address) {
  const Error malformed{
      ErrorCode::kInvalidArgument,
      fmt::format("\"{}\" is not an address to listen on, such as 127.0.0.1:8080", address)};
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos) return malformed;
  const auto port = ParsePort(std::string_view(address).substr(colon + 1));
  if (!port) return malformed;
  std::string host = address.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty()) host = "0.0.0.0";
  if (host == "localhost") host = "127.0.0.1";
  boost::system::error_code error;
  const asio::ip::address ip = asio::ip::make_address(host, error);
  if (error) return malformed;
  return tcp::endpoint(ip, *port);
}

std::string ToText(const tcp::endpoint& endpoint) {
  const std::string host = endpoint.address().to_string();
  return endpoint.address().is_v6() ? fmt::format("[{}]:{}", host, endpoint.port())
                                    : fmt::format("{}:{}", host, endpoint.port());
}

Result<tcp::acceptor> OpenListener(asio::io_context& loop, const std::string& address) {
  const auto endpoint = ParseAddress(address);
  if (!endpoint) return endpoint.error();
  tcp::acceptor acceptor(loop);
  boost::system::error_code error;
  acceptor.open(endpoint->protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(*endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    const char* hint = error == asio::error::address_in_use
                           ? "; end the other program or choose another port"
                           : "";
    return Error{ErrorCode::kUnavailable,
                 fmt::format("cannot listen on {}: {}{}", address, error.message(), hint)};
  }
  return acceptor;
}

}  // namespace mock_mc
