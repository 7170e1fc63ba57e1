#pragma once

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>

#include "gate/base/time.h"
#include "harness/sim/kube/work_queue.h"

namespace drill::sim::argo {

// When keys are to be looked at again: client-go's delaying queue keeps the earliest time that was
// asked for, also when the key is looked at sooner for another reason.
class WakeList {
 public:
  // What a reconcile that ends now is to tell the queue. 0: nothing is waited for.
  gate::Nanos Merge(const ObjectKey& key, gate::Instant now, std::optional<gate::Nanos> asked) {
    auto found = wakes_.find(key);
    if (found != wakes_.end() && found->second <= now) {
      wakes_.erase(found);
      found = wakes_.end();
    }
    if (asked) {
      const gate::Instant at = now + std::max(*asked, gate::Nanos(0)) + kLateness;
      if (found == wakes_.end()) {
        found = wakes_.emplace(key, at).first;
      } else {
        found->second = std::min(found->second, at);
      }
    }
    return found == wakes_.end() ? gate::Nanos(0) : found->second - now;
  }
  void Forget(const ObjectKey& key) { wakes_.erase(key); }
  void Clear() { wakes_.clear(); }

 private:
  // A timer fires a little late: what was to end at that very time has ended then.
  static constexpr gate::Nanos kLateness = std::chrono::milliseconds(1);

  std::map<ObjectKey, gate::Instant> wakes_;
};

}  // namespace drill::sim::argo
