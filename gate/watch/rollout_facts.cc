#include "gate/watch/rollout_facts.h"

#include <algorithm>
#include <utility>

namespace gate::watch {
namespace {

// What an analysis step tells its template the stage is; empty if it says nothing, or if it has the
// value from elsewhere.
std::string StageArgument(const Json& step) {
  for (const Json& argument : JsonArray(step, "/analysis/args")) {
    if (JsonString(argument, "/name") == "stage") return JsonString(argument, "/value");
  }
  return "";
}

std::vector<GateStep> GatesThatNameTheirStage(const Json& steps) {
  std::vector<GateStep> gates;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    std::string stage = StageArgument(steps[i]);
    if (!stage.empty()) gates.push_back({std::move(stage), static_cast<int64_t>(i)});
  }
  return gates;
}

std::vector<GateStep> GatesBehind(const std::vector<std::string>& weights, const Json& steps) {
  std::vector<GateStep> gates;
  std::string weight;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Json& step = steps[i];
    if (const Json& set = JsonAt(step, "/setWeight"); set.is_number_integer()) weight = set.dump();
    const bool gated = std::find(weights.begin(), weights.end(), weight) != weights.end();
    if (gated && step.contains("analysis")) gates.push_back({weight, static_cast<int64_t>(i)});
  }
  return gates;
}

std::vector<GateStep> ReadGates(const Json& rollout, const std::vector<std::string>& weights) {
  const Json& steps = JsonArray(rollout, "/spec/strategy/canary/steps");
  if (!weights.empty()) return GatesBehind(weights, steps);
  auto gates = GatesThatNameTheirStage(steps);
  return gates.empty() ? GatesBehind({"20", "50"}, steps) : gates;
}

bool AwaitsPeople(const Json& rollout) {
  const Json& conditions = JsonArray(rollout, "/status/pauseConditions");
  return std::any_of(conditions.begin(), conditions.end(), [](const Json& condition) {
    return JsonString(condition, "/reason") == "InconclusiveAnalysisRun";
  });
}

}  // namespace

RolloutFacts ReadRollout(const Json& rollout, const std::vector<std::string>& weights) {
  RolloutFacts facts;
  facts.ns = JsonString(rollout, "/metadata/namespace");
  facts.name = JsonString(rollout, "/metadata/name");
  facts.uid = JsonString(rollout, "/metadata/uid");
  facts.release = JsonString(rollout, "/metadata/labels/release-id");
  facts.replicas = JsonInt(rollout, "/spec/replicas", 1);
  facts.gates = ReadGates(rollout, weights);
  const std::string generation = std::to_string(JsonInt(rollout, "/metadata/generation"));
  facts.observed = JsonString(rollout, "/status/observedGeneration") == generation;
  facts.current_hash = JsonString(rollout, "/status/currentPodHash");
  facts.stable_hash = JsonString(rollout, "/status/stableRS");
  facts.step = JsonInt(rollout, "/status/currentStepIndex");
  facts.aborted = JsonIsTrue(rollout, "/status/abort");
  if (auto at = ParseRfc3339(JsonString(rollout, "/status/abortedAt"))) facts.aborted_at = *at;
  facts.awaits_people = AwaitsPeople(rollout);
  facts.canary_pods = JsonInt(rollout, "/status/updatedReplicas");
  facts.all_pods = JsonInt(rollout, "/status/replicas");
  facts.available_pods = JsonInt(rollout, "/status/availableReplicas");
  facts.canary_weight = JsonInt(rollout, "/status/canary/weights/canary/weight");
  return facts;
}

bool IsRestored(const RolloutFacts& facts, const std::string& canary_hash,
                const std::vector<Json>& replica_sets) {
  if (facts.canary_weight != 0) return false;
  bool stable_is_whole = false;
  for (const Json& set : replica_sets) {
    const std::string hash = JsonString(set, "/metadata/labels/rollouts-pod-template-hash");
    if (hash == canary_hash &&
        (JsonInt(set, "/spec/replicas") != 0 || JsonInt(set, "/status/replicas") != 0)) {
      return false;
    }
    if (hash == facts.stable_hash) {
      stable_is_whole = JsonInt(set, "/status/availableReplicas") == facts.replicas;
    }
  }
  return stable_is_whole;
}

}  // namespace gate::watch
