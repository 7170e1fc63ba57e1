#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <string>

#include "gate/base/result.h"

namespace gate {

// "host:port" with a numeric host, "[...]" around IPv6, "localhost", or nothing for all of IPv4.
// kInvalidArgument.
Result<boost::asio::ip::tcp::endpoint> ParseListenAddress(const std::string& address);

// Lets `acceptor` listen there, with the longest backlog that the system allows.
boost::system::error_code Listen(boost::asio::ip::tcp::acceptor& acceptor,
                                 const boost::asio::ip::tcp::endpoint& endpoint);

// "127.0.0.1:8080", "[::1]:8080"
std::string ToText(const boost::asio::ip::tcp::endpoint& endpoint);

}  // namespace gate
