#include "harness/sim/kube/api_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "gate/base/check.h"
#include "harness/sim/kube/admission.h"

namespace drill::sim {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::KubeEventType;
using gate::Result;

std::string Describe(Type type, std::string_view name) {
  return fmt::format("{} \"{}\"", InfoOf(type).resource.plural, name);
}

// A DNS subdomain (RFC 1123), as the names of almost all objects must be. Roles may be otherwise.
bool IsName(std::string_view name) {
  constexpr std::size_t kLongestName = 253;
  if (name.empty() || name.size() > kLongestName) return false;
  const auto is_alphanumeric = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  };
  if (!is_alphanumeric(name.front()) || !is_alphanumeric(name.back())) return false;
  return std::all_of(name.begin(), name.end(),
                     [&](char c) { return is_alphanumeric(c) || c == '-' || c == '.'; });
}

bool Same(const std::shared_ptr<const gate::Json>& a, const std::shared_ptr<const gate::Json>& b) {
  if (a == b) return true;
  return a && b && *a == *b;
}

bool SameMeta(const Meta& a, const Meta& b) {
  return a.labels == b.labels && a.annotations == b.annotations && a.owners == b.owners &&
         a.finalizers == b.finalizers;
}

// The fields that `manager` owns by Apply.
const ManagedEntry* FindApplied(const Meta& meta, std::string_view manager,
                                ManagedEntry::Part part) {
  const auto found =
      std::find_if(meta.managed.begin(), meta.managed.end(), [&](const ManagedEntry& entry) {
        return entry.applied && entry.manager == manager && entry.part == part;
      });
  return found == meta.managed.end() ? nullptr : &*found;
}

void NoteWriter(Meta& meta, std::string_view writer, WallSeconds now, ManagedEntry::Part part) {
  for (ManagedEntry& entry : meta.managed) {
    if (!entry.applied && entry.manager == writer && entry.part == part) {
      entry.time = now;
      return;
    }
  }
  meta.managed.push_back({std::string(writer), now, nullptr, part});
}

// True if Apply noted other fields for some manager than are stored.
bool SameApplied(const Meta& a, const Meta& b) {
  const auto covers = [](const Meta& one, const Meta& other) {
    return std::all_of(one.managed.begin(), one.managed.end(), [&](const ManagedEntry& entry) {
      if (!entry.applied) return true;
      const ManagedEntry* found = FindApplied(other, entry.manager, entry.part);
      return found != nullptr && *found->applied == *entry.applied;
    });
  };
  return covers(a, b) && covers(b, a);
}

}  // namespace

Error NotFound(Type type, std::string_view name) {
  return {ErrorCode::kNotFound, Describe(type, name) + " not found"};
}

ApiServer::ApiServer(World& world) : world_(world), rng_(world.Stream("api-server")) {
  AddAdmission(*this);
}

WallSeconds ApiServer::NowSeconds() const {
  return std::chrono::floor<std::chrono::seconds>(world_.WallNow());
}

std::string ApiServer::NewUid() {
  const std::uint64_t a = rng_.Next();
  const std::uint64_t b = rng_.Next();
  // The form of a random UUID (RFC 9562 version 4).
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}", a >> 32U, (a >> 16U) & 0xFFFFU,
                     a & 0xFFFU, 0x8000U | ((b >> 48U) & 0x3FFFU), b & 0xFFFFFFFFFFFFU);
}

ObjectPtr ApiServer::Get(Type type, std::string_view ns, std::string_view name) const {
  const auto& objects = TableOf(type).objects;
  const auto space = objects.find(ns);
  if (space == objects.end()) return nullptr;
  const auto found = space->second.find(name);
  return found == space->second.end() ? nullptr : found->second;
}

std::vector<ObjectPtr> ApiServer::List(Type type, std::string_view ns) const {
  std::vector<ObjectPtr> found;
  const auto& objects = TableOf(type).objects;
  const auto add = [&found](const auto& space) {
    for (const auto& [name, object] : space) found.push_back(object);
  };
  if (!ns.empty()) {
    if (const auto space = objects.find(ns); space != objects.end()) add(space->second);
    return found;
  }
  for (const auto& [name, space] : objects) add(space);
  std::sort(found.begin(), found.end(), ByName);
  return found;
}

Result<void> ApiServer::CheckNamespace(const Object& object) const {
  if (InfoOf(object.type).scope == TypeInfo::Scope::kCluster) {
    GATE_CHECK(object.meta.ns.empty());
    return {};
  }
  const ObjectPtr ns = Get(Type::kNamespace, "", object.meta.ns);
  if (!ns) return NotFound(Type::kNamespace, object.meta.ns);
  if (ns->meta.deleted) {
    return Error{
        ErrorCode::kPermissionDenied,
        fmt::format("{} is forbidden: unable to create new content in namespace {} because "
                    "it is being terminated",
                    Describe(object.type, object.meta.name), object.meta.ns)};
  }
  return {};
}

Result<void> ApiServer::RunHooks(const Object* before, Object& next) {
  for (const Hook& hook : TableOf(next.type).hooks) {
    if (auto accepted = hook(before, next); !accepted) return accepted;
  }
  return {};
}

ObjectPtr ApiServer::Commit(KubeEventType type, ObjectPtr before, Object after) {
  after.meta.resource_version = ++version_;
  auto committed = std::make_shared<const Object>(std::move(after));
  Table& table = TableOf(committed->type);
  if (type == KubeEventType::kDeleted) {
    const auto space = table.objects.find(committed->meta.ns);
    space->second.erase(committed->meta.name);
    if (space->second.empty()) table.objects.erase(space);
  } else {
    table.objects[committed->meta.ns][committed->meta.name] = committed;
  }
  TraceHash& trace = world_.trace();
  trace.Add(static_cast<std::uint64_t>(world_.Now().time_since_epoch().count()));
  trace.Add((static_cast<std::uint64_t>(committed->type) << 8U) | static_cast<std::uint64_t>(type));
  trace.Add(committed->meta.name);
  trace.Add(version_);
  table.history.push_back({version_, type, std::move(before), committed});
  if (table.history.size() > kLongestHistory) {
    table.forgotten = table.history.front().version;
    table.history.pop_front();
  }
  const Change change = table.history.back();
  for (const auto& [id, listener] : table.listeners) listener(change);
  return committed;
}

Result<ObjectPtr> ApiServer::Create(std::string_view writer, Object object,
                                    std::string_view generate_name) {
  if (object.meta.name.empty() && !generate_name.empty()) {
    constexpr std::string_view kLetters =
        "bcdfghjklmnpqrstvwxz2456789";  // as Kubernetes draws them
    object.meta.name = generate_name;
    for (int i = 0; i < 5; ++i) object.meta.name += kLetters[rng_.Below(kLetters.size())];
  }
  const bool free_name = object.type == Type::kRole || object.type == Type::kRoleBinding;
  if (!free_name && !IsName(object.meta.name)) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("metadata.name: Invalid value: \"{}\": a lowercase RFC 1123 subdomain "
                             "must consist of lower case alphanumeric characters, '-' or '.'",
                             object.meta.name)};
  }
  if (auto checked = CheckNamespace(object); !checked) return std::move(checked).error();
  if (Get(object.type, object.meta.ns, object.meta.name)) {
    return Error{ErrorCode::kAlreadyExists,
                 Describe(object.type, object.meta.name) + " already exists"};
  }
  if (auto accepted = RunHooks(nullptr, object); !accepted) return std::move(accepted).error();
  const TypeInfo& info = InfoOf(object.type);
  Meta& meta = object.meta;
  meta.uid = NewUid();
  meta.created = NowSeconds();
  meta.deleted.reset();
  meta.deletion_grace_seconds.reset();
  meta.generation = info.generation == TypeInfo::Generation::kCounted ? 1 : 0;
  if (info.status == TypeInfo::Status::kSubresource) {
    object.status = nullptr;  // only ever set through the subresource
  }
  if (object.type == Type::kNamespace) object.status = Share({{"phase", "Active"}});
  if (meta.managed.empty()) NoteWriter(meta, writer, meta.created, ManagedEntry::Part::kMain);
  return Commit(KubeEventType::kAdded, nullptr, std::move(object));
}

Result<ObjectPtr> ApiServer::Update(std::string_view writer, Object next, WritePart part) {
  const ObjectPtr stored = Get(next.type, next.meta.ns, next.meta.name);
  if (!stored || (!next.meta.uid.empty() && next.meta.uid != stored->meta.uid)) {
    return NotFound(next.type, next.meta.name);
  }
  if (next.meta.resource_version != 0 &&
      next.meta.resource_version != stored->meta.resource_version) {
    return Error{ErrorCode::kConflict,
                 fmt::format("Operation cannot be fulfilled on {}: the object has been modified; "
                             "please apply your changes to the latest version and try again",
                             Describe(next.type, next.meta.name))};
  }
  const TypeInfo& info = InfoOf(next.type);
  Object merged = *stored;
  const bool has_subresource = info.status == TypeInfo::Status::kSubresource;
  if (part == WritePart::kMain) {
    merged.spec = std::move(next.spec);
    merged.rest = std::move(next.rest);
    merged.meta.labels = std::move(next.meta.labels);
    merged.meta.annotations = std::move(next.meta.annotations);
    merged.meta.owners = std::move(next.meta.owners);
    merged.meta.finalizers = std::move(next.meta.finalizers);
  }
  if (part == WritePart::kStatus || !has_subresource) merged.status = std::move(next.status);
  if (!next.meta.managed.empty()) merged.meta.managed = std::move(next.meta.managed);
  if (auto accepted = RunHooks(stored.get(), merged); !accepted) return std::move(accepted).error();

  const bool same_spec = Same(merged.spec, stored->spec) && Same(merged.rest, stored->rest);
  const bool same_status = Same(merged.status, stored->status);
  if (same_spec && same_status && SameMeta(merged.meta, stored->meta) &&
      SameApplied(merged.meta, stored->meta)) {
    return stored;
  }
  if (info.generation == TypeInfo::Generation::kCounted &&
      (!same_spec || (!has_subresource && !same_status))) {
    ++merged.meta.generation;
  }
  const bool by_apply = !SameApplied(merged.meta, stored->meta);
  if (!by_apply) {
    NoteWriter(
        merged.meta, writer, NowSeconds(),
        part == WritePart::kStatus ? ManagedEntry::Part::kStatus : ManagedEntry::Part::kMain);
  }
  if (merged.meta.deleted && merged.meta.finalizers.empty() && !stored->meta.finalizers.empty() &&
      !merged.meta.deletion_grace_seconds) {
    const ObjectPtr last = Commit(KubeEventType::kModified, stored, std::move(merged));
    Erase(last);
    return last;
  }
  return Commit(KubeEventType::kModified, stored, std::move(merged));
}

void ApiServer::Erase(const ObjectPtr& stored) { Commit(KubeEventType::kDeleted, stored, *stored); }

Result<void> ApiServer::Delete(std::string_view writer, Type type, std::string_view ns,
                               std::string_view name, std::optional<std::int64_t> grace_seconds,
                               std::string_view uid) {
  const ObjectPtr stored = Get(type, ns, name);
  if (!stored) return NotFound(type, name);
  if (!uid.empty() && uid != stored->meta.uid) {
    return Error{ErrorCode::kConflict, Describe(type, name) + " is another one by now"};
  }
  std::int64_t grace = 0;
  if (type == Type::kPod) {
    const bool running = !gate::JsonString(SpecOf(*stored), "/nodeName").empty();
    constexpr std::int64_t kDefaultGrace = 30;
    grace = !running ? 0
                     : grace_seconds.value_or(gate::JsonInt(
                           SpecOf(*stored), "/terminationGracePeriodSeconds", kDefaultGrace));
  }
  const bool is_namespace = type == Type::kNamespace;  // emptied by its controller first
  if (stored->meta.finalizers.empty() && grace == 0 && !is_namespace) {
    Erase(stored);
    return {};
  }
  if (stored->meta.deleted && (type != Type::kPod || grace_seconds.value_or(grace) != 0)) return {};
  Object marked = *stored;
  // A pod's time is that of its end (deletionTimestamp lies in the future by the grace).
  marked.meta.deleted = NowSeconds() + std::chrono::seconds(grace);
  if (type == Type::kPod) marked.meta.deletion_grace_seconds = grace;
  if (is_namespace) marked.status = Share({{"phase", "Terminating"}});
  if (InfoOf(type).generation == TypeInfo::Generation::kCounted) ++marked.meta.generation;
  NoteWriter(marked.meta, writer, NowSeconds(), ManagedEntry::Part::kMain);
  Commit(KubeEventType::kModified, stored, std::move(marked));
  return {};
}

void ApiServer::RemoveNamespace(std::string_view name) {
  const ObjectPtr stored = Get(Type::kNamespace, "", name);
  if (stored && stored->meta.deleted) Erase(stored);
}

ApiServer::ListenerId ApiServer::Listen(Type type, Listener listener) {
  TableOf(type).listeners.emplace(next_listener_, std::move(listener));
  return {type, next_listener_++};
}

void ApiServer::Unlisten(ListenerId id) { TableOf(id.first).listeners.erase(id.second); }

void ApiServer::AddHook(Type type, Hook hook) { TableOf(type).hooks.push_back(std::move(hook)); }

Result<std::vector<Change>> ApiServer::Since(Type type, std::uint64_t version) const {
  const Table& table = TableOf(type);
  if (version < table.forgotten) {
    return Error{ErrorCode::kGone,
                 fmt::format("too old resource version: {} ({})", version, table.forgotten)};
  }
  const auto first =
      std::upper_bound(table.history.begin(), table.history.end(), version,
                       [](std::uint64_t v, const Change& change) { return v < change.version; });
  return std::vector<Change>(first, table.history.end());
}

void ApiServer::Compact() {
  // What is known from now on begins after the present version: an older place is gone.
  for (Table& table : tables_) {
    table.history.clear();
    table.forgotten = version_ + 1;
  }
  ++version_;
}

}  // namespace drill::sim
