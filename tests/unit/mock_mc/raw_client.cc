#include "tests/unit/mock_mc/raw_client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace mock_mc::testing {
namespace {

sockaddr_in ToSocketAddress(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
  inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr);
  return to;
}

X509* ReadCertificate(const std::string& pem) {
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  X509* cert = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  return cert;
}

void UseOwnCertificate(SSL_CTX* context, const TlsOptions& options) {
  X509* cert = ReadCertificate(options.cert_pem);
  BIO* bio = BIO_new_mem_buf(options.key_pem.data(), static_cast<int>(options.key_pem.size()));
  EVP_PKEY* key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  EXPECT_EQ(SSL_CTX_use_certificate(context, cert), 1);
  EXPECT_EQ(SSL_CTX_use_PrivateKey(context, key), 1);
  X509_free(cert);
  EVP_PKEY_free(key);
}

void Trust(SSL_CTX* context, const std::string& ca_pem) {
  X509* cert = ReadCertificate(ca_pem);
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context), cert);
  X509_free(cert);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
}

void UseOldProtocols(SSL_CTX* context) {
  SSL_CTX_set_security_level(context, 0);
  SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0");
  SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
}

TlsOutcome::End EndOf(SSL* tls, int result, int reason) {
  if (result == 1) return TlsOutcome::End::kGood;
  if (reason == EAGAIN) return TlsOutcome::End::kTimeOver;
  if (reason == ECONNRESET) return TlsOutcome::End::kReset;
  const int why = ERR_GET_REASON(ERR_peek_last_error());
  if (why == SSL_R_CERTIFICATE_VERIFY_FAILED) return TlsOutcome::End::kBadCertificate;
  // OpenSSL numbers an alert that it receives as 1000 + the alert.
  if (why >= SSL_AD_REASON_OFFSET) return TlsOutcome::End::kAlert;
  if (SSL_get_error(tls, result) == SSL_ERROR_SYSCALL ||
      why == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
    return TlsOutcome::End::kEof;
  }
  return TlsOutcome::End::kNoTls;
}

}  // namespace

int TryConnect(const std::string& address, std::chrono::milliseconds patience) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const sockaddr_in to = ToSocketAddress(address);
  int error = 0;
  if (connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) error = errno;
  if (error == EINPROGRESS) {
    pollfd entry{fd, POLLOUT, 0};
    if (poll(&entry, 1, static_cast<int>(patience.count())) == 0) {
      error = ETIMEDOUT;
    } else {
      socklen_t size = sizeof error;
      getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    }
  }
  close(fd);
  return error;
}

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
  const sockaddr_in to = ToSocketAddress(address);
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

TlsOutcome RawClient::TryTls(const TlsOptions& options) {
  parts_->tls_context = SSL_CTX_new(TLS_client_method());
  if (options.old_protocols) UseOldProtocols(parts_->tls_context);
  if (!options.ca_pem.empty()) Trust(parts_->tls_context, options.ca_pem);
  if (!options.cert_pem.empty()) UseOwnCertificate(parts_->tls_context, options);
  parts_->tls = SSL_new(parts_->tls_context);
  SSL_set_fd(parts_->tls, parts_->socket);
  if (!options.server_name.empty()) {
    SSL_ctrl(parts_->tls, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(options.server_name.c_str()));
    if (!options.ca_pem.empty()) SSL_set1_host(parts_->tls, options.server_name.c_str());
  }
  const auto millis = options.patience.count();
  const timeval patience{millis / 1000, (millis % 1000) * 1000};
  setsockopt(parts_->socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ERR_clear_error();
  errno = 0;
  const int result = SSL_connect(parts_->tls);
  TlsOutcome outcome;
  outcome.end = EndOf(parts_->tls, result, errno);
  outcome.verify_error = SSL_get_verify_result(parts_->tls);
  outcome.protocol = SSL_get_version(parts_->tls);
  const timeval usual{kPatience.count(), 0};
  setsockopt(parts_->socket, SOL_SOCKET, SO_RCVTIMEO, &usual, sizeof usual);
  return outcome;
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

void RawClient::SendBeneath(std::string_view bytes) {
  ASSERT_EQ(send(parts_->socket, bytes.data(), bytes.size(), MSG_NOSIGNAL),
            static_cast<long>(bytes.size()));
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
