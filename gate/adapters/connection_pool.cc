#include "gate/adapters/connection_pool.h"

#include <algorithm>
#include <utility>

#include "gate/adapters/steady_instant.h"

namespace gate {

std::unique_ptr<HttpConnection> ConnectionPool::Take(const Key& key) {
  std::list<Idle> expired;  // closed after the lock is released
  const std::lock_guard lock(mutex_);
  const Instant now = SteadyNow();
  while (!idle_.empty() && now - idle_.front().since >= longest_idle_) {
    expired.splice(expired.end(), idle_, idle_.begin());
  }
  for (auto entry = idle_.end(); entry != idle_.begin();) {
    --entry;
    if (entry->key != key) continue;
    if (!entry->connection->IsIdle()) {
      const auto dead = entry++;
      expired.splice(expired.end(), idle_, dead);
      continue;
    }
    auto connection = std::move(entry->connection);
    idle_.erase(entry);
    return connection;
  }
  return nullptr;
}

void ConnectionPool::Put(Key key, std::unique_ptr<HttpConnection> connection) {
  std::list<Idle> surplus;
  const std::lock_guard lock(mutex_);
  idle_.push_back({std::move(key), std::move(connection), SteadyNow()});
  if (idle_.size() > most_idle_) surplus.splice(surplus.end(), idle_, idle_.begin());
}

}  // namespace gate
