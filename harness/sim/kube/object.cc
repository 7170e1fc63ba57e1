#include "harness/sim/kube/object.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "gate/base/check.h"

namespace drill::sim {
namespace {

using gate::Json;
using gate::Result;
using Scope = TypeInfo::Scope;
using Status = TypeInfo::Status;
using Generation = TypeInfo::Generation;

constexpr Scope kIn = Scope::kNamespaced;
constexpr Status kSub = Status::kSubresource;

const std::array<TypeInfo, kTypes>& Table() {
  static const std::array<TypeInfo, kTypes> kTable{{
      {Type::kNamespace,
       {"", "v1", "namespaces"},
       "Namespace",
       Scope::kCluster,
       kSub,
       Generation::kNone},
      {Type::kConfigMap,
       {"", "v1", "configmaps"},
       "ConfigMap",
       kIn,
       Status::kNone,
       Generation::kNone},
      {Type::kSecret, {"", "v1", "secrets"}, "Secret", kIn, Status::kNone, Generation::kNone},
      {Type::kServiceAccount,
       {"", "v1", "serviceaccounts"},
       "ServiceAccount",
       kIn,
       Status::kNone,
       Generation::kNone},
      {Type::kService, {"", "v1", "services"}, "Service", kIn, kSub, Generation::kNone},
      {Type::kPod, {"", "v1", "pods"}, "Pod", kIn, kSub, Generation::kNone},
      {Type::kEvent, {"", "v1", "events"}, "Event", kIn, Status::kNone, Generation::kNone},
      {Type::kResourceQuota,
       {"", "v1", "resourcequotas"},
       "ResourceQuota",
       kIn,
       kSub,
       Generation::kNone},
      {Type::kLease,
       {"coordination.k8s.io", "v1", "leases"},
       "Lease",
       kIn,
       Status::kNone,
       Generation::kNone},
      {Type::kReplicaSet,
       {"apps", "v1", "replicasets"},
       "ReplicaSet",
       kIn,
       kSub,
       Generation::kCounted},
      {Type::kDeployment,
       {"apps", "v1", "deployments"},
       "Deployment",
       kIn,
       kSub,
       Generation::kCounted},
      {Type::kJob, {"batch", "v1", "jobs"}, "Job", kIn, kSub, Generation::kCounted},
      {Type::kRole,
       {"rbac.authorization.k8s.io", "v1", "roles"},
       "Role",
       kIn,
       Status::kNone,
       Generation::kNone},
      {Type::kRoleBinding,
       {"rbac.authorization.k8s.io", "v1", "rolebindings"},
       "RoleBinding",
       kIn,
       Status::kNone,
       Generation::kNone},
      {Type::kRollout,
       {"argoproj.io", "v1alpha1", "rollouts"},
       "Rollout",
       kIn,
       kSub,
       Generation::kCounted},
      // No status subresource (argo R48): its generation counts changes of the status, too.
      {Type::kAnalysisRun,
       {"argoproj.io", "v1alpha1", "analysisruns"},
       "AnalysisRun",
       kIn,
       Status::kNone,
       Generation::kCounted},
      {Type::kAnalysisTemplate,
       {"argoproj.io", "v1alpha1", "analysistemplates"},
       "AnalysisTemplate",
       kIn,
       Status::kNone,
       Generation::kCounted},
      {Type::kClusterAnalysisTemplate,
       {"argoproj.io", "v1alpha1", "clusteranalysistemplates"},
       "ClusterAnalysisTemplate",
       Scope::kCluster,
       Status::kNone,
       Generation::kCounted},
      {Type::kGateOverride,
       {"rollout-gate.io", "v1alpha1", "gateoverrides"},
       "GateOverride",
       kIn,
       Status::kNone,
       Generation::kCounted},
  }};
  return kTable;
}

const std::string kEmpty;
const Json kEmptyObject = Json::object();

Json ToJson(const StringMap& map) {
  Json json = Json::object();
  for (const auto& [key, value] : map) json[key] = value;
  return json;
}

Json ToJson(const OwnerReference& owner) {
  return {{"apiVersion", owner.api_version},
          {"kind", owner.kind},
          {"name", owner.name},
          {"uid", owner.uid},
          {"controller", owner.controller},
          {"blockOwnerDeletion", owner.controller}};
}

Json ToJson(const ManagedEntry& entry) {
  Json json = {{"manager", entry.manager},
               {"operation", entry.applied ? "Apply" : "Update"},
               {"time", FormatSeconds(entry.time)}};
  if (entry.part == ManagedEntry::Part::kStatus) json["subresource"] = "status";
  return json;
}

Json MetaToJson(const TypeInfo& info, const Meta& meta) {
  Json json = {{"name", meta.name},
               {"uid", meta.uid},
               {"resourceVersion", std::to_string(meta.resource_version)},
               {"creationTimestamp", FormatSeconds(meta.created)}};
  if (!meta.ns.empty()) json["namespace"] = meta.ns;
  if (info.generation == Generation::kCounted) json["generation"] = meta.generation;
  if (meta.deleted) json["deletionTimestamp"] = FormatSeconds(*meta.deleted);
  if (meta.deletion_grace_seconds) {
    json["deletionGracePeriodSeconds"] = *meta.deletion_grace_seconds;
  }
  if (!meta.labels.empty()) json["labels"] = ToJson(meta.labels);
  if (!meta.annotations.empty()) json["annotations"] = ToJson(meta.annotations);
  if (!meta.finalizers.empty()) json["finalizers"] = meta.finalizers;
  for (const OwnerReference& owner : meta.owners) json["ownerReferences"].push_back(ToJson(owner));
  for (const ManagedEntry& entry : meta.managed) json["managedFields"].push_back(ToJson(entry));
  return json;
}

Result<StringMap> ReadStringMap(const Json& meta, const char* key) {
  StringMap map;
  const auto found = meta.find(key);
  if (found == meta.end() || found->is_null()) return map;
  if (!found->is_object()) {
    return gate::InvalidArgument(std::string("metadata.") + key + ": must be a map");
  }
  for (const auto& [name, value] : found->get_ref<const Json::object_t&>()) {
    if (!value.is_string()) {
      return gate::InvalidArgument(std::string("metadata.") + key + "." + name +
                                   ": must be a string");
    }
    map[name] = value.get<std::string>();
  }
  return map;
}

std::vector<OwnerReference> ReadOwners(const Json& meta) {
  std::vector<OwnerReference> owners;
  const auto found = meta.find("ownerReferences");
  if (found == meta.end() || !found->is_array()) return owners;
  for (const Json& owner : *found) {
    const auto controller = owner.find("controller");
    owners.push_back({gate::JsonString(owner, "/apiVersion"), gate::JsonString(owner, "/kind"),
                      gate::JsonString(owner, "/name"), gate::JsonString(owner, "/uid"),
                      controller != owner.end() && *controller == true});
  }
  return owners;
}

Result<Meta> ReadMeta(const Json& json) {
  if (!json.is_object()) return gate::InvalidArgument("metadata: must be an object");
  Meta meta;
  meta.name = gate::JsonString(json, "/name");
  meta.ns = gate::JsonString(json, "/namespace");
  meta.uid = gate::JsonString(json, "/uid");
  const std::string version = gate::JsonString(json, "/resourceVersion");
  if (!version.empty()) {
    if (version.size() > 18 ||
        !std::all_of(version.begin(), version.end(), [](char c) { return c >= '0' && c <= '9'; })) {
      return gate::InvalidArgument("metadata.resourceVersion: \"" + version + "\" is none");
    }
    meta.resource_version = std::stoull(version);
  }
  meta.generation = gate::JsonInt(json, "/generation");
  auto labels = ReadStringMap(json, "labels");
  if (!labels) return std::move(labels).error();
  meta.labels = *std::move(labels);
  auto annotations = ReadStringMap(json, "annotations");
  if (!annotations) return std::move(annotations).error();
  meta.annotations = *std::move(annotations);
  meta.owners = ReadOwners(json);
  if (const auto found = json.find("finalizers"); found != json.end() && found->is_array()) {
    for (const Json& finalizer : *found) {
      if (finalizer.is_string()) meta.finalizers.push_back(finalizer.get<std::string>());
    }
  }
  return meta;
}

}  // namespace

const TypeInfo& InfoOf(Type type) {
  const TypeInfo& info = Table()[static_cast<std::size_t>(type)];
  GATE_CHECK(info.type == type);
  return info;
}

const TypeInfo* FindType(const gate::KubeResource& resource) {
  const auto found = std::find_if(Table().begin(), Table().end(),
                                  [&](const TypeInfo& info) { return info.resource == resource; });
  return found == Table().end() ? nullptr : &*found;
}

const TypeInfo* FindKind(std::string_view api_version, std::string_view kind) {
  const auto found = std::find_if(Table().begin(), Table().end(), [&](const TypeInfo& info) {
    return info.kind == kind && info.resource.ApiVersion() == api_version;
  });
  return found == Table().end() ? nullptr : &*found;
}

const std::string& Meta::Label(std::string_view label) const {
  const auto found = labels.find(label);
  return found == labels.end() ? kEmpty : found->second;
}

const std::string& Meta::Annotation(std::string_view annotation) const {
  const auto found = annotations.find(annotation);
  return found == annotations.end() ? kEmpty : found->second;
}

const OwnerReference* Meta::Controller() const {
  const auto found = std::find_if(owners.begin(), owners.end(),
                                  [](const OwnerReference& owner) { return owner.controller; });
  return found == owners.end() ? nullptr : &*found;
}

const Json& SpecOf(const Object& object) { return object.spec ? *object.spec : kEmptyObject; }
const Json& StatusOf(const Object& object) { return object.status ? *object.status : kEmptyObject; }
const Json& RestOf(const Object& object) { return object.rest ? *object.rest : kEmptyObject; }

Json ToJson(const Object& object) {
  const TypeInfo& info = InfoOf(object.type);
  Json json = RestOf(object);
  json["apiVersion"] = info.resource.ApiVersion();
  json["kind"] = info.kind;
  json["metadata"] = MetaToJson(info, object.meta);
  if (object.spec) json["spec"] = *object.spec;
  if (object.status) json["status"] = *object.status;
  return json;
}

Result<Object> FromJson(const TypeInfo& info, Json json) {
  if (!json.is_object()) return gate::InvalidArgument("an object must be a map");
  const std::string api_version = gate::JsonString(json, "/apiVersion");
  const std::string kind = gate::JsonString(json, "/kind");
  if (api_version != info.resource.ApiVersion() || kind != info.kind) {
    return gate::InvalidArgument("the object is a " + api_version + " " + kind + ", not a " +
                                 info.resource.ApiVersion() + " " + std::string(info.kind));
  }
  const auto metadata = json.find("metadata");
  auto meta = ReadMeta(metadata == json.end() ? kEmptyObject : *metadata);
  if (!meta) return std::move(meta).error();
  Object object{info.type, *std::move(meta), nullptr, nullptr, nullptr};
  Json rest = Json::object();
  for (auto& [key, value] : json.get_ref<Json::object_t&>()) {
    if (key == "apiVersion" || key == "kind" || key == "metadata" || value.is_null()) continue;
    if (key == "spec") {
      object.spec = Share(std::move(value));
    } else if (key == "status") {
      object.status = Share(std::move(value));
    } else {
      rest[key] = std::move(value);
    }
  }
  if (!rest.empty()) object.rest = Share(std::move(rest));
  return object;
}

// By hand: every status carries some, and this is most of what writing one would cost.
std::string FormatSeconds(WallSeconds time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const auto second_of_day = static_cast<unsigned>((time - day).count());
  std::string text = "0000-00-00T00:00:00Z";
  const auto put = [&text](std::size_t end, unsigned value) {
    for (; value > 0; value /= 10) text[--end] = static_cast<char>('0' + value % 10);
  };
  put(4, static_cast<unsigned>(static_cast<int>(date.year())));
  put(7, static_cast<unsigned>(date.month()));
  put(10, static_cast<unsigned>(date.day()));
  put(13, second_of_day / 3600);
  put(16, second_of_day / 60 % 60);
  put(19, second_of_day % 60);
  return text;
}

std::optional<WallSeconds> ParseSeconds(std::string_view text) {
  const auto time = gate::ParseRfc3339(text);
  if (!time) return std::nullopt;
  return std::chrono::floor<std::chrono::seconds>(*time);
}

std::shared_ptr<const Json> Share(Json json) {
  return std::make_shared<const Json>(std::move(json));
}

bool ByName(const ObjectPtr& a, const ObjectPtr& b) {
  return std::tie(a->meta.ns, a->meta.name) < std::tie(b->meta.ns, b->meta.name);
}

}  // namespace drill::sim
