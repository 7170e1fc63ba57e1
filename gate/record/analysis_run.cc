#include "gate/record/analysis_run.h"

#include <optional>
#include <string_view>
#include <utility>

#include "gate/base/encoding.h"

namespace gate::record {
namespace {

struct Owner {
  std::string name;
  std::string uid;
};

Result<Owner> OwnerOfKind(const Json& object, std::string_view kind) {
  for (const Json& owner : JsonArray(object, "/metadata/ownerReferences")) {
    if (JsonString(owner, "/kind") == kind) {
      return Owner{JsonString(owner, "/name"), JsonString(owner, "/uid")};
    }
  }
  return Error{ErrorCode::kNotFound, JsonString(object, "/kind") + " " +
                                         JsonString(object, "/metadata/name") +
                                         " is not owned by a " + std::string(kind)};
}

bool HasEnded(const Json& run) {
  const std::string phase = JsonString(run, "/status/phase");
  return !(phase.empty() || phase == "Pending" || phase == "Running");
}

}  // namespace

Result<RunLinks> FindRunLinks(KubeApi& kube, const std::string& ns, const std::string& job_name,
                              const Deadline& deadline) {
  auto job = kube.Get({kube::kJobs, ns, job_name}, deadline);
  if (!job) return std::move(job).error().Wrap("reading Job " + job_name);
  auto run_owner = OwnerOfKind(*job, "AnalysisRun");
  if (!run_owner) return std::move(run_owner).error();
  auto run = kube.Get({kube::kAnalysisRuns, ns, run_owner->name}, deadline);
  if (!run) return std::move(run).error().Wrap("reading AnalysisRun " + run_owner->name);
  auto rollout = OwnerOfKind(*run, "Rollout");
  if (!rollout) return std::move(rollout).error();
  return RunLinks{run_owner->name, rollout->name, rollout->uid};
}

Result<RunLinks> FindStepRun(KubeApi& kube, const std::string& ns, const std::string& rollout,
                             const std::string& pod_hash, const Deadline& deadline) {
  const std::string selector =
      std::string(kube::kPodHashLabel) + "=" + pod_hash + ",rollout-type=Step";
  auto runs = kube.List(kube::kAnalysisRuns, ns, {.labels = selector, .fields = {}}, deadline);
  if (!runs) return std::move(runs).error().Wrap("listing AnalysisRuns");
  std::optional<RunLinks> youngest;
  std::string created;
  for (const Json& run : runs->items) {
    auto owner = OwnerOfKind(run, "Rollout");
    if (!owner || owner->name != rollout || HasEnded(run)) continue;
    const std::string time = JsonString(run, "/metadata/creationTimestamp");
    const std::string name = JsonString(run, "/metadata/name");
    if (youngest && std::pair(time, name) < std::pair(created, youngest->analysis_run)) continue;
    created = time;
    youngest = RunLinks{name, owner->name, owner->uid};
  }
  if (youngest) return *std::move(youngest);
  return Error{ErrorCode::kNotFound, "no AnalysisRun of Rollout " + rollout + " for pod hash " +
                                         pod_hash + " is under way"};
}

Result<void> AnnotateAnalysisRun(KubeApi& kube, const std::string& ns, const std::string& name,
                                 const Json& annotations, const Deadline& deadline) {
  Json prefixed = Json::object();
  for (const auto& [key, value] : annotations.items()) prefixed["rollout-gate/" + key] = value;
  auto patched = kube.MergePatch({kube::kAnalysisRuns, ns, name},
                                 {{"metadata", {{"annotations", std::move(prefixed)}}}},
                                 KubeSubresource::kNone, deadline);
  if (!patched) return std::move(patched).error().Wrap("annotating AnalysisRun " + name);
  return {};
}

Result<void> EmitEvent(KubeApi& kube, const std::string& ns, const RunLinks& links,
                       const GateEvent& event, WallTime now, const Deadline& deadline) {
  const std::string time = FormatRfc3339(now, 0);
  const Json object = {
      {"apiVersion", "v1"},
      {"kind", "Event"},
      {"metadata", {{"name", links.rollout + "." + event.unique}, {"namespace", ns}}},
      {"involvedObject",
       {{"apiVersion", kube::kRollouts.ApiVersion()},
        {"kind", "Rollout"},
        {"namespace", ns},
        {"name", links.rollout},
        {"uid", links.rollout_uid}}},
      {"type", event.type == GateEvent::Type::kNormal ? "Normal" : "Warning"},
      {"reason", event.reason},
      {"message", Truncate(event.message, 1024)},
      {"source", {{"component", "rollout-gate"}}},
      {"firstTimestamp", time},
      {"lastTimestamp", time},
      {"count", 1}};
  auto created = kube.Create(kube::kEvents, ns, object, deadline);
  if (!created) return std::move(created).error().Wrap("creating Event");
  return {};
}

}  // namespace gate::record
