#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace mock_mc::testing {

// How a connection ended, as the operating system tells a client.
enum class End { kStillOpen, kEof, kReset, kTlsTruncated };

struct Received {
  std::string bytes;
  End end = End::kStillOpen;
};

// How an attempt to connect went: 0, ECONNREFUSED, ...; ETIMEDOUT if nothing happened for
// `patience`.
int TryConnect(const std::string& address, std::chrono::milliseconds patience);

struct TlsOptions {
  std::string server_name;     // SNI, and what the certificate must be for; empty: neither
  std::string ca_pem;          // whom the client trusts; empty: the certificate is not looked at
  bool old_protocols = false;  // TLS 1.0 and 1.1 only
  std::string cert_pem;        // the client's own, with its key
  std::string key_pem;
  std::chrono::milliseconds patience{10'000};  // for the handshake
};
struct TlsOutcome {
  enum class End { kGood, kBadCertificate, kAlert, kReset, kEof, kTimeOver, kNoTls };
  End end = End::kGood;
  long verify_error = 0;  // OpenSSL's X509_V_ERR_...
  std::string protocol;   // "TLSv1.3"
};

// A client that sees what really happens to a connection. Everything waits at most kPatience for
// the next event; the test fails beyond.
class RawClient {
 public:
  static constexpr std::chrono::seconds kPatience{10};

  // "127.0.0.1:8080"
  explicit RawClient(const std::string& address);
  ~RawClient();
  RawClient(RawClient&&) noexcept;

  // TLS on top, without looking at the certificate.
  void StartTls();
  // With more of a say, and without a word about failures.
  TlsOutcome TryTls(const TlsOptions& options);

  void Send(std::string_view bytes);
  // The same, but not through TLS.
  void SendBeneath(std::string_view bytes);
  // A request without a body.
  void Get(std::string_view target, std::string_view more_headers = "");

  // Until the server ends the connection.
  Received ReadToEnd();
  // At least `count` bytes, or what came before the end.
  Received ReadAtLeast(std::size_t count);
  // One whole HTTP answer, by its Content-Length.
  std::string ReadAnswer();

  // Closes our sending side.
  void ShutdownSend();
  // Closes with RST.
  void Reset();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace mock_mc::testing
