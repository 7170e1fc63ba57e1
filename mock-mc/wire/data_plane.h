#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "gate/base/result.h"
#include "mock-mc/wire/service.h"

namespace boost::asio {
class io_context;
}

namespace mock_mc {

// PEM files: a certificate chain and its private key.
struct TlsFiles {
  std::string cert;
  std::string key;
};

// Listens and answers, on the thread that runs `loop`. Everything passed must outlive it.
class DataPlane {
 public:
  // At `most_connections` no more are accepted (they wait in the kernel's queue) until one ends:
  // turning clients away would be a fault that nobody scripted.
  DataPlane(boost::asio::io_context& loop, Service& service, std::size_t most_connections);
  ~DataPlane();

  // "127.0.0.1:8080", "[::1]:0", "localhost:8080"; with `tls` everything is TLS. Returns the
  // address in force, with the real port. kInvalidArgument for a bad address or bad TLS files,
  // kUnavailable if it cannot be listened on.
  gate::Result<std::string> Listen(const std::string& address, const TlsFiles* tls);

  // Cuts off all answers that are not finished.
  void CancelAnswers();

  // Closes everything.
  void Stop();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace mock_mc
