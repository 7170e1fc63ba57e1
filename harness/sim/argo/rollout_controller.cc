#include "harness/sim/argo/rollout_controller.h"

#include <fmt/format.h>

#include <utility>

#include "harness/sim/argo/pod_hash.h"

namespace drill::sim::argo {
namespace {

using gate::ErrorCode;
using gate::Result;

// argo R4: events go through the rate limiter of the queue.
constexpr gate::Nanos kEventDelay = std::chrono::milliseconds(1);
constexpr gate::Nanos kStaleCache = std::chrono::milliseconds(100);  // argo R4, 1.10

}  // namespace

RolloutController::RolloutController(const RolloutEnvironment& env, Informer& rollouts)
    : env_(env),
      rollouts_(rollouts),
      queue_(env.world, [this](const ObjectKey& key) { return Reconcile(key); }) {}

void RolloutController::Stop() {
  queue_.Stop();
  wakes_.Clear();
  known_.clear();
  written_.clear();
}

void RolloutController::Enqueue(const ObjectKey& key) { queue_.AddAfter(key, kEventDelay); }

// 1.9 puts what it wrote into its cache; 1.10 waits until the cache has it.
ObjectPtr RolloutController::Newest(const ObjectKey& key) const {
  ObjectPtr cached = rollouts_.Get(key.ns, key.name);
  if (!cached || env_.options.version != ArgoVersion::k1_9) return cached;
  const auto found = written_.find(key);
  const bool newer = found != written_.end() && found->second->meta.uid == cached->meta.uid &&
                     found->second->meta.resource_version > cached->meta.resource_version;
  return newer ? found->second : cached;
}

WorkQueue::Outcome RolloutController::Reconcile(const ObjectKey& key) {
  const ObjectPtr rollout = Newest(key);
  if (!rollout) {
    if (const auto found = written_.find(key); found != written_.end()) {
      known_.erase(found->second->meta.uid);
      env_.router.Forget(found->second->meta.uid);
      written_.erase(found);
    }
    wakes_.Forget(key);
    return {};
  }
  const auto found = written_.find(key);
  if (found != written_.end() && env_.options.version == ArgoVersion::k1_10 &&
      rollout->meta.resource_version < found->second->meta.resource_version) {
    return {WorkQueue::Outcome::Kind::kDone, wakes_.Merge(key, env_.world.Now(), kStaleCache),
            gate::Nanos(0)};
  }
  if (rollout->meta.deleted) return {};
  return Sync(key, rollout);
}

RolloutController::Known& RolloutController::Know(const Object& rollout) {
  Known& known = known_[rollout.meta.uid];
  if (known.generation == rollout.meta.generation) return known;
  known = Known{};
  known.generation = rollout.meta.generation;
  auto spec =
      rollout.spec
          ? ReadRolloutSpec(rollout.spec)
          : Result<RolloutSpec>(gate::Error{ErrorCode::kInvalidArgument, "spec: Required value"});
  if (!spec) {
    known.invalid = spec.error().message;
    return known;
  }
  known.spec = std::make_shared<const RolloutSpec>(std::move(*spec));
  known.pod_hash = PodTemplateHash(known.spec->Template(), std::nullopt);
  return known;
}

// argo R31
std::string RolloutController::WhyInvalid(const Object& rollout, Known& known) const {
  if (!known.spec) return known.invalid;
  if (known.references == references_) return known.invalid_reference;
  known.references = references_;
  known.invalid_reference.clear();
  const auto check_service = [&](const std::string& name, std::string_view field) {
    if (name.empty() || env_.services.Get(rollout.meta.ns, name)) return;
    if (!known.invalid_reference.empty()) return;
    known.invalid_reference =
        fmt::format("spec.strategy.canary.{}: Invalid value: \"{}\": service \"{}\" not found",
                    field, name, name);
  };
  check_service(known.spec->stable_service, "stableService");
  check_service(known.spec->canary_service, "canaryService");
  if (!known.invalid_reference.empty()) return known.invalid_reference;
  const auto valid = ValidateAnalyses(*known.spec, rollout, [&](const TemplateRef& ref) {
    return ref.cluster_scope ? env_.cluster_templates.Get("", ref.name)
                             : env_.templates.Get(rollout.meta.ns, ref.name);
  });
  if (!valid) known.invalid_reference = valid.error().message;
  return known.invalid_reference;
}

WorkQueue::Outcome RolloutController::Sync(const ObjectKey& key, const ObjectPtr& rollout) {
  Known& known = Know(*rollout);
  RolloutSync sync(env_, rollout, known.spec, known.pod_hash, known.status);
  const std::string invalid = WhyInvalid(*rollout, known);
  auto done = invalid.empty() ? sync.Run() : sync.ReportInvalid(invalid);
  // What was written before an error is not remembered.
  if (sync.written() && done && invalid.empty()) {
    written_[key] = sync.written();
  } else if (written_.count(key) == 0) {
    written_[key] = rollout;  // so that its end is noticed
  }
  WorkQueue::Outcome outcome;
  outcome.again_after = wakes_.Merge(key, env_.world.Now(), sync.wake());
  outcome.busy = env_.api.TakeBusy();
  // What is not there is not tried again: an event will tell. An invalid spec is an error each
  // time.
  const bool gone = !done && done.error().code == ErrorCode::kNotFound;
  if ((!done && !gone) || !invalid.empty()) outcome.kind = WorkQueue::Outcome::Kind::kRetry;
  return outcome;
}

}  // namespace drill::sim::argo
