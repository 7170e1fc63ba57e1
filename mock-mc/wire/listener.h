#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <string>

#include "gate/base/result.h"

namespace mock_mc {

// Binds and listens. The error names the address and says what to do about it.
gate::Result<boost::asio::ip::tcp::acceptor> OpenListener(boost::asio::io_context& loop,
                                                          const std::string& address);

}  // namespace mock_mc
