#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

struct ssl_ctx_st;  // OpenSSL's SSL_CTX
struct ssl_st;      // OpenSSL's SSL

namespace gate {

// One accepted connection of a RawServer. Everything ends early once the server is destroyed.
class RawPeer {
 public:
  RawPeer(int fd, ssl_st* tls) : fd_(fd), tls_(tls) {}
  ~RawPeer();
  RawPeer(const RawPeer&) = delete;
  RawPeer& operator=(const RawPeer&) = delete;

  // Header and body (by Content-Length) of the next request; what came so far if the other side
  // closes.
  std::string ReadRequest();

  // False if the other side has closed.
  bool Send(std::string_view bytes);

  // Sends `bytes` one at a time, `pause` apart, until they are sent or the other side has closed.
  void Drip(std::string_view bytes, std::chrono::milliseconds pause);

  // Until the other side has closed, or for at most `limit`.
  void AwaitClose(std::chrono::milliseconds limit = std::chrono::minutes(1));

  // Until something can be read, without reading it.
  void AwaitData();

  // In TLS: says goodbye properly.
  void CloseNotify();

  // Closes with RST instead of FIN (SO_LINGER 0).
  void Reset();

  // Ends whatever is going on, from another thread.
  void Interrupt();

 private:
  long ReadSome(char* buffer, std::size_t size);

  const int fd_;
  ssl_st* const tls_;
  std::string ahead_;  // read beyond the last request
};

// A server on the loopback that says exactly what its script says, byte by byte.
class RawServer {
 public:
  // Plays on each connection, on a thread of its own; the connection is closed when it returns.
  using Script = std::function<void(RawPeer&)>;

  explicit RawServer(Script script, const std::string& address = "127.0.0.1");

  // In TLS with this certificate. `client_ca_pem`, if not empty: demands a client certificate from
  // that authority. Handshakes that fail close the connection without a word to the script.
  struct Tls {
    std::string cert_pem;
    std::string key_pem;
    std::string client_ca_pem;
  };
  RawServer(Script script, const Tls& tls);

  // A server that accepts nothing, and whose queue of connections is full: connecting hangs.
  struct Unreachable {};
  explicit RawServer(Unreachable);

  ~RawServer();

  int port() const { return port_; }
  // "http://127.0.0.1:port" + path
  std::string Url(std::string_view path = "/") const;
  int connections() const { return connections_.load(); }

  // Takes another certificate for later connections.
  void UseTls(const Tls& tls);

 private:
  void Listen(const std::string& address, int backlog);
  void Accept();
  void Serve(int fd);

  Script script_;
  int listener_ = -1;
  int port_ = 0;
  std::string origin_;
  std::atomic<int> connections_ = 0;
  std::vector<int> fillers_;  // of an unreachable server's queue

  std::mutex mutex_;
  bool ending_ = false;
  std::shared_ptr<ssl_ctx_st> tls_;  // with the connections made from it
  std::vector<RawPeer*> peers_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace gate
