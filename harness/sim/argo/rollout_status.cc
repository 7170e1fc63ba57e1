#include "harness/sim/argo/rollout_status.h"

#include <algorithm>

#include "harness/sim/kube/fields.h"

namespace drill::sim::argo {
namespace {

using gate::Json;

WallSeconds RequiredTime(const Json& json, std::string_view key) {
  return TimeOf(json, key).value_or(WallSeconds{});
}

std::optional<RunMirror> ReadMirror(const Json& json) {
  if (!json.is_object()) return std::nullopt;
  return RunMirror{TextOf(json, "name"), TextOf(json, "status"), TextOf(json, "message")};
}

WeightDestination ReadDestination(const Json& json) {
  return {Int32Of(json, "weight"), TextOf(json, "serviceName"), TextOf(json, "podTemplateHash")};
}

std::optional<Weights> ReadWeights(const Json& json) {
  if (!json.is_object()) return std::nullopt;
  Weights weights{ReadDestination(Member(json, "canary")), ReadDestination(Member(json, "stable")),
                  std::nullopt};
  const Json& verified = Member(json, "verified");
  if (verified.is_boolean()) weights.verified = verified.get<bool>();
  return weights;
}

// Objects are filled member by member: an initializer list makes a temporary array of each member.
Json MirrorJson(const RunMirror& mirror) {
  Json json = Json::object();
  json["name"] = mirror.name;
  json["status"] = mirror.phase;
  Put(json, "message", mirror.message);
  return json;
}

Json DestinationJson(const WeightDestination& destination) {
  Json json = Json::object();
  json["weight"] = destination.weight;
  Put(json, "serviceName", destination.service);
  Put(json, "podTemplateHash", destination.hash);
  return json;
}

Json CanaryJson(const RolloutStatus& status) {
  Json canary = Json::object();
  if (status.step_run) canary["currentStepAnalysisRunStatus"] = MirrorJson(*status.step_run);
  if (status.background_run) {
    canary["currentBackgroundAnalysisRunStatus"] = MirrorJson(*status.background_run);
  }
  if (!status.weights) return canary;
  Json& weights = canary["weights"];
  weights["canary"] = DestinationJson(status.weights->canary);
  weights["stable"] = DestinationJson(status.weights->stable);
  if (status.weights->verified) weights["verified"] = *status.weights->verified;
  return canary;
}

Json ConditionsJson(const std::vector<Condition>& conditions) {
  Json list = Json::array();
  for (const Condition& condition : conditions) {
    Json& json = list.emplace_back(Json::object());
    json["type"] = condition.type;
    json["status"] = condition.status;
    json["lastUpdateTime"] = FormatSeconds(condition.updated);
    json["lastTransitionTime"] = FormatSeconds(condition.transitioned);
    json["reason"] = condition.reason;
    json["message"] = condition.message;
  }
  return list;
}

}  // namespace

bool RolloutStatus::HasPause(std::string_view reason) const {
  return std::any_of(pause_conditions.begin(), pause_conditions.end(),
                     [reason](const PauseCondition& pause) { return pause.reason == reason; });
}

RolloutStatus ReadRolloutStatus(const Json& json) {
  RolloutStatus status;
  status.abort = FlagOf(json, "abort");
  for (const Json& pause : Member(json, "pauseConditions")) {
    status.pause_conditions.push_back({TextOf(pause, "reason"), RequiredTime(pause, "startTime")});
  }
  status.controller_pause = FlagOf(json, "controllerPause");
  status.aborted_at = TimeOf(json, "abortedAt");
  status.current_pod_hash = TextOf(json, "currentPodHash");
  status.current_step_hash = TextOf(json, "currentStepHash");
  status.replicas = Int32Of(json, "replicas");
  status.updated_replicas = Int32Of(json, "updatedReplicas");
  status.ready_replicas = Int32Of(json, "readyReplicas");
  status.available_replicas = Int32Of(json, "availableReplicas");
  status.step_index = MaybeInt32(json, "currentStepIndex");
  status.collision_count = MaybeInt32(json, "collisionCount");
  status.observed_generation = TextOf(json, "observedGeneration");
  for (const Json& condition : Member(json, "conditions")) {
    status.conditions.push_back({TextOf(condition, "type"), TextOf(condition, "status"),
                                 TextOf(condition, "reason"), TextOf(condition, "message"),
                                 RequiredTime(condition, "lastUpdateTime"),
                                 RequiredTime(condition, "lastTransitionTime")});
  }
  const Json& canary = Member(json, "canary");
  status.step_run = ReadMirror(Member(canary, "currentStepAnalysisRunStatus"));
  status.background_run = ReadMirror(Member(canary, "currentBackgroundAnalysisRunStatus"));
  status.weights = ReadWeights(Member(canary, "weights"));
  status.hpa_replicas = Int32Of(json, "HPAReplicas");
  status.selector = TextOf(json, "selector");
  status.stable_hash = TextOf(json, "stableRS");
  status.promote_full = FlagOf(json, "promoteFull");
  status.phase = TextOf(json, "phase");
  status.message = TextOf(json, "message");
  return status;
}

Json ToJson(const RolloutStatus& status) {
  Json json = Json::object();
  json["blueGreen"] = Json::object();
  json["canary"] = CanaryJson(status);
  PutFlag(json, "abort", status.abort);
  for (const PauseCondition& pause : status.pause_conditions) {
    json["pauseConditions"].push_back(
        {{"reason", pause.reason}, {"startTime", FormatSeconds(pause.start)}});
  }
  PutFlag(json, "controllerPause", status.controller_pause);
  Put(json, "abortedAt", status.aborted_at);
  Put(json, "currentPodHash", status.current_pod_hash);
  Put(json, "currentStepHash", status.current_step_hash);
  Put(json, "replicas", status.replicas);
  Put(json, "updatedReplicas", status.updated_replicas);
  Put(json, "readyReplicas", status.ready_replicas);
  Put(json, "availableReplicas", status.available_replicas);
  Put(json, "currentStepIndex", status.step_index);
  Put(json, "collisionCount", status.collision_count);
  Put(json, "observedGeneration", status.observed_generation);
  if (!status.conditions.empty()) json["conditions"] = ConditionsJson(status.conditions);
  Put(json, "HPAReplicas", status.hpa_replicas);
  Put(json, "selector", status.selector);
  Put(json, "stableRS", status.stable_hash);
  PutFlag(json, "promoteFull", status.promote_full);
  Put(json, "phase", status.phase);
  Put(json, "message", status.message);
  return json;
}

}  // namespace drill::sim::argo
