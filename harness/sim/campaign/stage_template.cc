#include "harness/sim/campaign/stage_template.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

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

std::string AllStages() {
  std::vector<std::string> stages;
  for (int weight = 1; weight <= 100; ++weight) stages.push_back(std::to_string(weight));
  return fmt::format("{}", fmt::join(stages, ","));
}

bool IsMockScript(const Object& object) {
  return object.type == Type::kSecret && object.meta.name == kMockName;
}

}  // namespace

Result<StageTemplate> StageTemplate::Make(gate::Files& files, const std::string& directory,
                                          const Scenario& scenario, const StageWorld& world) {
  StageTemplate made(world);
  for (const GateMode mode : {GateMode::kJob, GateMode::kService}) {
    Scenario bare = scenario;
    bare.mc_script = Json::object();
    bare.gate_mode = mode;
    // The leader looks after gates at these weights: whatever may be drawn.
    if (mode == GateMode::kService) bare.gate_config["watch"] = {{"stages", AllStages()}};
    auto manifests = StageObjects(files, directory, bare, world);
    if (!manifests) return std::move(manifests).error();
    for (const Manifest& manifest : *manifests) {
      auto added = made.Add(manifest, made.objects_[mode]);
      if (!added) return std::move(added).error();
    }
  }
  return made;
}

Result<void> StageTemplate::Add(const Manifest& manifest, std::vector<Object>& objects) {
  const TypeInfo* info = FindType(manifest.ref.resource);
  if (info == nullptr) {
    return Error{ErrorCode::kInvalidArgument,
                 manifest.ref.resource.plural + " are not part of the model"};
  }
  auto object = FromJson(*info, manifest.object);
  if (!object) return std::move(object).error();
  object->meta.ns = manifest.ref.ns;
  if (info->type == Type::kRollout) rollout_ = manifest.object;
  if (IsMockScript(*object) && script_.is_null()) {  // that of the first mode, without rules
    auto script =
        gate::ParseStrictJson(gate::JsonString(RestOf(*object), "/stringData/script.yaml"));
    if (!script) return std::move(script).error();
    script_ = *std::move(script);
  }
  objects.push_back(*std::move(object));
  return {};
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
  AddToMockScript(McScriptOf(one), one.scenario.gate_mode, script);
  const std::vector<Object>& all = objects_.at(one.scenario.gate_mode);
  const auto found = std::find_if(all.begin(), all.end(), IsMockScript);
  Object object = *found;
  Json rest = RestOf(object);
  rest["stringData"][kScriptKey] = script.dump(2) + "\n";
  object.rest = Share(std::move(rest));
  return object;
}

Result<std::vector<Object>> StageTemplate::ObjectsFor(const Case& one) const {
  const std::vector<Object>& all = objects_.at(one.scenario.gate_mode);
  std::vector<Object> objects;
  objects.reserve(all.size());
  for (const Object& object : all) {
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
