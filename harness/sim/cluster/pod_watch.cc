#include "harness/sim/cluster/pod_watch.h"

#include <algorithm>

namespace drill::sim {
namespace {

bool Concerns(const Change& change) {
  if (change.type != gate::KubeEventType::kModified) return true;
  const Object& before = *change.before;
  const Object& after = *change.after;
  return before.spec != after.spec || before.meta.deleted != after.meta.deleted ||
         before.meta.deletion_grace_seconds != after.meta.deletion_grace_seconds ||
         before.meta.labels != after.meta.labels ||
         before.meta.annotations != after.meta.annotations;
}

}  // namespace

PodWatch::PodWatch(World& world, ApiServer& server, WatchLink& link)
    : world_(world), server_(server), link_(link) {
  server.Listen(Type::kPod, [this](const Change& change) {
    if (!Concerns(change)) return;
    constexpr std::uint32_t kMillion = 1'000'000;
    if (link_.lost_ppm > 0 && link_.rng.Below(kMillion) < link_.lost_ppm) return;
    const bool doubled = link_.doubled_ppm > 0 && link_.rng.Below(kMillion) < link_.doubled_ppm;
    const Presence presence =
        change.type == gate::KubeEventType::kDeleted ? Presence::kGone : Presence::kThere;
    for (int i = 0; i < (doubled ? 2 : 1); ++i) {
      // Strictly later: what is due at the same instant may come in any order.
      last_delivery_ = std::max(last_delivery_ + gate::Nanos(1), world_.Now() + link_.Draw());
      world_.At(last_delivery_, Rank::kDelivery,
                [this, pod = change.after, presence] { Deliver(pod, presence); });
    }
  });
}

void PodWatch::Deliver(const ObjectPtr& pod, Presence presence) {
  for (const Handler& handler : handlers_) handler(pod, presence);
}

void PodWatch::Relist() {
  for (const ObjectPtr& pod : server_.List(Type::kPod, "")) Deliver(pod, Presence::kThere);
}

}  // namespace drill::sim
