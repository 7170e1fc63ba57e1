#pragma once

#include <condition_variable>
#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "gate/base/time.h"

namespace gate {

class HttpServerConnection;

// The connections of a server, and which of them are idle since when. Thread-safe.
class HttpConnectionTable {
 public:
  explicit HttpConnectionTable(std::size_t most) : most_(most) {}

  struct Admission {
    bool admitted = false;
    // Made room, and is to be closed now.
    std::shared_ptr<HttpServerConnection> evicted = nullptr;
  };
  // Not admitted if all places are taken and nobody is idle.
  Admission Add(const std::shared_ptr<HttpServerConnection>& connection);
  void Remove(HttpServerConnection* connection);

  void EnterIdle(HttpServerConnection* connection);
  // False if it has been evicted meanwhile: then it must close without having served anything.
  bool LeaveIdle(HttpServerConnection* connection);

  // The longest idle one, which is to be closed now; none if nobody is idle.
  std::shared_ptr<HttpServerConnection> EvictIdle();

  std::vector<std::shared_ptr<HttpServerConnection>> All();
  std::size_t idle();

  // True if the table is empty by then.
  bool AwaitEmpty(Instant until);

 private:
  using Order = std::list<HttpServerConnection*>;
  struct Entry {
    std::weak_ptr<HttpServerConnection> connection;
    std::optional<Order::iterator> idle = std::nullopt;
  };

  std::shared_ptr<HttpServerConnection> EvictLocked();

  const std::size_t most_;
  std::mutex mutex_;
  std::condition_variable emptied_;
  std::map<HttpServerConnection*, Entry> entries_;
  Order idle_;  // the longest idle first
};

}  // namespace gate
