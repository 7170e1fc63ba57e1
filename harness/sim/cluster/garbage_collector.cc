#include "harness/sim/cluster/garbage_collector.h"

#include <algorithm>
#include <utility>

#include "harness/sim/cluster/controller.h"

namespace drill::sim {
namespace {

constexpr std::string_view kCollector = "generic-garbage-collector";

bool IsForeground(const Object& object) {
  const auto& finalizers = object.meta.finalizers;
  return object.meta.deleted &&
         std::find(finalizers.begin(), finalizers.end(), kForegroundFinalizer) != finalizers.end();
}

}  // namespace

GarbageCollector::GarbageCollector(World& world, ApiServer& server, const ClusterOptions& options)
    : world_(world), server_(server), options_(options), rng_(world.Stream("garbage-collector")) {
  for (std::size_t i = 0; i < kTypes; ++i) {
    server.Listen(static_cast<Type>(i), [this](const Change& change) { OnChange(change); });
  }
}

void GarbageCollector::Later(std::function<void()> what) {
  world_.After(options_.collect.Draw(rng_), Rank::kController, std::move(what));
}

void GarbageCollector::OnChange(const Change& change) {
  const Object& object = *change.after;
  switch (change.type) {
    case gate::KubeEventType::kAdded:
      Note(object);
      return;
    case gate::KubeEventType::kModified:
      if (change.before->meta.owners != object.meta.owners) {
        Forget(*change.before);
        Note(object);
      }
      if (IsForeground(object) && !IsForeground(*change.before)) {
        Later([this, ref = Ref{object.type, object.meta.ns, object.meta.name},
               uid = object.meta.uid] {
          ExamineAll(uid);
          ReleaseIfBare(ref);
        });
      }
      return;
    case gate::KubeEventType::kDeleted:
      Forget(object);
      if (dependants_.find(object.meta.uid) != dependants_.end()) {
        Later([this, uid = object.meta.uid] { ExamineAll(uid); });
      }
      return;
    case gate::KubeEventType::kBookmark:
      return;
  }
}

void GarbageCollector::Note(const Object& object) {
  if (object.meta.owners.empty()) return;
  const Ref ref{object.type, object.meta.ns, object.meta.name};
  bool solid = true;
  for (const OwnerReference& owner : object.meta.owners) {
    dependants_[owner.uid].insert(ref);
    solid = solid && StateOf(owner, object.meta.ns) == OwnerState::kSolid;
  }
  if (!solid) Later([this, ref] { Examine(ref); });
}

// `object` is gone, or has other owners now.
void GarbageCollector::Forget(const Object& object) {
  const Ref ref{object.type, object.meta.ns, object.meta.name};
  for (const OwnerReference& owner : object.meta.owners) {
    const auto found = dependants_.find(owner.uid);
    if (found == dependants_.end()) continue;
    found->second.erase(ref);
    if (!found->second.empty()) continue;
    dependants_.erase(found);
    if (StateOf(owner, object.meta.ns) == OwnerState::kWaiting) {
      const ObjectPtr stored = FindOwner(owner, object.meta.ns);
      Later([this, bare = Ref{stored->type, stored->meta.ns, stored->meta.name}] {
        ReleaseIfBare(bare);
      });
    }
  }
}

ObjectPtr GarbageCollector::FindOwner(const OwnerReference& owner, const std::string& ns) const {
  const TypeInfo* info = FindKind(owner.api_version, owner.kind);
  if (info == nullptr) return nullptr;
  const bool cluster_scoped = info->scope == TypeInfo::Scope::kCluster;
  ObjectPtr stored =
      server_.Get(info->type, cluster_scoped ? "" : std::string_view(ns), owner.name);
  return stored && stored->meta.uid == owner.uid ? stored : nullptr;
}

GarbageCollector::OwnerState GarbageCollector::StateOf(const OwnerReference& owner,
                                                       const std::string& ns) const {
  if (FindKind(owner.api_version, owner.kind) == nullptr) return OwnerState::kSolid;
  const ObjectPtr stored = FindOwner(owner, ns);
  if (!stored) return OwnerState::kAbsent;
  return IsForeground(*stored) ? OwnerState::kWaiting : OwnerState::kSolid;
}

void GarbageCollector::ExamineAll(const std::string& owner_uid) {
  const auto found = dependants_.find(owner_uid);
  if (found == dependants_.end()) return;
  const std::set<Ref> dependants = found->second;  // deletions change it
  for (const Ref& ref : dependants) Examine(ref);
}

void GarbageCollector::Examine(const Ref& ref) {
  const ObjectPtr object = server_.Get(ref.type, ref.ns, ref.name);
  if (!object || object->meta.owners.empty() || object->meta.deleted) return;
  std::vector<OwnerReference> solid;
  bool waited_for = false;
  for (const OwnerReference& owner : object->meta.owners) {
    const OwnerState state = StateOf(owner, ref.ns);
    if (state == OwnerState::kSolid) solid.push_back(owner);
    waited_for = waited_for || state == OwnerState::kWaiting;
  }
  if (solid.size() == object->meta.owners.size()) return;
  if (!solid.empty()) {
    Object next = *object;
    next.meta.owners = std::move(solid);
    // Nothing else writes at this instant.
    static_cast<void>(server_.Update(kCollector, std::move(next), WritePart::kMain));
    return;
  }
  if (waited_for && dependants_.find(object->meta.uid) != dependants_.end()) {
    static_cast<void>(DeleteForeground(server_, kCollector, *object));
  } else {
    static_cast<void>(
        server_.Delete(kCollector, ref.type, ref.ns, ref.name, std::nullopt, object->meta.uid));
  }
}

void GarbageCollector::ReleaseIfBare(const Ref& owner) {
  const ObjectPtr stored = server_.Get(owner.type, owner.ns, owner.name);
  if (!stored || !IsForeground(*stored)) return;
  if (dependants_.find(stored->meta.uid) != dependants_.end()) return;
  Object next = *stored;
  std::erase(next.meta.finalizers, kForegroundFinalizer);
  static_cast<void>(server_.Update(kCollector, std::move(next), WritePart::kMain));
}

}  // namespace drill::sim
