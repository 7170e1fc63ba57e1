#include "harness/sim/cluster/pod_index.h"

#include <utility>

namespace drill::sim {

PodIndex::PodIndex(Informer& pods) {
  pods.Subscribe([this](const ObjectPtr& before, const ObjectPtr& after) {
    const OwnerReference* owner = after ? after->meta.Controller() : nullptr;
    if (before) {
      const OwnerReference* old_owner = before->meta.Controller();
      if (old_owner != nullptr && (owner == nullptr || owner->uid != old_owner->uid)) {
        Forget(*before);
      }
    }
    matters_ = true;
    if (owner != nullptr) Put(after, *owner);
  });
}

const std::map<std::string, PodView>& PodIndex::OwnedBy(const std::string& uid) const {
  static const std::map<std::string, PodView> kNone;
  const auto found = by_owner_.find(uid);
  return found == by_owner_.end() ? kNone : found->second;
}

void PodIndex::Put(const ObjectPtr& pod, const OwnerReference& owner) {
  PodView next = Read(pod);
  PodView& stored = by_owner_[owner.uid][pod->meta.name];
  if (stored.pod) {
    matters_ = next.phase != stored.phase || next.ready != stored.ready ||
               next.restarts != stored.restarts || next.deleting() != stored.deleting() ||
               next.ready_since != stored.ready_since ||
               next.pod->meta.labels != stored.pod->meta.labels ||
               next.pod->meta.uid != stored.pod->meta.uid;
  }
  stored = std::move(next);
}

PodView PodIndex::Read(const ObjectPtr& pod) {
  PodView& known = read_.Of(pod->status, [&pod] { return ReadPod(pod); });
  if (known.pod->spec != pod->spec) known = ReadPod(pod);
  known.pod = pod;
  return known;
}

void PodIndex::Forget(const Object& pod) {
  const auto owned = by_owner_.find(pod.meta.Controller()->uid);
  if (owned == by_owner_.end()) return;
  owned->second.erase(pod.meta.name);
  if (owned->second.empty()) by_owner_.erase(owned);
}

}  // namespace drill::sim
