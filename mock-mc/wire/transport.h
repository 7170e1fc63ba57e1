#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "mock-mc/behaviour/fault.h"
#include "mock-mc/wire/tls_faces.h"

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

  // TLS handshake; for plain connections done at once. It fails if its listener has a fault for
  // the name that the client asks for: then HeldBy() says which, and calling it again goes on.
  virtual void Handshake(Done done) = 0;
  virtual const Fault* HeldBy() const { return nullptr; }
  // What a TLS client asked for; empty if nothing.
  virtual std::string ServerName() const { return ""; }

  virtual void ReadSome(boost::asio::mutable_buffer into, Done done) = 0;
  // Writes at least one byte; `bytes` must stay valid until `done`.
  virtual void WriteSome(std::string_view bytes, Done done) = 0;
  // Writes what the kernel takes without waiting; possibly nothing, also if it fails.
  virtual std::size_t TryWrite(std::string_view /*bytes*/) { return 0; }
  // TLS: sends close_notify, unless the listener leaves it out. Plain: done at once.
  virtual void SayGoodbye(Done done) = 0;

  virtual TcpSocket& socket() = 0;
};

std::unique_ptr<Transport> NewPlainTransport(TcpSocket socket);
std::unique_ptr<Transport> NewTlsTransport(TcpSocket socket, const TlsFaces& faces);

}  // namespace mock_mc
