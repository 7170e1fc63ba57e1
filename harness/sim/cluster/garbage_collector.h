#pragma once

#include <compare>
#include <set>
#include <string>

#include "harness/sim/cluster/options.h"
#include "harness/sim/kube/api_server.h"
#include "harness/sim/kube/text_index.h"
#include "harness/sim/world/world.h"

namespace drill::sim {

// Deletes what lost all its owners, and lets an object that is deleted in the foreground (finalizer
// foregroundDeletion) go when nothing that it owns is left. Every owner reference counts as one
// with blockOwnerDeletion. Owners of types that are not served count as there.
class GarbageCollector {
 public:
  GarbageCollector(World& world, ApiServer& server, const ClusterOptions& options);
  GarbageCollector(const GarbageCollector&) = delete;
  GarbageCollector& operator=(const GarbageCollector&) = delete;

 private:
  struct Ref {
    Type type;
    std::string ns;
    std::string name;
    auto operator<=>(const Ref&) const = default;
  };
  enum class OwnerState { kSolid, kAbsent, kWaiting };  // kWaiting: deleted in the foreground

  void OnChange(const Change& change);
  void Note(const Object& object);
  void Forget(const Object& object);
  ObjectPtr FindOwner(const OwnerReference& owner, const std::string& ns) const;
  OwnerState StateOf(const OwnerReference& owner, const std::string& ns) const;
  void Later(std::function<void()> what);
  void ExamineAll(const std::string& owner_uid);
  void Examine(const Ref& ref);
  void ReleaseIfBare(const Ref& owner);

  World& world_;
  ApiServer& server_;
  const ClusterOptions& options_;
  gate::Rng rng_;
  TextIndex<std::set<Ref>> dependants_;  // by the owner's uid
};

}  // namespace drill::sim
