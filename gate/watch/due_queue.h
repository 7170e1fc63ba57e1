#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "gate/base/time.h"

namespace gate::watch {

// Keys, each with the time when it is due. Every operation takes logarithmic time.
template <typename Key>
class DueQueue {
 public:
  // In place of the time that it had, if it had one.
  void Set(const Key& key, Instant at) {
    Erase(key);
    times_[key] = at;
    order_.emplace(at, key);
  }

  void SetNoLater(const Key& key, Instant at) {
    const auto found = times_.find(key);
    if (found == times_.end() || at < found->second) Set(key, at);
  }

  void Erase(const Key& key) {
    const auto found = times_.find(key);
    if (found == times_.end()) return;
    order_.erase({found->second, key});
    times_.erase(found);
  }

  // When the first one is due.
  std::optional<Instant> Next() const {
    if (order_.empty()) return std::nullopt;
    return order_.begin()->first;
  }

  // Takes out the one that has been due longest, if one is due by now.
  std::optional<Key> Pop(Instant now) {
    if (order_.empty() || order_.begin()->first > now) return std::nullopt;
    Key key = order_.begin()->second;
    Erase(key);
    return key;
  }

 private:
  std::map<Key, Instant> times_;
  std::set<std::pair<Instant, Key>> order_;
};

}  // namespace gate::watch
