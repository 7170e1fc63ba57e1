#include "mock-mc/wire/listener.h"

#include <fmt/format.h>

#include "gate/adapters/listen.h"

namespace mock_mc {

namespace asio = boost::asio;
using asio::ip::tcp;

gate::Result<tcp::acceptor> OpenListener(asio::io_context& loop, const std::string& address) {
  const auto endpoint = gate::ParseListenAddress(address);
  if (!endpoint) return endpoint.error();
  tcp::acceptor acceptor(loop);
  const boost::system::error_code error = gate::Listen(acceptor, *endpoint);
  if (!error) return acceptor;
  const char* hint =
      error == asio::error::address_in_use ? "; end the other program or choose another port" : "";
  return gate::Error{gate::ErrorCode::kUnavailable,
                     fmt::format("cannot listen on {}: {}{}", address, error.message(), hint)};
}

}  // namespace mock_mc
