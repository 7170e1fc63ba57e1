#include "harness/kind/kind_stage.h"

#include <utility>

#include "harness/kind/collect.h"
#include "harness/kind/pod_troubles.h"

namespace drill {
namespace {

using gate::Error;
using gate::Result;

constexpr const char* kFieldManager = "gate-drill";

}  // namespace

KindStage::KindStage(ClusterApi& cluster, gate::Runtime& runtime, gate::Files& files,
                     std::string directory, const Scenario& scenario, StageWorld world, Keep keep,
                     StageExtras* extras)
    : cluster_(cluster),
      runtime_(runtime),
      files_(files),
      directory_(std::move(directory)),
      scenario_(scenario),
      world_(std::move(world)),
      keep_(keep),
      extras_(extras),
      by_helm_(extras != nullptr && InstalledByHelm(scenario)) {}

Result<void> KindStage::Prepare(const Progress& progress, const gate::Deadline& deadline) {
  auto made = MakeImages(progress, deadline);
  if (!made) return made;
  progress("applying manifests");
  auto applied = ApplyObjects(deadline);
  if (!applied) return applied;
  progress("waiting for mock-mc");
  auto ready = Await(AvailableDeployment(world_.ns, kMockName), deadline);
  if (!ready) return ready;
  if (scenario_.gate_mode == GateMode::kService) {
    progress("waiting for the gate");
    auto serving = Await(AvailableDeployment(world_.ns, kGateName), deadline);
    if (!serving) return serving;
  }
  if (scenario_.prometheus) {
    progress("waiting for Prometheus");
    auto watching = Await(AvailableDeployment(world_.ns, kPrometheusName), deadline);
    if (!watching) return watching;
    auto scraped = AwaitScrape(cluster_, runtime_, world_.ns, deadline);
    if (!scraped) return scraped;
  }
  progress("waiting for the stable release");
  return Await(HealthyRollout(world_.ns, rollout_), deadline);
}

Result<void> KindStage::MakeImages(const Progress& progress, const gate::Deadline& deadline) {
  if (by_helm_) {
    progress("building an image with helm");
    auto image = extras_->serve_with_helm.Ensure(deadline);
    if (!image) return std::move(image).error();
    world_.serve_image = *std::move(image);
  }
  if (scenario_.prometheus) {
    progress("building an image of Prometheus");
    auto image = extras_->prometheus.Ensure(deadline);
    if (!image) return std::move(image).error();
    world_.prometheus_image = *std::move(image);
  }
  return {};
}

Result<gate::KubeApi*> KindStage::KubeOf(const std::string& person,
                                         const gate::Deadline& deadline) {
  if (const auto known = people_.find(person); known != people_.end()) return known->second.get();
  for (const Manifest& manifest : PersonObjects(person, world_.ns)) {
    auto applied = Apply(manifest, deadline);
    if (!applied) return std::move(applied).error().Wrap("letting " + person + " decide");
  }
  auto api = cluster_.KubeOf(world_.ns, person, deadline);
  if (!api) return std::move(api).error();
  return (people_[person] = *std::move(api)).get();
}

Result<void> KindStage::ApplyObjects(const gate::Deadline& deadline) {
  auto objects = StageObjects(files_, directory_, scenario_, world_);
  if (!objects) return std::move(objects).error();
  for (const Manifest& manifest : *objects) {
    const bool by_helm = by_helm_ && manifest.ref.resource == gate::kube::kRollouts;
    auto applied =
        by_helm ? extras_->helm.Upgrade(manifest.object, deadline) : Apply(manifest, deadline);
    if (!applied) return applied;
    if (by_helm) released_ = manifest.object;
  }
  return {};
}

Result<void> KindStage::Apply(const Manifest& manifest, const gate::Deadline& deadline) {
  auto applied = kube().Apply(manifest.ref, manifest.object, kFieldManager,
                              gate::KubeApi::Force::kNo, gate::KubeSubresource::kNone, deadline);
  if (applied) return {};
  return std::move(applied).error().Wrap("applying " + manifest.ref.resource.plural + " " +
                                         manifest.ref.name);
}

Result<bool> KindStage::DeployByInstaller(const gate::Json& patch, const gate::Deadline& deadline) {
  if (!by_helm_) return false;
  gate::Json next = released_;
  next.merge_patch(patch);
  auto upgraded = extras_->helm.Upgrade(next, deadline);
  if (!upgraded) return std::move(upgraded).error();
  released_ = std::move(next);
  return true;
}

Result<void> KindStage::Await(const Awaited& awaited, const gate::Deadline& deadline) {
  auto found = WaitFor(kube(), runtime_, awaited, deadline);
  if (found) return {};
  Error error = std::move(found).error();
  if (error.code != gate::ErrorCode::kDeadlineExceeded) return error;
  // A deadline of its own: the caller's has just passed.
  constexpr gate::Nanos kDiagnosis = std::chrono::seconds(5);
  const std::string troubles =
      PodTroubles(kube(), world_.ns, {runtime_.Now() + kDiagnosis, deadline.stop});
  if (!troubles.empty()) error.message += "; " + troubles;
  return error;
}

Result<void> KindStage::CallMcAdmin(const std::string& method, const std::string& path,
                                    const gate::Json& body, const gate::Deadline& deadline) {
  auto answer = cluster_.SendText(method, MockAdminPath(world_.ns, path), body.dump(), deadline);
  if (!answer) return std::move(answer).error().Wrap("calling mock-mc's admin API");
  return {};
}

Result<Trace> KindStage::Collect(const gate::Deadline& deadline) {
  auto requests = CollectMcRequests(cluster_, runtime_, world_.ns, deadline);
  if (!requests) return requests;
  auto audits = CollectAudits(cluster_, runtime_, world_.ns, deadline);
  if (!audits) return audits;
  Trace all = Merge(*std::move(requests), *std::move(audits));
  if (!scenario_.prometheus) return all;
  auto alerts = CollectAlerts(cluster_, runtime_, world_.ns, deadline);
  if (!alerts) return alerts;
  return Merge(std::move(all), *std::move(alerts));
}

Result<void> KindStage::Remove(const gate::Deadline& deadline) {
  if (keep_ == Keep::kYes) return {};
  auto removed = kube().Delete({gate::kube::kNamespaces, "", world_.ns}, deadline);
  if (!removed && removed.error().code != gate::ErrorCode::kNotFound) return removed;
  return {};
}

}  // namespace drill
