#include "gate/watch/fallback.h"

#include <array>
#include <utility>

#include "gate/base/merge_diff.h"
#include "gate/base/strict_json.h"
#include "gate/watch/replica_sets.h"

namespace gate::watch {
namespace {

constexpr Nanos kPause = std::chrono::milliseconds(100);

void ReplaceAll(std::string& text, const std::string& what, const std::string& with) {
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

// The API server adds nulls (creationTimestamp), which a merge patch would take for removals.
Json WithoutNulls(Json value) {
  if (value.is_object()) {
    for (auto it = value.begin(); it != value.end();) {
      if (it->is_null()) {
        it = value.erase(it);
      } else {
        *it = WithoutNulls(std::move(*it));
        ++it;
      }
    }
  }
  return value;
}

// The pod template of the stable ReplicaSet, as it stood in the Rollout.
Result<Json> StableTemplate(KubeApi& kube, const RolloutFacts& facts, const Deadline& deadline) {
  const auto sets = FindReplicaSets(kube, facts, {facts.stable_hash}, deadline);
  if (!sets) return sets.error();
  if (sets->empty()) {
    return Error{ErrorCode::kNotFound, "the ReplicaSet of the stable version is gone"};
  }
  Json pod_template = JsonAt(sets->front(), "/spec/template");
  const Json::json_pointer labels("/metadata/labels");
  if (pod_template.contains(labels)) pod_template[labels].erase(kube::kPodHashLabel);
  return WithoutNulls(std::move(pod_template));
}

Result<void> UndoOnce(KubeApi& kube, const RolloutFacts& facts, const Json& stable,
                      const Deadline& deadline) {
  const KubeRef ref{kube::kRollouts, facts.ns, facts.name};
  const auto rollout = kube.Get(ref, deadline);
  if (!rollout) return Error(rollout.error()).Wrap("reading the Rollout");
  const Json& present = JsonAt(*rollout, "/spec/template");
  if (!present.is_object()) {
    return Error{
        ErrorCode::kInvalidArgument,
        "the Rollout's pod template is not in its spec (workloadRef); undo it by a command"};
  }
  const RolloutFacts now = ReadRollout(*rollout, {});
  if (!now.observed) return Error{ErrorCode::kConflict, "the Rollout's spec has just been changed"};
  if (now.current_hash != facts.current_hash) {
    return Error{ErrorCode::kInvalidArgument, "another release is being rolled out by now"};
  }
  const Json difference = MergeDiff(WithoutNulls(present), stable);
  if (difference.empty()) return {};
  Json patch = {
      {"metadata", {{"resourceVersion", JsonString(*rollout, "/metadata/resourceVersion")}}},
      {"spec", {{"template", difference}}}};
  const std::string release = JsonString(stable, "/metadata/labels/release-id");
  if (!release.empty()) patch["metadata"]["labels"]["release-id"] = release;
  auto patched = kube.MergePatch(ref, patch, KubeSubresource::kNone, deadline);
  if (!patched) return std::move(patched).error().Wrap("undoing the Rollout");
  return {};
}

}  // namespace

std::string_view ToString(FallbackPolicy::Kind kind) {
  switch (kind) {
    case FallbackPolicy::Kind::kArgo:
      return "argo";
    case FallbackPolicy::Kind::kUndo:
      return "undo";
    case FallbackPolicy::Kind::kCommand:
      return "command";
  }
  return "argo";
}

ProcessRequest FallbackCommand(const FallbackPolicy& policy, const RolloutFacts& facts,
                               const Rollback& rollback, std::string_view environment) {
  const std::array<std::pair<std::string, std::string>, 4> values = {
      {{"namespace", facts.ns},
       {"rollout", facts.name},
       {"release", rollback.release},
       {"environment", std::string(environment)}}};
  ProcessRequest request{.argv = policy.command};
  for (const auto& [name, value] : values) {
    for (std::string& argument : request.argv) ReplaceAll(argument, "{" + name + "}", value);
  }
  request.environment = {{"ROLLOUT_GATE_NAMESPACE", facts.ns},
                         {"ROLLOUT_GATE_ROLLOUT", facts.name},
                         {"ROLLOUT_GATE_RELEASE", rollback.release},
                         {"ROLLOUT_GATE_ENVIRONMENT", std::string(environment)}};
  return request;
}

Result<void> UndoToStable(KubeApi& kube, Runtime& runtime, const RolloutFacts& facts,
                          const Deadline& deadline) {
  auto stable = StableTemplate(kube, facts, deadline);
  if (!stable) return std::move(stable).error();
  for (;;) {
    auto undone = UndoOnce(kube, facts, *stable, deadline);
    if (undone || undone.error().code != ErrorCode::kConflict) return undone;
    // Argo writes the status all the time.
    if (runtime.Now() + kPause >= deadline.at) return undone;
    if (runtime.Sleep({runtime.Now() + kPause, deadline.stop}) == WaitResult::kStopped) {
      return undone;
    }
  }
}

}  // namespace gate::watch
