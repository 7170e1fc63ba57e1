#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gate/base/result.h"
#include "gate/base/rng.h"
#include "gate/seams/kube_api.h"
#include "harness/sim/kube/object.h"
#include "harness/sim/kube/text_index.h"
#include "harness/sim/world/world.h"

namespace drill::sim {

// One committed write.
struct Change {
  std::uint64_t version;  // resourceVersion of the write
  gate::KubeEventType type;
  ObjectPtr before;  // null when added
  ObjectPtr after;   // when deleted: its last state, with the version of the deletion
};

// Which parts of an object a write replaces.
enum class WritePart {
  kMain,    // metadata, spec and the rest; the status too where it is no subresource
  kStatus,  // only the status
};

// "rollouts \"demo\" not found", kNotFound.
gate::Error NotFound(Type type, std::string_view name);

// The state of a cluster as etcd and the API server keep it: objects, versions, optimistic
// concurrency, deletion with finalizers and grace, and the history that watches resume from.
// Synchronous: what is written is committed when the call returns, and every listener has been
// told. Clients that take time, lose answers or lack permission are in front of it (sim_kube.h,
// controllers).
//
// Writes name the `writer` (the field manager). Errors are those of KubeApi.
class ApiServer {
 public:
  explicit ApiServer(World& world);

  // --- Reading
  ObjectPtr Get(Type type, std::string_view ns, std::string_view name) const;  // null if absent
  // In order of namespace and name. `ns` empty: of all namespaces.
  std::vector<ObjectPtr> List(Type type, std::string_view ns) const;
  std::uint64_t version() const { return version_; }

  // --- Writing
  // Gives it uid, version, generation 1, creation time; `metadata.name` or `generate_name` + 5
  // drawn letters. kAlreadyExists; kNotFound if its namespace is not there; kPermissionDenied if
  // that is being deleted; kInvalidArgument for a bad name; hooks (below) may refuse.
  gate::Result<ObjectPtr> Create(std::string_view writer, Object object,
                                 std::string_view generate_name = {});

  // Replaces a part of the stored object. `next.meta.resource_version` is the version that it was
  // made from: kConflict if the stored one is another; 0 writes in any case. What the part leaves
  // out is taken from the stored object, as are uid, creation, deletion and generation, which this
  // counts, and the managers of fields if `next` names none. A write that changes nothing keeps the
  // version and tells nobody. Taking the last finalizer off an object that is being deleted deletes
  // it.
  gate::Result<ObjectPtr> Update(std::string_view writer, Object next, WritePart part);

  // Background propagation. An object with finalizers, or a pod with a grace period, is only
  // marked; `grace_seconds` 0 removes a pod at once. kNotFound; kConflict if `uid` is given and
  // another.
  gate::Result<void> Delete(std::string_view writer, Type type, std::string_view ns,
                            std::string_view name,
                            std::optional<std::int64_t> grace_seconds = std::nullopt,
                            std::string_view uid = {});

  // The last step of a namespace's deletion, when its controller has emptied it.
  void RemoveNamespace(std::string_view name);

  // --- Listening
  // Called within every committed write, in the order of registration. A listener must not write
  // from within the call: it schedules what it wants to do.
  using Listener = std::function<void(const Change&)>;
  using ListenerId = std::pair<Type, std::uint64_t>;
  ListenerId Listen(Type type, Listener listener);
  void Unlisten(ListenerId id);

  // Sees an object before it is created (`before` null) or updated, and may complete it (defaults
  // of Jobs) or refuse it (quota).
  using Hook = std::function<gate::Result<void>(const Object* before, Object& next)>;
  void AddHook(Type type, Hook hook);

  // --- History, for watches that resume
  // The changes of a type after `version`, oldest first; kGone if they are no longer all known.
  gate::Result<std::vector<Change>> Since(Type type, std::uint64_t version) const;
  // From now on watches from versions up to the present one are kGone (etcd's compaction).
  void Compact();

  static constexpr std::size_t kLongestHistory = 4096;  // changes per type
  // As in a cluster that has lived for a while: watches from before are kGone.
  static constexpr std::uint64_t kFirstVersion = 1000;

 private:
  struct Table {
    TextIndex<std::map<std::string, ObjectPtr, std::less<>>> objects;  // by namespace, name
    std::deque<Change> history;
    std::uint64_t forgotten =
        kFirstVersion;  // the version of the last change that is no longer in `history`
    std::map<std::uint64_t, Listener> listeners;  // in the order of registration
    std::vector<Hook> hooks;
  };
  Table& TableOf(Type type) { return tables_[static_cast<std::size_t>(type)]; }
  const Table& TableOf(Type type) const { return tables_[static_cast<std::size_t>(type)]; }
  WallSeconds NowSeconds() const;
  gate::Result<void> CheckNamespace(const Object& object) const;
  gate::Result<void> RunHooks(const Object* before, Object& next);
  ObjectPtr Commit(gate::KubeEventType type, ObjectPtr before, Object after);
  void Erase(const ObjectPtr& stored);
  std::string NewUid();

  World& world_;
  gate::Rng rng_;
  std::uint64_t version_ = kFirstVersion;
  std::uint64_t next_listener_ = 0;
  std::array<Table, kTypes> tables_;
};

}  // namespace drill::sim
