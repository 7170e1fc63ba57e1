#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <string>
#include <vector>

#include "gate/base/result.h"

namespace mock_mc {

using Acceptor = boost::asio::ip::tcp::acceptor;

// Binds and listens. The error names the address and says what to do about it.
gate::Result<Acceptor> OpenListener(boost::asio::io_context& loop, const std::string& address);

// The same address once for each loop. The kernel spreads connections among them.
gate::Result<std::vector<Acceptor>> OpenListeners(
    const std::vector<boost::asio::io_context*>& loops, const std::string& address);

// Takes the address so that nobody else can, without listening: connecting is refused.
gate::Result<Acceptor> OpenRefusing(boost::asio::io_context& loop, const std::string& address);

// Listens with the shortest backlog and fills it with connections of our own, which are added to
// `fillers` and must be kept: connecting gets no answer.
gate::Result<Acceptor> OpenUnanswering(boost::asio::io_context& loop, const std::string& address,
                                       std::vector<boost::asio::ip::tcp::socket>& fillers);

}  // namespace mock_mc
