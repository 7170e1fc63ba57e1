#include "harness/sim/cluster/pod_watch.h"

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

PodWatch::PodWatch(ApiServer& server, WatchLink& link) : server_(server), link_(link) {
  server.Listen(Type::kPod, [this](const Change& change) {
    if (!Concerns(change)) return;
    const Presence presence =
        change.type == gate::KubeEventType::kDeleted ? Presence::kGone : Presence::kThere;
    link_.Carry(last_delivery_, [this, pod = change.after, presence] { Deliver(pod, presence); });
  });
}

void PodWatch::Deliver(const ObjectPtr& pod, Presence presence) {
  for (const Handler& handler : handlers_) handler(pod, presence);
}

void PodWatch::Relist() {
  for (const ObjectPtr& pod : server_.List(Type::kPod, "")) Deliver(pod, Presence::kThere);
}

}  // namespace drill::sim
