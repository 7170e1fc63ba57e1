#include "tests/support/raw_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstring>
#include <utility>

#include "gate/base/check.h"

namespace gate {
namespace {

std::shared_ptr<SSL_CTX> MakeContext(const RawServer::Tls& tls) {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  BIO* cert_bio = BIO_new_mem_buf(tls.cert_pem.data(), static_cast<int>(tls.cert_pem.size()));
  X509* cert = PEM_read_bio_X509(cert_bio, nullptr, nullptr, nullptr);
  BIO* key_bio = BIO_new_mem_buf(tls.key_pem.data(), static_cast<int>(tls.key_pem.size()));
  EVP_PKEY* key = PEM_read_bio_PrivateKey(key_bio, nullptr, nullptr, nullptr);
  GATE_CHECK(SSL_CTX_use_certificate(context.get(), cert) == 1);
  GATE_CHECK(SSL_CTX_use_PrivateKey(context.get(), key) == 1);
  if (!tls.client_ca_pem.empty()) {
    BIO* ca_bio =
        BIO_new_mem_buf(tls.client_ca_pem.data(), static_cast<int>(tls.client_ca_pem.size()));
    X509* ca = PEM_read_bio_X509(ca_bio, nullptr, nullptr, nullptr);
    GATE_CHECK(X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), ca) == 1);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    X509_free(ca);
    BIO_free(ca_bio);
  }
  X509_free(cert);
  EVP_PKEY_free(key);
  BIO_free(cert_bio);
  BIO_free(key_bio);
  return context;
}

std::size_t ContentLength(std::string_view header) {
  constexpr std::string_view kName = "\r\nContent-Length: ";
  const std::size_t at = header.find(kName);
  std::size_t length = 0;
  if (at != std::string_view::npos) {
    std::from_chars(header.data() + at + kName.size(), header.data() + header.size(), length);
  }
  return length;
}

}  // namespace

RawPeer::~RawPeer() {
  SSL_free(tls_);
  close(fd_);
}

long RawPeer::ReadSome(char* buffer, std::size_t size) {
  if (tls_ != nullptr) return SSL_read(tls_, buffer, static_cast<int>(size));
  return read(fd_, buffer, size);
}

std::string RawPeer::ReadRequest() {
  std::string text = std::exchange(ahead_, {});
  for (;;) {
    const std::size_t end = text.find("\r\n\r\n");
    if (end != std::string::npos) {
      const std::size_t size = end + 4 + ContentLength(text.substr(0, end + 2));
      if (text.size() >= size) {
        ahead_ = text.substr(size);
        return text.substr(0, size);
      }
    }
    char buffer[16384];
    const long count = ReadSome(buffer, sizeof buffer);
    if (count <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(count));
  }
}

bool RawPeer::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const long count = tls_ != nullptr
                           ? SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size()))
                           : send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

void RawPeer::AwaitClose(std::chrono::milliseconds limit) {
  pollfd closed = {fd_, POLLRDHUP, 0};
  poll(&closed, 1, static_cast<int>(limit.count()));
}

void RawPeer::AwaitData() {
  pollfd readable = {fd_, POLLIN, 0};
  poll(&readable, 1, /*timeout=*/-1);
}

void RawPeer::Drip(std::string_view bytes, std::chrono::milliseconds pause) {
  for (const char byte : bytes) {
    pollfd closed = {fd_, POLLRDHUP, 0};
    if (poll(&closed, 1, static_cast<int>(pause.count())) != 0) return;
    if (!Send(std::string_view(&byte, 1))) return;
  }
}

void RawPeer::CloseNotify() {
  if (tls_ != nullptr) SSL_shutdown(tls_);
}

void RawPeer::Reset() {
  const linger now = {1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

void RawPeer::Interrupt() { shutdown(fd_, SHUT_RDWR); }

RawServer::RawServer(Script script, const std::string& address) : script_(std::move(script)) {
  Listen(address, 64);
  acceptor_ = std::thread([this] { Accept(); });
}

RawServer::RawServer(Script script, const Tls& tls)
    : script_(std::move(script)), tls_(MakeContext(tls)) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  Listen("127.0.0.1", 64);
  origin_.replace(0, 4, "https");
  acceptor_ = std::thread([this] { Accept(); });
}

RawServer::RawServer(Unreachable) {
  Listen("127.0.0.1", 0);
  // Linux keeps backlog + 1 connections and then ignores SYNs; a few more for good measure.
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port_));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (int i = 0; i < 4; ++i) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    [[maybe_unused]] const int begun =
        connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    fillers_.push_back(fd);
  }
}

void RawServer::Listen(const std::string& address, int backlog) {
  const bool v6 = address.find(':') != std::string::npos;
  sockaddr_storage storage = {};
  socklen_t size = 0;
  if (v6) {
    auto* in6 = reinterpret_cast<sockaddr_in6*>(&storage);
    in6->sin6_family = AF_INET6;
    GATE_CHECK(inet_pton(AF_INET6, address.c_str(), &in6->sin6_addr) == 1);
    size = sizeof *in6;
  } else {
    auto* in4 = reinterpret_cast<sockaddr_in*>(&storage);
    in4->sin_family = AF_INET;
    GATE_CHECK(inet_pton(AF_INET, address.c_str(), &in4->sin_addr) == 1);
    size = sizeof *in4;
  }
  listener_ = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  GATE_CHECK(bind(listener_, reinterpret_cast<sockaddr*>(&storage), size) == 0);
  GATE_CHECK(listen(listener_, backlog) == 0);
  GATE_CHECK(getsockname(listener_, reinterpret_cast<sockaddr*>(&storage), &size) == 0);
  port_ = ntohs(v6 ? reinterpret_cast<sockaddr_in6*>(&storage)->sin6_port
                   : reinterpret_cast<sockaddr_in*>(&storage)->sin_port);
  origin_ = fmt::format("http://{}{}{}:{}", v6 ? "[" : "", address, v6 ? "]" : "", port_);
}

std::string RawServer::Url(std::string_view path) const { return origin_ + std::string(path); }

void RawServer::UseTls(const Tls& tls) {
  auto context = MakeContext(tls);
  const std::lock_guard lock(mutex_);
  tls_ = std::move(context);
}

void RawServer::Accept() {
  for (;;) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;  // shut down
    ++connections_;
    const std::lock_guard lock(mutex_);
    threads_.emplace_back([this, fd] { Serve(fd); });
  }
}

void RawServer::Serve(int fd) {
  std::unique_lock lock(mutex_);
  SSL* tls = tls_ != nullptr ? SSL_new(tls_.get()) : nullptr;
  if (tls != nullptr) SSL_set_fd(tls, fd);
  RawPeer peer(fd, tls);
  if (ending_) return;
  peers_.push_back(&peer);
  lock.unlock();
  if (tls == nullptr || SSL_accept(tls) == 1) script_(peer);
  lock.lock();
  std::erase(peers_, &peer);
}

RawServer::~RawServer() {
  shutdown(listener_, SHUT_RDWR);
  if (acceptor_.joinable()) acceptor_.join();
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    for (RawPeer* peer : peers_) peer->Interrupt();
  }
  for (std::thread& thread : threads_) thread.join();
  for (const int fd : fillers_) close(fd);
  close(listener_);
}

}  // namespace gate
