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

  void Send(std::string_view bytes);
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
