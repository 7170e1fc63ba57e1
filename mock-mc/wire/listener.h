#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <string>

#include "gate/base/result.h"

namespace mock_mc {

// "host:port" with a numeric host, "[...]" around IPv6, "localhost", or nothing for all of IPv4.
gate::Result<boost::asio::ip::tcp::endpoint> ParseAddress(const std::string& address);

// "127.0.0.1:8080"
std::string ToText(const boost::asio::ip::tcp::endpoint& endpoint);

// Binds and listens. The error names the address and says what to do about it.
gate::Result<boost::asio::ip::tcp::acceptor> OpenListener(boost::asio::io_context& loop,
                                                          const std::string& address);

}  // namespace mock_mc
