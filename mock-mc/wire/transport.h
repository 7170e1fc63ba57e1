#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <functional>
#include <memory>
#include <string_view>

namespace mock_mc {

using TcpSocket = boost::asio::ip::tcp::socket;

// The bytes of one connection, plain or through TLS, and beneath them the socket itself. At most
// one read and one write at a time; handlers run on the socket's executor, also (with an error)
// after the socket was closed. Internal to wire/.
class Transport {
 public:
  using Error = boost::system::error_code;
  using Done = std::function<void(const Error& error, std::size_t bytes)>;

  virtual ~Transport() = default;

  // TLS handshake; for plain connections done at once.
  virtual void Handshake(Done done) = 0;
  virtual void ReadSome(boost::asio::mutable_buffer into, Done done) = 0;
  // Writes at least one byte; `bytes` must stay valid until `done`.
  virtual void WriteSome(std::string_view bytes, Done done) = 0;
  // TLS: sends close_notify. Plain: done at once.
  virtual void SayGoodbye(Done done) = 0;

  virtual TcpSocket& socket() = 0;
};

std::unique_ptr<Transport> NewPlainTransport(TcpSocket socket);
std::unique_ptr<Transport> NewTlsTransport(TcpSocket socket, boost::asio::ssl::context& context);

}  // namespace mock_mc
