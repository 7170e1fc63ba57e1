#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gate/base/result.h"
#include "gate/base/strict_json.h"
#include "gate/base/time.h"
#include "gate/seams/kube_api.h"

namespace drill::sim {

// The resource types that the model serves.
enum class Type : std::uint8_t {
  kNamespace,
  kConfigMap,
  kSecret,
  kServiceAccount,
  kService,
  kPod,
  kEvent,
  kResourceQuota,
  kLease,
  kReplicaSet,
  kDeployment,
  kJob,
  kRole,
  kRoleBinding,
  kRollout,
  kAnalysisRun,
  kAnalysisTemplate,
  kClusterAnalysisTemplate,
  kGateOverride,
};
inline constexpr std::size_t kTypes = 19;

struct TypeInfo {
  Type type;
  gate::KubeResource resource;
  std::string_view kind;
  enum class Scope { kNamespaced, kCluster } scope;
  enum class Status { kNone, kSubresource } status;      // kNone: written with the rest (argo R48)
  enum class Generation { kNone, kCounted } generation;  // metadata.generation
};
const TypeInfo& InfoOf(Type type);
// Nothing if the model does not serve it.
const TypeInfo* FindType(const gate::KubeResource& resource);
const TypeInfo* FindKind(std::string_view api_version, std::string_view kind);

using WallSeconds = std::chrono::sys_seconds;

struct OwnerReference {
  std::string api_version;
  std::string kind;
  std::string name;
  std::string uid;
  bool controller = true;
  bool operator==(const OwnerReference&) const = default;
};

// Who wrote the object last, and what a manager applied (server-side apply).
struct ManagedEntry {
  std::string manager;
  WallSeconds time;
  std::shared_ptr<const gate::Json> applied;  // the fields it owns by Apply; null: by other writes
  enum class Part { kMain, kStatus } part = Part::kMain;
};

using StringMap = std::map<std::string, std::string, std::less<>>;

struct Meta {
  std::string ns;  // empty for cluster-scoped types
  std::string name;
  std::string uid;
  std::uint64_t resource_version = 0;
  std::int64_t generation = 0;
  WallSeconds created{};
  std::optional<WallSeconds> deleted;  // deletionTimestamp: on its way out
  std::optional<std::int64_t> deletion_grace_seconds;
  StringMap labels;
  StringMap annotations;
  std::vector<OwnerReference> owners;
  std::vector<std::string> finalizers;
  std::vector<ManagedEntry> managed;

  // "" if there is none.
  const std::string& Label(std::string_view name) const;
  const std::string& Annotation(std::string_view name) const;
  // The owner that controls it, if one does.
  const OwnerReference* Controller() const;
};

// One stored object. Never changed: a write makes another one that shares what stayed the same.
struct Object {
  Type type;
  Meta meta;
  std::shared_ptr<const gate::Json> spec;    // null if absent
  std::shared_ptr<const gate::Json> status;  // null if absent
  std::shared_ptr<const gate::Json>
      rest;  // the other top-level fields (data, rules, ...); null: none
};
using ObjectPtr = std::shared_ptr<const Object>;
// By namespace, then by name.
bool ByName(const ObjectPtr& a, const ObjectPtr& b);

// Never null: an empty object stands for what is absent.
const gate::Json& SpecOf(const Object& object);
const gate::Json& StatusOf(const Object& object);
const gate::Json& RestOf(const Object& object);

// An object as the API serves it, and back. What a client may not set (uid, resourceVersion,
// creationTimestamp, managedFields, ...) is read too: the server decides what to do with it.
// Errors: kInvalidArgument.
gate::Json ToJson(const Object& object);
gate::Result<Object> FromJson(const TypeInfo& info, gate::Json json);

std::string FormatSeconds(WallSeconds time);  // as the API writes times: RFC 3339, whole seconds
std::optional<WallSeconds> ParseSeconds(std::string_view text);

std::shared_ptr<const gate::Json> Share(gate::Json json);

}  // namespace drill::sim
