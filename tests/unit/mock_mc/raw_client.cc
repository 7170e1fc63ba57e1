#include "tests/unit/mock_mc/raw_client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace mock_mc::testing {

struct RawClient::Parts {
  ~Parts() {
    SSL_free(tls);
    SSL_CTX_free(tls_context);
    if (socket >= 0) close(socket);
  }

  // Appends what is there next; returns false at the end.
  bool ReadSome(Received& received) {
    std::array<char, 16384> buffer{};
    errno = 0;
    const long count = tls != nullptr
                           ? SSL_read(tls, buffer.data(), static_cast<int>(buffer.size()))
                           : recv(socket, buffer.data(), buffer.size(), 0);
    const int reason = errno;
    if (count > 0) {
      received.bytes.append(buffer.data(), static_cast<std::size_t>(count));
      return true;
    }
    if (reason == EAGAIN) {
      ADD_FAILURE() << "nothing more came within the patience; so far: " << received.bytes.size()
                    << " bytes";
    } else if (reason == ECONNRESET) {
      received.end = End::kReset;
    } else if (tls != nullptr && SSL_get_error(tls, static_cast<int>(count)) == SSL_ERROR_SSL) {
      received.end = End::kTlsTruncated;  // FIN without close_notify
    } else {
      received.end = End::kEof;
    }
    ERR_clear_error();
    return false;
  }

  int socket = -1;
  SSL_CTX* tls_context = nullptr;
  SSL* tls = nullptr;
};

RawClient::RawClient(const std::string& address) : parts_(std::make_unique<Parts>()) {
  parts_->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval patience{kPatience.count(), 0};
  setsockopt(parts_->socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(parts_->socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  const std::size_t colon = address.rfind(':');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
  inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr);
  if (connect(parts_->socket, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    ADD_FAILURE() << "cannot connect to " << address << ": " << std::strerror(errno);
  }
}

RawClient::~RawClient() = default;
RawClient::RawClient(RawClient&&) noexcept = default;

void RawClient::StartTls() {
  parts_->tls_context = SSL_CTX_new(TLS_client_method());
  parts_->tls = SSL_new(parts_->tls_context);
  SSL_set_fd(parts_->tls, parts_->socket);
  ASSERT_EQ(SSL_connect(parts_->tls), 1);
}

void RawClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const long count = parts_->tls != nullptr
                           ? SSL_write(parts_->tls, bytes.data(), static_cast<int>(bytes.size()))
                           : send(parts_->socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    ASSERT_GT(count, 0) << std::strerror(errno);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void RawClient::Get(std::string_view target, std::string_view more_headers) {
  Send("GET " + std::string(target) + " HTTP/1.1\r\nHost: mc\r\n" + std::string(more_headers) +
       "\r\n");
}

Received RawClient::ReadToEnd() {
  Received received;
  while (parts_->ReadSome(received)) {
  }
  return received;
}

Received RawClient::ReadAtLeast(std::size_t count) {
  Received received;
  while (received.bytes.size() < count && parts_->ReadSome(received)) {
  }
  return received;
}

std::string RawClient::ReadAnswer() {
  Received received;
  for (;;) {
    const std::size_t end = received.bytes.find("\r\n\r\n");
    const std::size_t length = received.bytes.find("Content-Length: ");
    if (end != std::string::npos && length < end) {
      const std::size_t whole = end + 4 + std::stoul(received.bytes.substr(length + 16));
      if (received.bytes.size() >= whole) return received.bytes;
    }
    if (!parts_->ReadSome(received)) return received.bytes;
  }
}

void RawClient::ShutdownSend() { shutdown(parts_->socket, SHUT_WR); }

void RawClient::Reset() {
  const linger at_once{1, 0};
  setsockopt(parts_->socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close(parts_->socket);
  parts_->socket = -1;
}

}  // namespace mock_mc::testing
