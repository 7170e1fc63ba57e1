#include "harness/sim/kube/informer.h"

#include <algorithm>
#include <utility>

#include "harness/sim/world/draw.h"

namespace drill::sim {
namespace {

const std::string& ControllerUid(const Object& object) {
  static const std::string kNone;
  const OwnerReference* owner = object.meta.Controller();
  return owner == nullptr ? kNone : owner->uid;
}

}  // namespace

WatchLink::WatchLink(World& world, std::string_view concern)
    : rng(world.Stream(concern)), world_(world) {}

void WatchLink::Carry(gate::Instant& last, World::Handler deliver) {
  if (DrawShare(rng, lost_ppm)) return;
  for (int left = DrawShare(rng, doubled_ppm) ? 2 : 1; left > 0; --left) {
    const gate::Instant due = std::max(world_.Now() + Delay{base, jitter}.Draw(rng), stalled_until);
    // Strictly later: what is due at the same instant may come in any order.
    last = std::max(last + gate::Nanos(1), due);
    world_.At(last, Rank::kDelivery, left > 1 ? deliver : std::move(deliver));
  }
}

Informer::Informer(World& world, ApiServer& server, Type type, WatchLink& link)
    : world_(world), server_(server), type_(type), link_(link) {
  server.Listen(type, [this](const Change& change) {
    link_.Carry(last_delivery_, [this, change, epoch = epoch_] {
      if (epoch == epoch_) Deliver(change);
    });
  });
}

ObjectPtr Informer::Get(std::string_view ns, std::string_view name) const {
  const auto space = cache_.find(ns);
  if (space == cache_.end()) return nullptr;
  const auto found = space->second.find(name);
  return found == space->second.end() ? nullptr : found->second;
}

std::vector<ObjectPtr> Informer::List(std::string_view ns) const {
  std::vector<ObjectPtr> found;
  const auto space = cache_.find(ns);
  if (space == cache_.end()) return found;
  for (const auto& [name, object] : space->second) found.push_back(object);
  return found;
}

std::vector<ObjectPtr> Informer::OwnedBy(const std::string& uid) const {
  std::vector<ObjectPtr> found;
  const auto owned = by_owner_.find(uid);
  if (owned == by_owner_.end()) return found;
  for (const auto& [key, object] : owned->second) found.push_back(object);
  return found;
}

void Informer::Put(const ObjectPtr& object) {
  ObjectPtr& slot = cache_[object->meta.ns][object->meta.name];
  const std::string& uid = ControllerUid(*object);
  if (slot && ControllerUid(*slot) != uid) DropFromOwner(*slot);
  slot = object;
  if (!uid.empty()) by_owner_[uid][object->meta.name] = object;
}

void Informer::DropFromOwner(const Object& object) {
  const auto owned = by_owner_.find(ControllerUid(object));
  if (owned == by_owner_.end()) return;
  owned->second.erase(object.meta.name);
  if (owned->second.empty()) by_owner_.erase(owned);
}

void Informer::Drop(const Object& object) {
  DropFromOwner(object);
  const auto space = cache_.find(object.meta.ns);
  if (space == cache_.end()) return;
  space->second.erase(object.meta.name);
  if (space->second.empty()) cache_.erase(space);
}

void Informer::Tell(const ObjectPtr& before, const ObjectPtr& after) {
  for (const Handler& handler : handlers_) handler(before, after);
}

void Informer::Deliver(const Change& change) {
  const ObjectPtr known = Get(change.after->meta.ns, change.after->meta.name);
  if (change.type == gate::KubeEventType::kDeleted) {
    if (!known) return;
    Drop(*known);
    Tell(known, nullptr);
    return;
  }
  Put(change.after);
  Tell(known, change.after);
}

void Informer::Relist() {
  ++epoch_;  // what is under way belongs to the old watch
  last_delivery_ = world_.Now();
  std::vector<ObjectPtr> gone;
  for (const auto& [ns, space] : cache_) {
    for (const auto& [name, object] : space) {
      const ObjectPtr stored = server_.Get(type_, ns, name);
      if (!stored || stored->meta.uid != object->meta.uid) gone.push_back(object);
    }
  }
  std::sort(gone.begin(), gone.end(), ByName);
  for (const ObjectPtr& object : gone) {
    Drop(*object);
    Tell(object, nullptr);
  }
  for (const ObjectPtr& object : server_.List(type_, "")) {
    const ObjectPtr known = Get(object->meta.ns, object->meta.name);
    if (known == object) continue;
    Put(object);
    Tell(known, object);
  }
}

}  // namespace drill::sim
