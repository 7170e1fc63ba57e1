#include "gate/adapters/http_connection_table.h"

#include "gate/adapters/steady_instant.h"
#include "gate/base/check.h"

namespace gate {

HttpConnectionTable::Admission HttpConnectionTable::Add(
    const std::shared_ptr<HttpServerConnection>& connection) {
  const std::lock_guard lock(mutex_);
  Admission admission;
  if (entries_.size() >= most_) {
    admission.evicted = EvictLocked();
    if (admission.evicted == nullptr) return admission;
  }
  admission.admitted = true;
  entries_[connection.get()] = {connection};
  return admission;
}

void HttpConnectionTable::Remove(HttpServerConnection* connection) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(connection);
  if (found == entries_.end()) return;
  if (found->second.idle) idle_.erase(*found->second.idle);
  entries_.erase(found);
  if (entries_.empty()) emptied_.notify_all();
}

void HttpConnectionTable::EnterIdle(HttpServerConnection* connection) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(connection);
  GATE_CHECK(found != entries_.end() && !found->second.idle);
  found->second.idle = idle_.insert(idle_.end(), connection);
}

bool HttpConnectionTable::LeaveIdle(HttpServerConnection* connection) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(connection);
  if (found == entries_.end() || !found->second.idle) return false;
  idle_.erase(*found->second.idle);
  found->second.idle.reset();
  return true;
}

std::shared_ptr<HttpServerConnection> HttpConnectionTable::EvictIdle() {
  const std::lock_guard lock(mutex_);
  return EvictLocked();
}

std::shared_ptr<HttpServerConnection> HttpConnectionTable::EvictLocked() {
  while (!idle_.empty()) {
    const auto found = entries_.find(idle_.front());
    idle_.pop_front();
    found->second.idle.reset();
    if (auto connection = found->second.connection.lock()) return connection;
  }
  return nullptr;
}

std::vector<std::shared_ptr<HttpServerConnection>> HttpConnectionTable::All() {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<HttpServerConnection>> all;
  for (const auto& [pointer, entry] : entries_) {
    if (auto connection = entry.connection.lock()) all.push_back(std::move(connection));
  }
  return all;
}

std::size_t HttpConnectionTable::idle() {
  const std::lock_guard lock(mutex_);
  return idle_.size();
}

bool HttpConnectionTable::AwaitEmpty(Instant until) {
  std::unique_lock lock(mutex_);
  return emptied_.wait_until(lock, ToSteady(until), [this] { return entries_.empty(); });
}

}  // namespace gate
