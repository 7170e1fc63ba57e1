#include "harness/sim/kube/apply.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace drill::sim {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Json;
using gate::Result;
using Pointer = Json::json_pointer;

// The leaves of a document: everything that is no map, and empty maps.
void Leaves(const Json& json, const Pointer& at, std::vector<Pointer>& leaves) {
  if (!json.is_object() || json.empty()) {
    leaves.push_back(at);
    return;
  }
  for (const auto& [key, value] : json.items()) Leaves(value, at / key, leaves);
}

std::vector<Pointer> Leaves(const Json& json) {
  std::vector<Pointer> leaves;
  if (!json.empty()) Leaves(json, Pointer(), leaves);
  return leaves;
}

bool Owns(const ManagedEntry& entry, const Pointer& leaf) {
  return entry.applied && entry.applied->contains(leaf);
}

void Remove(Json& document, const Pointer& leaf) {
  const Pointer parent = leaf.parent_pointer();
  if (!document.contains(parent) || !document.at(parent).is_object()) return;
  document.at(parent).erase(leaf.back());
}

}  // namespace

Json OwnedFields(const Json& config, ManagedEntry::Part part) {
  Json owned = config;
  owned.erase("apiVersion");
  owned.erase("kind");
  if (part == ManagedEntry::Part::kStatus) {
    const auto status = config.find("status");
    return status == config.end() ? Json::object() : Json{{"status", *status}};
  }
  owned.erase("status");
  const auto metadata = owned.find("metadata");
  if (metadata != owned.end()) {
    Json kept = Json::object();
    for (const char* key : {"labels", "annotations", "finalizers", "ownerReferences"}) {
      if (metadata->contains(key)) kept[key] = metadata->at(key);
    }
    if (kept.empty()) {
      owned.erase("metadata");
    } else {
      *metadata = std::move(kept);
    }
  }
  return owned;
}

Result<Object> ApplyTo(const Object& stored, const Json& config, std::string_view manager,
                       ApplyForce force, ManagedEntry::Part part, WallSeconds now) {
  const Json wanted = OwnedFields(config, part);
  Json document = ToJson(stored);
  std::vector<ManagedEntry> managed = stored.meta.managed;
  const auto mine = std::find_if(managed.begin(), managed.end(), [&](const ManagedEntry& entry) {
    return entry.applied && entry.manager == manager && entry.part == part;
  });
  const Json before = mine == managed.end() ? Json::object() : *mine->applied;

  const auto others_own = [&](const Pointer& leaf) {
    return std::any_of(managed.begin(), managed.end(), [&](const ManagedEntry& entry) {
      return entry.manager != manager && Owns(entry, leaf);
    });
  };
  for (const Pointer& leaf : Leaves(wanted)) {
    const bool changes = !document.contains(leaf) || document.at(leaf) != wanted.at(leaf);
    if (changes && others_own(leaf)) {
      if (force == ApplyForce::kNo) {
        return Error{ErrorCode::kConflict,
                     fmt::format("Apply failed with 1 conflict: conflict with another manager: {}",
                                 leaf.to_string())};
      }
      for (ManagedEntry& entry : managed) {  // they lose it
        if (entry.manager == manager || !Owns(entry, leaf)) continue;
        Json left = *entry.applied;
        Remove(left, leaf);
        entry.applied = Share(std::move(left));
      }
    }
    document[leaf] = wanted.at(leaf);
  }
  for (const Pointer& leaf : Leaves(before)) {
    if (!wanted.contains(leaf) && !others_own(leaf)) Remove(document, leaf);
  }
  auto applied = FromJson(InfoOf(stored.type), std::move(document));
  if (!applied) return std::move(applied).error();
  if (mine == managed.end()) {
    managed.push_back({std::string(manager), now, Share(wanted), part});
  } else if (*mine->applied != wanted) {
    mine->applied = Share(wanted);
    mine->time = now;
  }
  applied->meta.managed = std::move(managed);
  return applied;
}

}  // namespace drill::sim
