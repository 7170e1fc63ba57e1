#include "tests/unit/harness/objects.h"

#include "gate/base/digest.h"

namespace drill {

using gate::Json;

Json ARollout(const RolloutSpec& spec) {
  Json object = Json::parse(R"({
    "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
    "metadata": {
      "name": "demo", "namespace": "drill-1", "uid": "8c1f", "resourceVersion": "700",
      "creationTimestamp": "2026-03-01T12:00:00Z",
      "annotations": {"rollout.argoproj.io/revision": "2"},
      "labels": {"app": "demo"},
      "managedFields": [
        {"manager": "gate-drill", "operation": "Apply", "time": "2026-03-01T12:00:00Z"},
        {"manager": "rollouts-controller", "operation": "Update", "subresource": "status"}]},
    "spec": {
      "selector": {"matchLabels": {"app": "demo"}},
      "strategy": {"canary": {"maxSurge": "25%", "maxUnavailable": "25%", "steps": [
        {"setWeight": 20},
        {"analysis": {"templates": [{"templateName": "evidence-gate"}]}},
        {"setWeight": 50},
        {"analysis": {"templates": [{"templateName": "evidence-gate"}]}}]}}},
    "status": {"HPAReplicas": 5, "availableReplicas": 5, "readyReplicas": 5, "replicas": 5,
               "selector": "app=demo", "blueGreen": {}, "canary": {}}
  })");
  object["metadata"]["generation"] = spec.generation;
  object["metadata"]["managedFields"][1]["time"] = spec.written;
  if (!spec.release.empty()) object["metadata"]["labels"]["release-id"] = spec.release;
  object["spec"]["replicas"] = spec.replicas;
  Json& status = object["status"];
  status["observedGeneration"] = std::to_string(spec.observed);
  status["stableRS"] = spec.stable;
  status["currentPodHash"] = spec.current;
  status["phase"] = spec.phase;
  if (!spec.message.empty()) status["message"] = spec.message;
  if (spec.step >= 0) status["currentStepIndex"] = spec.step;
  if (spec.abort) status["abort"] = true;
  if (!spec.aborted_at.empty()) status["abortedAt"] = spec.aborted_at;
  if (spec.updated > 0) status["updatedReplicas"] = spec.updated;
  return object;
}

Json AReplicaSet(const ReplicaSetSpec& spec) {
  Json object = Json::parse(R"({
    "apiVersion": "apps/v1", "kind": "ReplicaSet",
    "metadata": {
      "namespace": "drill-1", "creationTimestamp": "2026-03-01T12:00:00Z",
      "annotations": {"rollout.argoproj.io/desired-replicas": "5"},
      "labels": {"app": "demo"},
      "ownerReferences": [{"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
                           "controller": true, "blockOwnerDeletion": true, "uid": "8c1f"}],
      "managedFields": [{"manager": "kube-controller-manager", "operation": "Update",
                         "subresource": "status"}]},
    "spec": {"selector": {"matchLabels": {"app": "demo"}}},
    "status": {"fullyLabeledReplicas": 1}
  })");
  object["metadata"]["name"] = spec.owner + "-" + spec.hash;
  object["metadata"]["uid"] = "rs-" + spec.hash;
  object["metadata"]["generation"] = spec.generation;
  object["metadata"]["labels"]["rollouts-pod-template-hash"] = spec.hash;
  object["metadata"]["ownerReferences"][0]["name"] = spec.owner;
  object["metadata"]["managedFields"][0]["time"] = spec.written;
  object["spec"]["replicas"] = spec.spec;
  object["status"]["replicas"] = spec.replicas;
  if (spec.available > 0) object["status"]["availableReplicas"] = spec.available;  // omitempty
  object["status"]["observedGeneration"] = spec.observed;
  return object;
}

Json AnAnalysisRun(const std::string& phase, const std::string& message,
                   const std::string& release) {
  Json object = Json::parse(R"({
    "apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisRun",
    "metadata": {
      "name": "demo-canary-2-1", "namespace": "drill-1", "uid": "ar-1",
      "creationTimestamp": "2026-03-01T12:00:11Z",
      "annotations": {"rollout.argoproj.io/revision": "2"},
      "labels": {"app": "demo", "rollout-type": "Step", "step-index": "1",
                 "rollouts-pod-template-hash": "canary"},
      "ownerReferences": [{"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
                           "name": "demo", "controller": true, "uid": "8c1f"}]},
    "spec": {"args": [{"name": "release-id"}, {"name": "stage", "value": "20"}], "metrics": []}
  })");
  object["spec"]["args"][0]["value"] = release;
  if (phase.empty()) return object;
  object["status"] = {{"phase", phase}, {"startedAt", "2026-03-01T12:00:11Z"}};
  if (!message.empty()) object["status"]["message"] = message;
  if (phase != "Running") object["status"]["completedAt"] = "2026-03-01T12:00:14Z";
  return object;
}

Json AJob(const std::string& condition, const std::string& reason) {
  Json object = Json::parse(R"({
    "apiVersion": "batch/v1", "kind": "Job",
    "metadata": {"name": "ar-1.evidence.1", "namespace": "drill-1", "uid": "job-1",
                 "creationTimestamp": "2026-03-01T12:00:11Z"},
    "status": {"active": 1, "ready": 1}
  })");
  if (condition.empty()) return object;
  object["status"] = {{"conditions", Json::array()}};
  if (condition == "Failed") {
    object["status"]["conditions"].push_back({{"type", "FailureTarget"},
                                              {"status", "True"},
                                              {"reason", reason},
                                              {"lastTransitionTime", "2026-03-01T12:00:13Z"}});
  }
  object["status"]["conditions"].push_back({{"type", condition},
                                            {"status", "True"},
                                            {"reason", reason},
                                            {"lastTransitionTime", "2026-03-01T12:00:13Z"}});
  return object;
}

Json APod(const std::string& name, const std::string& hash, const std::string& release) {
  Json object = Json::parse(R"({
    "apiVersion": "v1", "kind": "Pod",
    "metadata": {"namespace": "drill-1", "creationTimestamp": "2026-03-01T12:00:10Z",
                 "labels": {"app": "demo"}},
    "spec": {"containers": [{"name": "app", "image": "shop"}]},
    "status": {"phase": "Running"}
  })");
  object["metadata"]["name"] = name;
  object["metadata"]["labels"]["rollouts-pod-template-hash"] = hash;
  if (!release.empty()) object["metadata"]["labels"]["release-id"] = release;
  return object;
}

Json AnEvent(const std::string& uid, std::int64_t count) {
  Json object = Json::parse(R"({
    "apiVersion": "v1", "kind": "Event",
    "metadata": {"name": "demo.1", "namespace": "drill-1",
                 "creationTimestamp": "2026-03-01T12:00:12Z"},
    "involvedObject": {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "demo"},
    "reason": "RolloutAborted", "type": "Warning", "message": "Rollout aborted update",
    "source": {"component": "rollouts-controller"}, "eventTime": null,
    "firstTimestamp": "2026-03-01T12:00:12Z", "lastTimestamp": "2026-03-01T12:00:15Z"
  })");
  object["metadata"]["uid"] = uid;
  object["count"] = count;
  return object;
}

Json ARecord(const Json& previous, Json changes) {
  Json record = Json::parse(R"({
    "kind": "verdict", "id": "1f", "time": "2026-03-01T12:00:12.345678Z",
    "release": "shop-1.5.0", "stage": "20", "environment": "drill", "namespace": "drill-1",
    "rollout": "demo", "podHash": "canary", "analysisRun": "demo-canary-2-1",
    "verdict": "fail", "reason": "evidence-false", "message": "MC rejects it",
    "mcReasons": ["error rate"], "securityAlert": false, "dryRun": false, "attempts": 1,
    "evidenceDigest": "sha256:00", "keyId": "mc-good", "traceId": "4bf9", "durationMs": 12
  })");
  record["seq"] = previous.is_null() ? 1 : previous["seq"].get<std::int64_t>() + 1;
  record["prev"] = previous.is_null() ? Json(std::string(64, '0')) : previous["hash"];
  record.update(changes);
  record["hash"] = gate::Sha256Hex(record.dump());
  return record;
}

Json AStatus(const std::vector<Json>& records) {
  Json data = Json::object();
  std::string history;
  for (const Json& record : records) {
    history += record.dump() + "\n";
    data["stage-" + record["stage"].get<std::string>()] = record.dump();
    data["audit-head"] =
        std::to_string(record["seq"].get<std::int64_t>()) + " " + record["hash"].get<std::string>();
  }
  data["history"] = history;
  return {{"apiVersion", "v1"},
          {"kind", "ConfigMap"},
          {"metadata", {{"name", "rollout-gate-demo"}, {"namespace", "drill-1"}}},
          {"data", data}};
}

}  // namespace drill
