#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "gate/base/time.h"

namespace drill::sim::argo {

// Any traffic router: it takes the weight it is given, which is in effect some time later. Lives
// outside of the controller: a restart does not change it.
class TrafficRouter {
 public:
  // `delay` 0: it does not say whether a weight is in effect.
  explicit TrafficRouter(gate::Nanos delay) : delay_(delay) {}

  void SetWeight(const std::string& rollout_uid, std::int32_t weight, gate::Instant now) {
    const auto [entry, fresh] = weights_.try_emplace(rollout_uid, Setting{weight, now});
    if (!fresh && entry->second.weight != weight) entry->second = {weight, now};
  }

  // Whether the weight that was set last is in effect; nothing if the router does not say.
  std::optional<bool> Verify(const std::string& rollout_uid, gate::Instant now) const {
    if (delay_.count() == 0) return std::nullopt;
    const auto found = weights_.find(rollout_uid);
    return found != weights_.end() && now >= found->second.since + delay_;
  }

  void Forget(const std::string& rollout_uid) { weights_.erase(rollout_uid); }

 private:
  struct Setting {
    std::int32_t weight;
    gate::Instant since;
  };
  const gate::Nanos delay_;
  std::map<std::string, Setting> weights_;
};

}  // namespace drill::sim::argo
