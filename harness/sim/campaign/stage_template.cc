#include "harness/sim/campaign/stage_template.h"

#include <algorithm>
#include <utility>

#include "harness/kind/rollout_shape.h"

namespace drill::sim {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Json;
using gate::Result;

constexpr const char* kScriptKey = "script.yaml";

bool IsMockScript(const Object& object) {
  return object.type == Type::kSecret && object.meta.name == kMockName;
}

}  // namespace

Result<StageTemplate> StageTemplate::Make(gate::Files& files, const std::string& directory,
                                          const Scenario& scenario, const StageWorld& world) {
  Scenario bare = scenario;
  bare.mc_script = Json::object();
  auto manifests = StageObjects(files, directory, bare, world);
  if (!manifests) return std::move(manifests).error();
  StageTemplate made(world);
  for (const Manifest& manifest : *manifests) {
    const TypeInfo* info = FindType(manifest.ref.resource);
    if (info == nullptr) {
      return Error{ErrorCode::kInvalidArgument,
                   manifest.ref.resource.plural + " are not part of the model"};
    }
    auto object = FromJson(*info, manifest.object);
    if (!object) return std::move(object).error();
    object->meta.ns = manifest.ref.ns;
    if (info->type == Type::kRollout) made.rollout_ = manifest.object;
    if (IsMockScript(*object)) {
      auto script =
          gate::ParseStrictJson(gate::JsonString(RestOf(*object), "/stringData/script.yaml"));
      if (!script) return std::move(script).error();
      made.script_ = *std::move(script);
    }
    made.objects_.push_back(*std::move(object));
  }
  return made;
}

Result<Object> StageTemplate::RolloutFor(const Case& one) const {
  Json rollout = rollout_;
  Json& spec = rollout["spec"];
  spec["replicas"] = one.scenario.replicas;
  Json& canary = spec["strategy"]["canary"];
  canary["maxSurge"] = IntOrString(one.scenario.max_surge);
  canary["maxUnavailable"] = IntOrString(one.scenario.max_unavailable);
  if (auto shaped = ShapeRollout(one.scenario.shape, rollout); !shaped) {
    return std::move(shaped).error();
  }
  auto object = FromJson(InfoOf(Type::kRollout), std::move(rollout));
  if (object) object->meta.ns = world_.ns;
  return object;
}

Object StageTemplate::ScriptFor(const Case& one) const {
  Json script = script_;
  if (const Json part = McScriptOf(one); part.is_object()) script.merge_patch(part);
  const auto found = std::find_if(objects_.begin(), objects_.end(), IsMockScript);
  Object object = *found;
  Json rest = RestOf(object);
  rest["stringData"][kScriptKey] = script.dump(2) + "\n";
  object.rest = Share(std::move(rest));
  return object;
}

Result<std::vector<Object>> StageTemplate::ObjectsFor(const Case& one) const {
  std::vector<Object> objects;
  objects.reserve(objects_.size());
  for (const Object& object : objects_) {
    if (object.type == Type::kRollout) {
      auto rollout = RolloutFor(one);
      if (!rollout) return std::move(rollout).error();
      objects.push_back(*std::move(rollout));
    } else if (IsMockScript(object)) {
      objects.push_back(ScriptFor(one));
    } else {
      objects.push_back(object);
    }
  }
  return objects;
}

}  // namespace drill::sim
