#pragma once

#include <chrono>
#include <string>

#include "gate/base/strict_json.h"
#include "harness/sim/argo/rollout_status.h"

namespace drill::sim::argo {

inline constexpr WallSeconds kNow{std::chrono::seconds(1'800'000'000)};

// A metric that a Job measures, with the members of `more`.
inline gate::Json JobMetric(const std::string& name,
                            const gate::Json& more = gate::Json::object()) {
  gate::Json metric{{"name", name}, {"provider", {{"job", {{"spec", gate::Json::object()}}}}}};
  metric.update(more);
  return metric;
}

}  // namespace drill::sim::argo
