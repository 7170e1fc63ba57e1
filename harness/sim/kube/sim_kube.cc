#include "harness/sim/kube/sim_kube.h"

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <utility>

#include "harness/sim/kube/apply.h"
#include "harness/sim/kube/gate_overrides.h"
#include "harness/sim/world/fiber.h"

namespace drill::sim {
namespace {

using gate::Deadline;
using gate::Error;
using gate::ErrorCode;
using gate::Json;
using gate::KubeEventType;
using gate::KubeSubresource;
using gate::Result;
using gate::WaitResult;
using Moment = Process::Moment;

constexpr gate::Nanos kBookmarkInterval = std::chrono::minutes(1);
// As the real client asks for, and how long it waits for more than that.
constexpr gate::Nanos kLongestWatch = std::chrono::minutes(5);
constexpr gate::Nanos kWatchGrace = std::chrono::seconds(30);

Error Dead() { return {ErrorCode::kCancelled, "the process was killed"}; }

// What a change means for a watch with a selector.
std::optional<KubeEventType> Seen(const Change& change, const Selector& selector) {
  const bool before = change.before && selector.Matches(*change.before);
  const bool after = change.type != KubeEventType::kDeleted && selector.Matches(*change.after);
  if (after) return before ? KubeEventType::kModified : KubeEventType::kAdded;
  if (before) return KubeEventType::kDeleted;
  return std::nullopt;
}

}  // namespace

SimKube::SimKube(Process& process, ApiServer& server, const ApiWeather& weather, Identity identity,
                 std::string user_agent)
    : process_(process),
      server_(server),
      weather_(weather),
      identity_(std::move(identity)),
      user_agent_(std::move(user_agent)),
      rng_(process.world().Stream("kube-client/" + process.name())) {}

// One way through the network.
Result<void> SimKube::Travel(const Deadline& deadline) {
  const gate::Instant there = process_.world().Now() + weather_.OneWay().Draw(rng_);
  Gate nobody(process_.world());
  if (nobody.Wait({std::min(there, deadline.at), deadline.stop}) == WaitResult::kStopped) {
    return Error{ErrorCode::kCancelled, "stopped"};
  }
  if (there > deadline.at) return Error{ErrorCode::kDeadlineExceeded, "deadline passed"};
  return {};
}

// Who gets no answer waits for it until the deadline.
Error SimKube::Fail(Error error, const Deadline& deadline) {
  if (error.code != ErrorCode::kDeadlineExceeded) return error;
  Gate nobody(process_.world());
  if (nobody.Wait(deadline) == WaitResult::kStopped) return {ErrorCode::kCancelled, "stopped"};
  return error;
}

template <typename T>
Result<T> SimKube::Call(std::string_view name, CallKind kind, const Deadline& deadline,
                        const std::function<Result<T>()>& act) {
  if (!process_.AtSeam(name, Moment::kBefore)) return Dead();
  Result<T> result = [&]() -> Result<T> {
    if (deadline.stop.stop_requested()) return Error{ErrorCode::kCancelled, "stopped"};
    if (auto there = Travel(deadline); !there) return std::move(there).error();
    if (auto refused = DrawRefusal(weather_, kind, process_.world().Now(), rng_)) {
      return Fail(*std::move(refused), deadline);
    }
    Result<T> done = act();
    if (auto lost = DrawLostAnswer(weather_, kind, rng_)) return Fail(*std::move(lost), deadline);
    if (auto back = Travel(deadline); !back) return std::move(back).error();
    return done;
  }();
  if (!process_.AtSeam(name, Moment::kAfter)) return Dead();
  return result;
}

Result<SimKube::Target> SimKube::Resolve(std::string_view verb, const gate::KubeResource& resource,
                                         KubeSubresource subresource, const std::string& ns,
                                         const std::string& name) const {
  const TypeInfo* info = FindType(resource);
  const bool status = subresource == KubeSubresource::kStatus;
  if (info == nullptr || (status && info->status != TypeInfo::Status::kSubresource)) {
    return Error{ErrorCode::kNotFound, "the server could not find the requested resource " +
                                           resource.plural + (status ? "/status" : "")};
  }
  auto allowed =
      Authorize(server_, identity_,
                {verb, info->type, status ? Access::Part::kStatus : Access::Part::kMain, ns, name});
  if (!allowed) return std::move(allowed).error();
  return Target{info, status ? WritePart::kStatus : WritePart::kMain};
}

Result<Json> SimKube::Get(const gate::KubeRef& ref, const Deadline& deadline) {
  return Call<Json>("kube.get", CallKind::kRead, deadline, [&]() -> Result<Json> {
    const auto target = Resolve("get", ref.resource, KubeSubresource::kNone, ref.ns, ref.name);
    if (!target) return target.error();
    const ObjectPtr stored = server_.Get(target->info->type, ref.ns, ref.name);
    if (stored) return ToJson(*stored);
    return NotFound(target->info->type, ref.name);
  });
}

// The state at `version`: the present one with the later changes taken back.
gate::KubeList SimKube::ListNow(Type type, const std::string& ns, const Selector& selector,
                                std::uint64_t version) const {
  std::map<std::pair<std::string, std::string>, ObjectPtr> objects;
  for (const ObjectPtr& object : server_.List(type, ns)) {
    objects[{object->meta.ns, object->meta.name}] = object;
  }
  const auto later = server_.Since(type, version);
  if (later) {
    for (auto change = later->rbegin(); change != later->rend(); ++change) {
      const Meta& meta = change->after->meta;
      if (!ns.empty() && meta.ns != ns) continue;
      if (change->before) {
        objects[{meta.ns, meta.name}] = change->before;
      } else {
        objects.erase({meta.ns, meta.name});
      }
    }
  }
  gate::KubeList list;
  list.resource_version = std::to_string(later ? version : server_.version());
  for (const auto& [key, object] : objects) {
    if (selector.Matches(*object)) list.items.push_back(ToJson(*object));
  }
  return list;
}

Result<gate::KubeList> SimKube::List(const gate::KubeResource& resource, const std::string& ns,
                                     const gate::KubeSelector& selector, const Deadline& deadline) {
  return Call<gate::KubeList>(
      "kube.list", CallKind::kRead, deadline, [&]() -> Result<gate::KubeList> {
        const auto target = Resolve("list", resource, KubeSubresource::kNone, ns, "");
        if (!target) return target.error();
        auto parsed = Selector::Parse(selector);
        if (!parsed) return std::move(parsed).error();
        std::uint64_t version = server_.version();
        if (DrawShare(rng_, weather_.stale_list_ppm)) {
          version -= std::min(version - 1, rng_.Below(kMostStale));
        }
        return ListNow(target->info->type, ns, *parsed, version);
      });
}

Result<void> SimKube::Watch(const gate::KubeResource& resource, const std::string& ns,
                            const gate::KubeSelector& selector, const std::string& resource_version,
                            const gate::KubeEventHandler& handler, const Deadline& deadline) {
  struct Due {
    gate::Instant at;
    Change change;
  };
  std::deque<Due> queue;
  World& world = process_.world();
  Gate arrived(world);
  gate::Instant last_due;
  const auto enqueue = [&](const Change& change) {
    if (!ns.empty() && change.after->meta.ns != ns) return;
    last_due = std::max(last_due, world.Now() + weather_.OneWay().Draw(rng_));
    queue.push_back({last_due, change});
    arrived.Set();
  };
  // Unregisters however the call ends.
  struct Registration {
    ApiServer& server;
    std::optional<ApiServer::ListenerId> id;
    ~Registration() {
      if (id) server.Unlisten(*id);
    }
  } registration{server_, std::nullopt};
  std::optional<Selector> parsed;
  std::uint64_t seen = 0;
  const Deadline patience{std::min(deadline.at, world.Now() + kLongestWatch + kWatchGrace),
                          deadline.stop};
  auto opened = Call<bool>("kube.watch", CallKind::kRead, patience, [&]() -> Result<bool> {
    const auto target = Resolve("watch", resource, KubeSubresource::kNone, ns, "");
    if (!target) return target.error();
    auto read = Selector::Parse(selector);
    if (!read) return std::move(read).error();
    parsed = *std::move(read);
    if (resource_version.empty() ||
        resource_version.find_first_not_of("0123456789") != std::string::npos) {
      return Error{ErrorCode::kInvalidArgument, "resourceVersion: Invalid value"};
    }
    seen = std::stoull(resource_version);
    const auto changes = server_.Since(target->info->type, seen);
    if (!changes) return changes.error();
    registration.id = server_.Listen(target->info->type, enqueue);
    for (const Change& change : *changes) enqueue(change);
    return true;
  });
  if (!opened) return std::move(opened).error();
  const gate::Instant end = world.Now() + kLongestWatch;
  gate::Instant bookmark = world.Now() + kBookmarkInterval;
  // The connection is gone, which is noticed when something was to come over it.
  for (const std::uint64_t restarts = weather_.restarts;;) {
    while (!queue.empty() && queue.front().at <= world.Now()) {
      if (weather_.restarts != restarts) return {};
      const Change change = std::move(queue.front().change);
      queue.pop_front();
      seen = change.version;
      bookmark = world.Now() + kBookmarkInterval;
      const auto type = Seen(change, *parsed);
      if (type && !handler({*type, ToJson(*change.after)})) return {};
      if (DrawShare(rng_, weather_.watch_cut_ppm)) return {};
    }
    if (!process_.AtSeam("kube.watch.event", Moment::kAfter)) return Dead();
    if (world.Now() >= end || world.Now() < weather_.down_until) return {};
    if (weather_.restarts != restarts) return {};
    const gate::Instant next =
        std::min({deadline.at, end, bookmark, queue.empty() ? end : queue.front().at});
    switch (arrived.Wait({next, deadline.stop})) {
      case WaitResult::kStopped:
        if (!process_.AtSeam("kube.watch.event", Moment::kAfter)) return Dead();
        return Error{ErrorCode::kCancelled, "stopped"};
      case WaitResult::kSignalled:
        break;
      case WaitResult::kElapsed:
        if (world.Now() >= deadline.at) {
          return Error{ErrorCode::kDeadlineExceeded, "deadline passed"};
        }
        if (world.Now() >= bookmark) {
          bookmark = world.Now() + kBookmarkInterval;
          seen = std::max(seen, server_.version());
          const Json mark = {{"metadata", {{"resourceVersion", std::to_string(seen)}}}};
          if (queue.empty() && !handler({KubeEventType::kBookmark, mark})) return {};
        }
        break;
    }
  }
}

// Every user may ask; nothing is stored.
Json SimKube::WhoAmI(Json question) const {
  question["metadata"]["creationTimestamp"] =
      FormatSeconds(std::chrono::floor<std::chrono::seconds>(process_.world().WallNow()));
  question["status"]["userInfo"] = {{"username", UserName(identity_)},
                                    {"groups", {"system:authenticated"}}};
  return question;
}

// The admission policies that ask who writes.
Result<void> SimKube::Admit(const Object* before, const Object& next) const {
  if (next.type != Type::kGateOverride) return {};
  return AdmitGateOverride(UserName(identity_), before, next);
}

Result<Json> SimKube::Create(const gate::KubeResource& resource, const std::string& ns,
                             const Json& json, const Deadline& deadline) {
  return Call<Json>("kube.create", CallKind::kWrite, deadline, [&]() -> Result<Json> {
    if (resource == gate::kube::kSelfSubjectReviews) return WhoAmI(json);
    const auto target = Resolve("create", resource, KubeSubresource::kNone, ns, "");
    if (!target) return target.error();
    auto object = FromJson(*target->info, json);
    if (!object) return std::move(object).error();
    object->meta.ns = ns;
    if (auto admitted = Admit(nullptr, *object); !admitted) return std::move(admitted).error();
    const std::string generate = gate::JsonString(json, "/metadata/generateName");
    auto created = server_.Create(user_agent_, *std::move(object), generate);
    if (!created) return std::move(created).error();
    return ToJson(**created);
  });
}

Result<Json> SimKube::PatchNow(const Target& target, const gate::KubeRef& ref, const Json& patch) {
  const ObjectPtr stored = server_.Get(target.info->type, ref.ns, ref.name);
  if (!stored) return NotFound(target.info->type, ref.name);
  Json document = ToJson(*stored);
  document.merge_patch(patch);
  auto next = FromJson(*target.info, std::move(document));
  if (!next) return std::move(next).error();
  next->meta.ns = ref.ns;
  next->meta.name = ref.name;
  next->meta.managed = stored->meta.managed;
  if (gate::JsonString(patch, "/metadata/resourceVersion").empty()) {
    next->meta.resource_version = 0;
  }
  if (auto admitted = Admit(stored.get(), *next); !admitted) return std::move(admitted).error();
  auto written = server_.Update(user_agent_, *std::move(next), target.part);
  if (!written) return std::move(written).error();
  return ToJson(**written);
}

Result<Json> SimKube::MergePatch(const gate::KubeRef& ref, const Json& patch,
                                 KubeSubresource subresource, const Deadline& deadline) {
  return Call<Json>("kube.patch", CallKind::kWrite, deadline, [&]() -> Result<Json> {
    const auto target = Resolve("patch", ref.resource, subresource, ref.ns, ref.name);
    if (!target) return target.error();
    return PatchNow(*target, ref, patch);
  });
}

Result<Json> SimKube::ApplyNow(const Target& target, const gate::KubeRef& ref, const Json& object,
                               const std::string& manager, Force force) {
  const auto now = std::chrono::floor<std::chrono::seconds>(process_.world().WallNow());
  const auto managed_part =
      target.part == WritePart::kStatus ? ManagedEntry::Part::kStatus : ManagedEntry::Part::kMain;
  const ObjectPtr stored = server_.Get(target.info->type, ref.ns, ref.name);
  if (!stored) {
    const auto create = Resolve("create", ref.resource, KubeSubresource::kNone, ref.ns, "");
    if (!create) return create.error();
    auto fresh = FromJson(*target.info, object);
    if (!fresh) return std::move(fresh).error();
    fresh->meta.ns = ref.ns;
    fresh->meta.managed = {{manager, now, Share(OwnedFields(object, managed_part)), managed_part}};
    if (auto admitted = Admit(nullptr, *fresh); !admitted) return std::move(admitted).error();
    auto created = server_.Create(manager, *std::move(fresh));
    if (!created) return std::move(created).error();
    return ToJson(**created);
  }
  auto next = ApplyTo(*stored, object, manager,
                      force == Force::kYes ? ApplyForce::kYes : ApplyForce::kNo, managed_part, now);
  if (!next) return std::move(next).error();
  if (auto admitted = Admit(stored.get(), *next); !admitted) return std::move(admitted).error();
  auto written = server_.Update(manager, *std::move(next), target.part);
  if (!written) return std::move(written).error();
  return ToJson(**written);
}

Result<Json> SimKube::Apply(const gate::KubeRef& ref, const Json& object,
                            const std::string& field_manager, Force force,
                            KubeSubresource subresource, const Deadline& deadline) {
  return Call<Json>("kube.apply", CallKind::kWrite, deadline, [&]() -> Result<Json> {
    const auto target = Resolve("patch", ref.resource, subresource, ref.ns, ref.name);
    if (!target) return target.error();
    return ApplyNow(*target, ref, object, field_manager, force);
  });
}

Result<void> SimKube::Delete(const gate::KubeRef& ref, const Deadline& deadline) {
  auto deleted = Call<bool>("kube.delete", CallKind::kWrite, deadline, [&]() -> Result<bool> {
    const auto target = Resolve("delete", ref.resource, KubeSubresource::kNone, ref.ns, ref.name);
    if (!target) return target.error();
    auto done = server_.Delete(user_agent_, target->info->type, ref.ns, ref.name);
    if (!done) return std::move(done).error();
    return true;
  });
  if (!deleted) return std::move(deleted).error();
  return {};
}

}  // namespace drill::sim
