#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>

#include "gate/adapters/http_connection.h"
#include "gate/base/time.h"

namespace gate {

// Idle connections by what they are good for. Thread-safe.
class ConnectionPool {
 public:
  struct Key {
    std::string origin;
    std::uint64_t tls_generation = 0;  // 0 without TLS
    bool operator==(const Key&) const = default;
  };

  ConnectionPool(std::size_t most_idle, Nanos longest_idle)
      : most_idle_(most_idle), longest_idle_(longest_idle) {}

  // The most recently used live connection, or null.
  std::unique_ptr<HttpConnection> Take(const Key& key);

  // Closes the one that has been idle longest if there are too many.
  void Put(Key key, std::unique_ptr<HttpConnection> connection);

 private:
  struct Idle {
    Key key;
    std::unique_ptr<HttpConnection> connection;
    Instant since;
  };

  const std::size_t most_idle_;
  const Nanos longest_idle_;
  std::mutex mutex_;
  std::list<Idle> idle_;  // the longest idle first
};

}  // namespace gate
