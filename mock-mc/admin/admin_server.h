#pragma once

#include <memory>
#include <string>

#include "gate/base/result.h"
#include "mock-mc/wire/service.h"

namespace boost::asio {
class io_context;
}

namespace mock_mc {

// Serves the admin API over HTTP on its own port, on the thread that runs `loop`; both arguments
// must outlive it. At most 64 connections.
class AdminServer {
 public:
  AdminServer(boost::asio::io_context& loop, Service& service);
  ~AdminServer();

  // Returns the address in force, with the real port. Errors as in DataPlane::Listen.
  gate::Result<std::string> Listen(const std::string& address);

  void Stop();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace mock_mc
