#include "harness/sim/argo/api.h"

#include <utility>

#include "gate/base/merge_diff.h"
#include "harness/sim/argo/names.h"

namespace drill::sim::argo {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Json;
using gate::Nanos;
using gate::Result;

// A controller's client has no deadline: it waits until the connection is given up.
constexpr Nanos kConnectionLost = std::chrono::seconds(30);
// As long as such calls take on a quiet cluster, more than a watch event.
constexpr Delay kUsualTime{std::chrono::milliseconds(4), std::chrono::milliseconds(4)};

Result<ObjectPtr> Write(ApiServer& server, const Object& stored, Api::Field field,
                        std::shared_ptr<const Json> json) {
  const bool apart = InfoOf(stored.type).status == TypeInfo::Status::kSubresource;
  if (field == Api::Field::kStatus && apart) {  // needs no copy of the rest
    Object next{stored.type, {}, nullptr, std::move(json), nullptr};
    next.meta.ns = stored.meta.ns;
    next.meta.name = stored.meta.name;
    return server.Update(kWriter, std::move(next), WritePart::kStatus);
  }
  Object next = stored;
  (field == Api::Field::kStatus ? next.status : next.spec) = std::move(json);
  return server.Update(kWriter, std::move(next), WritePart::kMain);
}

}  // namespace

Api::Api(World& world, ApiServer& server, const ApiWeather* weather, std::string_view concern)
    : world_(world), server_(server), weather_(weather), rng_(world.Stream(concern)) {}

// Who gets no answer waits until the connection is given up.
std::optional<Error> Api::Fail(std::optional<Error> error) {
  if (error && error->code == ErrorCode::kDeadlineExceeded) busy_ += kConnectionLost;
  return error;
}

std::optional<Error> Api::Refusal(CallKind kind) {
  busy_ += kUsualTime.Draw(rng_);
  if (weather_ == nullptr) return std::nullopt;
  return Fail(DrawRefusal(*weather_, kind, world_.Now(), rng_));
}

std::optional<Error> Api::LostAnswer() {
  if (weather_ == nullptr) return std::nullopt;
  // What hits only writes is for the gate.
  return Fail(DrawLostAnswer(*weather_, CallKind::kRead, rng_));
}

Result<ObjectPtr> Api::Get(Type type, std::string_view ns, std::string_view name) {
  if (auto refused = Refusal(CallKind::kRead)) return std::move(*refused);
  ObjectPtr object = server_.Get(type, ns, name);
  if (auto lost = LostAnswer()) return std::move(*lost);
  if (object) return object;
  return NotFound(type, name);
}

Result<ObjectPtr> Api::Create(Object object) {
  if (auto refused = Refusal(CallKind::kWrite)) return std::move(*refused);
  auto created = server_.Create(kWriter, std::move(object));
  if (auto lost = LostAnswer()) return std::move(*lost);
  return created;
}

Result<ObjectPtr> Api::Update(Object next, WritePart part) {
  if (auto refused = Refusal(CallKind::kWrite)) return std::move(*refused);
  auto updated = server_.Update(kWriter, std::move(next), part);
  if (auto lost = LostAnswer()) return std::move(*lost);
  return updated;
}

Result<void> Api::Delete(Type type, std::string_view ns, std::string_view name) {
  if (auto refused = Refusal(CallKind::kWrite)) return std::move(*refused);
  auto deleted = server_.Delete(kWriter, type, ns, name);
  if (auto lost = LostAnswer()) return std::move(*lost);
  return deleted;
}

Result<ObjectPtr> Api::Patch(const ObjectPtr& base, Field field,
                             std::shared_ptr<const Json> after) {
  if (auto refused = Refusal(CallKind::kWrite)) return std::move(*refused);
  const ObjectPtr stored = server_.Get(base->type, base->meta.ns, base->meta.name);
  if (!stored || stored->meta.uid != base->meta.uid) {
    return NotFound(base->type, base->meta.name);
  }
  if (stored->meta.resource_version != base->meta.resource_version) {
    const auto part = [field](const Object& object) -> const Json& {
      return field == Field::kStatus ? StatusOf(object) : SpecOf(object);
    };
    Json merged = part(*stored);
    merged.merge_patch(gate::MergeDiff(part(*base), *after));
    after = Share(std::move(merged));
  }
  auto updated = Write(server_, *stored, field, std::move(after));
  if (auto lost = LostAnswer()) return std::move(*lost);
  return updated;
}

Nanos Api::TakeBusy() { return std::exchange(busy_, Nanos(0)); }

}  // namespace drill::sim::argo
