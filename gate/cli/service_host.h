#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "gate/base/result.h"
#include "gate/base/time.h"
#include "gate/seams/http_handler.h"
#include "gate/seams/http_server.h"
#include "gate/service/config.h"
#include "gate/service/meter.h"

namespace gate::cli {

// What the server of `rollout-gate serve` is to do.
struct ServerSettings {
  std::string listen;
  std::string cert_file;  // empty, like key_file: plain HTTP
  std::string key_file;
  std::size_t most_requests;                     // at once
  Nanos answer_timeout;                          // the deadline of each
  std::function<void(const std::string&)> warn;  // told what an operator should know
};

// What `rollout-gate serve` is given beyond a Platform by the place where it runs.
class ServiceHost {
 public:
  virtual ~ServiceHost() = default;
  // Starts to answer with `handler`, which must outlive the server. kInvalidArgument if the
  // settings are unusable, kUnavailable if there is nothing to listen on.
  virtual Result<std::unique_ptr<HttpServer>> StartServer(HttpHandler& handler,
                                                          const ServerSettings& settings) = 0;
  virtual std::unique_ptr<service::Meter> NewMeter(const service::Config& config) = 0;
};

}  // namespace gate::cli
