#include "mock-mc/wire/transport.h"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <utility>

namespace mock_mc {
namespace {

namespace asio = boost::asio;

class PlainTransport : public Transport {
 public:
  explicit PlainTransport(TcpSocket socket) : socket_(std::move(socket)) {}

  void Handshake(Done done) override { Later(std::move(done)); }
  void ReadSome(asio::mutable_buffer into, Done done) override {
    socket_.async_read_some(into, std::move(done));
  }
  void WriteSome(std::string_view bytes, Done done) override {
    socket_.async_write_some(asio::buffer(bytes.data(), bytes.size()), std::move(done));
  }
  std::size_t TryWrite(std::string_view bytes) override {
    const ssize_t count =
        send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return static_cast<std::size_t>(std::max<ssize_t>(count, 0));
  }
  void SayGoodbye(Done done) override { Later(std::move(done)); }
  TcpSocket& socket() override { return socket_; }

 private:
  void Later(Done done) {
    asio::post(socket_.get_executor(), [done = std::move(done)] { done({}, 0); });
  }

  TcpSocket socket_;
};

class TlsTransport : public Transport {
 public:
  TlsTransport(TcpSocket socket, const TlsFaces& faces)
      : stream_(std::move(socket), faces.first_context()) {
    progress_.faces = &faces;
    TlsFaces::Attach(stream_.native_handle(), progress_);
  }

  void Handshake(Done done) override {
    progress_.released = progress_.face != nullptr;
    stream_.async_handshake(asio::ssl::stream_base::server,
                            [done = std::move(done)](const Error& error) { done(error, 0); });
  }
  const Fault* HeldBy() const override {
    const bool held = progress_.face != nullptr && !progress_.released;
    return held && progress_.face->spec.handshake ? &*progress_.face->spec.handshake : nullptr;
  }
  std::string ServerName() const override { return progress_.server_name; }
  void ReadSome(asio::mutable_buffer into, Done done) override {
    stream_.async_read_some(into, std::move(done));
  }
  void WriteSome(std::string_view bytes, Done done) override {
    stream_.async_write_some(asio::buffer(bytes.data(), bytes.size()), std::move(done));
  }
  void SayGoodbye(Done done) override {
    if (progress_.face != nullptr && !progress_.face->spec.close_notify) {
      return asio::post(stream_.get_executor(), [done = std::move(done)] { done({}, 0); });
    }
    stream_.async_shutdown([done = std::move(done)](const Error& error) { done(error, 0); });
  }
  TcpSocket& socket() override { return stream_.next_layer(); }

 private:
  TlsFaces::Progress progress_;  // outlives the stream, which refers to it
  asio::ssl::stream<TcpSocket> stream_;
};

}  // namespace

std::unique_ptr<Transport> NewPlainTransport(TcpSocket socket) {
  return std::make_unique<PlainTransport>(std::move(socket));
}

std::unique_ptr<Transport> NewTlsTransport(TcpSocket socket, const TlsFaces& faces) {
  return std::make_unique<TlsTransport>(std::move(socket), faces);
}

}  // namespace mock_mc
