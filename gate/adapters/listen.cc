#include "gate/adapters/listen.h"

#include <fmt/format.h>

#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <cstdint>

namespace gate {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

Result<tcp::endpoint> ParseListenAddress(const std::string& address) {
  const Error malformed{
      ErrorCode::kInvalidArgument,
      fmt::format("\"{}\" is not an address to listen on, such as 127.0.0.1:8080 or [::1]:8080",
                  address)};
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos) return malformed;
  std::uint16_t port = 0;
  const char* const last = address.data() + address.size();
  const auto [end, failure] = std::from_chars(address.data() + colon + 1, last, port);
  if (failure != std::errc() || end != last) return malformed;
  std::string host = address.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty()) host = "0.0.0.0";
  if (host == "localhost") host = "127.0.0.1";
  error_code error;
  const asio::ip::address ip = asio::ip::make_address(host, error);
  if (error) return malformed;
  return tcp::endpoint(ip, port);
}

error_code Listen(tcp::acceptor& acceptor, const tcp::endpoint& endpoint) {
  error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  return error;
}

std::string ToText(const tcp::endpoint& endpoint) {
  const std::string host = endpoint.address().to_string();
  if (endpoint.address().is_v6()) return fmt::format("[{}]:{}", host, endpoint.port());
  return fmt::format("{}:{}", host, endpoint.port());
}

}  // namespace gate
