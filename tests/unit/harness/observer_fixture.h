#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "harness/trace/observer.h"
#include "tests/unit/harness/objects.h"

namespace drill {

inline gate::WallTime Wall(const char* text) { return *gate::ParseRfc3339(text); }

// An Observer in a world where the monotonic clock began at 12:00:00; `now` counts from there.
class ObserverTest : public testing::Test {
 protected:
  Sighting At(gate::Nanos now) { return {gate::Instant(now), Wall("2026-03-01T12:00:00Z") + now}; }

  void See(const gate::KubeResource& resource, const gate::Json& object, gate::Nanos now) {
    observer_.OnEvent(resource, {gate::KubeEventType::kModified, object}, At(now));
    Collect();
  }
  void SeeGone(const gate::KubeResource& resource, const gate::Json& object, gate::Nanos now) {
    observer_.OnEvent(resource, {gate::KubeEventType::kDeleted, object}, At(now));
    Collect();
  }
  void SeeAll(const gate::KubeResource& resource, std::vector<gate::Json> objects,
              gate::Nanos now) {
    observer_.OnSnapshot(resource, {std::move(objects), "1"}, At(now));
    Collect();
  }

  void Collect() {
    for (TraceEvent& event : observer_.TakeNew()) trace_.push_back(std::move(event));
  }

  // The stable release at rest; then the canary is deployed at 10 s.
  void Deploy() {
    SeeAll(gate::kube::kRollouts, {StableRollout()}, std::chrono::seconds(1));
    SeeAll(gate::kube::kReplicaSets, {AReplicaSet(StableSet(5, 5))}, std::chrono::seconds(1));
    observer_.OnDeployed("shop-1.5.0", At(std::chrono::seconds(10)));
    Collect();
    trace_.clear();
  }

  static gate::Json StableRollout() {
    return ARollout({.release = "shop-1.4.0",
                     .generation = 1,
                     .observed = 1,
                     .current = "stable",
                     .phase = "Healthy",
                     .message = "",
                     .step = 4,
                     .updated = 5});
  }
  static ReplicaSetSpec StableSet(std::int64_t spec, std::int64_t available) {
    return {.hash = "stable", .spec = spec, .replicas = spec, .available = available};
  }
  static ReplicaSetSpec CanarySet(std::int64_t spec, std::int64_t available) {
    return {.hash = "canary", .spec = spec, .replicas = spec, .available = available};
  }
  static RolloutSpec Aborted() {
    return {.phase = "Degraded",
            .message = "RolloutAborted: Rollout aborted update to revision 2",
            .abort = true,
            .aborted_at = "2026-03-01T12:00:20Z",
            .written = "2026-03-01T12:00:20Z"};
  }

  // The events of one name, as "field=value field=value".
  std::vector<std::string> Seen(const std::string& name) const {
    std::vector<std::string> texts;
    for (const TraceEvent& event : trace_) {
      if (event.name != name) continue;
      std::string text;
      for (const auto& [key, value] : event.fields.items()) {
        text += (text.empty() ? "" : " ") + key + "=" +
                (value.is_string() ? value.get<std::string>() : value.dump());
      }
      texts.push_back(text);
    }
    return texts;
  }
  const TraceEvent& Only(const std::string& name) const {
    const auto found = std::find_if(trace_.begin(), trace_.end(),
                                    [&](const auto& event) { return event.name == name; });
    GATE_CHECK(found != trace_.end());
    return *found;
  }

  Observer observer_{{.rollout = "demo", .start = gate::Instant(gate::Nanos(0))}};
  Trace trace_;
};

}  // namespace drill
