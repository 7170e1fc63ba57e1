#include "harness/sim/cluster/deployment_controller.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "gate/base/digest.h"
#include "harness/sim/kube/fields.h"

namespace drill::sim {
namespace {

using gate::Json;
using gate::Result;

constexpr const char* kHashLabel = "pod-template-hash";

// Names the template. Kubernetes' own hash depends on its version; ours only has to be stable.
std::string HashOf(const Object& deployment) {
  const auto found = SpecOf(deployment).find("template");
  constexpr std::size_t kDigits = 10;
  return gate::Sha256Hex(found == SpecOf(deployment).end() ? "" : found->dump()).substr(0, kDigits);
}

Json Condition(const char* type, bool holds, const char* reason, const char* message,
               const std::string& time) {
  return {{"type", type},           {"status", holds ? "True" : "False"},
          {"reason", reason},       {"message", message},
          {"lastUpdateTime", time}, {"lastTransitionTime", time}};
}

// The condition as it was, if it says the same.
Json Keep(Json condition, const Json& status) {
  const auto before = status.find("conditions");
  if (before == status.end() || !before->is_array()) return condition;
  for (const Json& old : *before) {
    if (old.value("type", "") == condition["type"] &&
        old.value("status", "") == condition["status"] &&
        old.value("reason", "") == condition["reason"]) {
      return old;
    }
  }
  return condition;
}

}  // namespace

DeploymentController::DeploymentController(ControllerManager& manager, Informer& deployments,
                                           Informer& replica_sets)
    : manager_(manager),
      deployments_(deployments),
      replica_sets_(replica_sets),
      rng_(manager.world.Stream("deployment-controller")),
      queue_(manager.world, [this](const ObjectKey& key) { return Reconcile(key); }) {
  deployments_.Subscribe([this](const ObjectPtr& before, const ObjectPtr& after) {
    const Meta& meta = after ? after->meta : before->meta;
    queue_.Add({meta.ns, meta.name});
  });
  replica_sets_.Subscribe([this](const ObjectPtr& before, const ObjectPtr& after) {
    const Meta& meta = after ? after->meta : before->meta;
    const OwnerReference* owner = meta.Controller();
    if (owner != nullptr && owner->kind == "Deployment") queue_.Add({meta.ns, owner->name});
  });
}

WorkQueue::Outcome DeploymentController::Reconcile(const ObjectKey& key) {
  const ObjectPtr deployment = deployments_.Get(key.ns, key.name);
  if (!deployment) written_.erase(key);
  if (!deployment || deployment->meta.deleted) return {};
  const std::int64_t wanted = IntOf(SpecOf(*deployment), "replicas", 1);
  const std::string hash =
      hashes_.Of(deployment->spec, [&deployment] { return HashOf(*deployment); });
  const std::vector<ObjectPtr> sets = replica_sets_.OwnedBy(deployment->meta.uid);
  ObjectPtr current;
  for (const ObjectPtr& set : sets) {
    if (set->meta.Label(kHashLabel) == hash) current = set;
  }
  Result<void> done;
  if (!current) {
    done = Create(*deployment, hash);
  } else {
    done = Scale(current, wanted);
    const bool available = IntOf(StatusOf(*current), "availableReplicas") >= wanted;
    for (const ObjectPtr& set : sets) {
      if (done && set != current && available) done = Scale(set, 0);
    }
  }
  Counts counts{deployment->meta.generation, wanted};
  if (current) counts.updated = IntOf(StatusOf(*current), "replicas");
  for (const ObjectPtr& set : sets) {
    const Json& status = StatusOf(*set);
    counts.replicas += IntOf(status, "replicas");
    counts.ready += IntOf(status, "readyReplicas");
    counts.available += IntOf(status, "availableReplicas");
  }
  WriteCounts(*deployment, counts);
  WorkQueue::Outcome outcome;
  if (!done && !IsBeingEmptied(manager_.server, key.ns)) {
    outcome.kind = WorkQueue::Outcome::Kind::kRetry;
  }
  outcome.busy = manager_.options.call.Draw(rng_);
  return outcome;
}

Result<void> DeploymentController::Create(const Object& deployment, const std::string& hash) {
  const Json& from = SpecOf(deployment);
  Json spec = {{"replicas", from.value("replicas", std::int64_t{1})},
               {"selector", from.value("selector", Json::object())},
               {"template", from.value("template", Json::object())}};
  spec["selector"]["matchLabels"][kHashLabel] = hash;
  spec["template"]["metadata"]["labels"][kHashLabel] = hash;
  if (from.contains("minReadySeconds")) spec["minReadySeconds"] = from["minReadySeconds"];
  Object set{Type::kReplicaSet, {}, Share(std::move(spec)), nullptr, nullptr};
  set.meta.ns = deployment.meta.ns;
  set.meta.name = deployment.meta.name + "-" + hash;
  set.meta.labels = ReadPodTemplate(set).labels;
  set.meta.owners.push_back({"apps/v1", "Deployment", deployment.meta.name, deployment.meta.uid});
  auto created = manager_.server.Create(kControllerManager, std::move(set));
  // It is there already, and will be seen.
  if (created || created.error().code == gate::ErrorCode::kAlreadyExists) return {};
  return std::move(created).error();
}

Result<void> DeploymentController::Scale(const ObjectPtr& set, std::int64_t replicas) {
  if (IntOf(SpecOf(*set), "replicas", 1) == replicas) return {};
  Json spec = SpecOf(*set);
  spec["replicas"] = replicas;
  Object next = *set;
  next.spec = Share(std::move(spec));
  auto written = manager_.server.Update(kControllerManager, std::move(next), WritePart::kMain);
  if (!written) return std::move(written).error();
  return {};
}

Json DeploymentController::StatusJson(const Counts& counts, const Json& before,
                                      const std::string& now) {
  const bool is_available = counts.available >= counts.wanted;
  Json status = {{"observedGeneration", counts.generation}};
  const auto put = [&status](const char* key, std::int64_t value) {
    if (value > 0) status[key] = value;
  };
  put("replicas", counts.replicas);
  put("updatedReplicas", counts.updated);
  put("readyReplicas", counts.ready);
  put("availableReplicas", counts.available);
  put("unavailableReplicas", counts.wanted - counts.available);
  status["conditions"] = {
      Keep(is_available ? Condition("Available", true, "MinimumReplicasAvailable",
                                    "Deployment has minimum availability.", now)
                        : Condition("Available", false, "MinimumReplicasUnavailable",
                                    "Deployment does not have minimum availability.", now),
           before),
      Keep(is_available && counts.updated >= counts.wanted
               ? Condition("Progressing", true, "NewReplicaSetAvailable",
                           "The new ReplicaSet has successfully progressed.", now)
               : Condition("Progressing", true, "ReplicaSetUpdated",
                           "The ReplicaSet is progressing.", now),
           before)};
  return status;
}

void DeploymentController::WriteCounts(const Object& deployment, const Counts& counts) {
  Written& written = written_[KeyOf(deployment)];
  if (written.status && written.status == deployment.status && written.counts == counts) return;
  const auto now =
      FormatSeconds(std::chrono::floor<std::chrono::seconds>(manager_.world.WallNow()));
  Json status = StatusJson(counts, StatusOf(deployment), now);
  if (status == StatusOf(deployment)) {
    written = {deployment.status, counts};
    return;
  }
  auto stored =
      WriteStatus(manager_.server, kControllerManager, deployment, Share(std::move(status)));
  // A Deployment that is gone needs no status.
  written = stored ? Written{(*stored)->status, counts} : Written{};
}

}  // namespace drill::sim
