#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "gate/base/time.h"

namespace gate::watch {

// Keys, each with the time when it is due; for several workers, no two of which work at the same
// key. Every operation takes logarithmic time.
template <typename Key>
class DueQueue {
 public:
  // In place of the time that it had, if it had one.
  void Set(const Key& key, Instant at) {
    Erase(key);
    times_[key] = at;
    if (!held_.contains(key)) order_.emplace(at, key);
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

  // When the first one is due that nobody has taken.
  std::optional<Instant> Next() const {
    if (order_.empty()) return std::nullopt;
    return order_.begin()->first;
  }

  // Takes out the one that has been due longest, if one is due by now. It is not taken again until
  // it was put back, whatever time it is given meanwhile.
  std::optional<Key> Take(Instant now) {
    if (order_.empty() || order_.begin()->first > now) return std::nullopt;
    Key key = order_.begin()->second;
    Erase(key);
    held_.insert(key);
    return key;
  }

  // It is due when somebody said so since it was taken; otherwise it is gone.
  void PutBack(const Key& key) {
    held_.erase(key);
    const auto found = times_.find(key);
    if (found != times_.end()) order_.emplace(found->second, key);
  }

 private:
  std::map<Key, Instant> times_;
  std::set<std::pair<Instant, Key>> order_;  // of those that nobody holds
  std::set<Key> held_;
};

}  // namespace gate::watch
