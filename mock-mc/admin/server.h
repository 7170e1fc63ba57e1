#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gate/base/result.h"
#include "mock-mc/behaviour/script.h"
#include "mock-mc/wire/data_plane.h"

namespace mock_mc {

// PEM files: a certificate chain and its private key.
struct TlsFiles {
  std::string cert;
  std::string key;
};

// "host:port" each; port 0 lets the system choose.
struct ServerOptions {
  std::string http = "127.0.0.1:8080";
  std::string https;  // empty: no TLS
  std::string admin = "127.0.0.1:8081";
  TlsFiles tls;
  std::size_t threads = 1;  // of the data plane
  std::size_t most_connections = 10'000;
};

// mock-mc as a whole: the admin API on the thread that calls Run, the data plane on its own.
class Server {
 public:
  // The addresses in force; https is empty without TLS.
  struct Addresses {
    std::string http;
    std::string https;
    std::string admin;
    std::vector<std::pair<std::string, std::string>> listeners;  // of the script, by name
  };

  // Listens. Errors: kInvalidArgument for bad addresses and TLS files, kUnavailable if one cannot
  // be listened on. `script_file` is where the script was read from.
  static gate::Result<std::unique_ptr<Server>> Start(const ServerOptions& options, Script script,
                                                     const std::string& script_file);
  ~Server();

  const Addresses& addresses() const;

  enum class Signals { kIgnore, kStop };
  // Serves until Stop or, if asked, until SIGTERM or SIGINT.
  void Run(Signals signals);

  // Ends Run at once, closing all connections. From any thread.
  void Stop();

 private:
  struct Parts;
  explicit Server(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace mock_mc
