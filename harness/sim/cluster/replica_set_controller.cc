#include "harness/sim/cluster/replica_set_controller.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "harness/sim/kube/fields.h"

namespace drill::sim {
namespace {

using gate::Json;
using gate::JsonInt;
using gate::Result;

constexpr std::int64_t kMostAtOnce = 500;  // pods created or deleted in one go (BurstReplicas)

bool Covers(const StringMap& labels, const StringMap& wanted) {
  if (labels == wanted) return true;  // as a rule
  return std::includes(labels.begin(), labels.end(), wanted.begin(), wanted.end());
}

// The conditions as they are to be: those of before, with ReplicaFailure if there was a failure.
Json NextConditions(const Json& status, const Result<void>& managed, WallSeconds now) {
  Json next = Json::array();
  const auto before = status.find("conditions");
  Json failure;
  if (before != status.end() && before->is_array()) {
    for (const Json& condition : *before) {
      if (gate::JsonString(condition, "/type") == "ReplicaFailure") {
        failure = condition;
      } else {
        next.push_back(condition);
      }
    }
  }
  if (managed) return next;
  if (failure.is_null()) {
    failure = {{"type", "ReplicaFailure"},
               {"status", "True"},
               {"reason", "FailedCreate"},
               {"message", managed.error().message},
               {"lastTransitionTime", FormatSeconds(now)}};
  }
  next.push_back(std::move(failure));
  return next;
}

}  // namespace

ReplicaSetController::ReplicaSetController(ControllerManager& manager, Informer& replica_sets)
    : manager_(manager),
      replica_sets_(replica_sets),
      events_(manager.world, manager.server, "replicaset-controller"),
      rng_(manager.world.Stream("replicaset-controller")),
      queue_(manager.world, [this](const ObjectKey& key) { return Reconcile(key); }) {
  queue_.base_backoff = std::chrono::milliseconds(5);
  queue_.longest_backoff = std::chrono::seconds(1000);
  replica_sets_.Subscribe([this](const ObjectPtr& before, const ObjectPtr& after) {
    queue_.Add(KeyOf(after ? *after : *before));
  });
  manager_.pods.Subscribe(
      [this](const ObjectPtr& before, const ObjectPtr& after) { OnPod(before, after); });
}

ReplicaSetController::State* ReplicaSetController::StateOf(const Object& pod) {
  const OwnerReference* owner = pod.meta.Controller();
  if (owner == nullptr || owner->kind != "ReplicaSet") return nullptr;
  const auto found = states_.find({pod.meta.ns, owner->name});
  return found == states_.end() || found->second.uid != owner->uid ? nullptr : &found->second;
}

void ReplicaSetController::OnPod(const ObjectPtr& before, const ObjectPtr& after) {
  const Object& pod = after ? *after : *before;
  const OwnerReference* owner = pod.meta.Controller();
  if (owner == nullptr || owner->kind != "ReplicaSet") return;
  if (State* state = StateOf(pod)) {
    if (!before) state->expectations.SawCreation();
    if (!after || after->meta.deleted) state->expectations.SawDeletion(pod.meta.uid);
  }
  if (manager_.pod_index.matters()) queue_.Add({pod.meta.ns, owner->name});
}

WorkQueue::Outcome ReplicaSetController::Reconcile(const ObjectKey& key) {
  const ObjectPtr set = replica_sets_.Get(key.ns, key.name);
  if (!set) {
    states_.erase(key);
    return {};
  }
  State& state = states_[key];
  if (state.uid != set->meta.uid) {
    state = State();
    state.uid = set->meta.uid;
  }
  std::vector<const PodView*> active;
  for (const auto& [name, pod] : manager_.pod_index.OwnedBy(state.uid)) {
    if (pod.active()) active.push_back(&pod);
  }
  Result<void> managed;
  if (!set->meta.deleted && state.expectations.Satisfied(manager_.world.Now())) {
    managed = Manage(*set, state, active);
  }
  // The counts are those from before: the effects are counted when they are seen.
  WorkQueue::Outcome outcome;
  const Counts counts = Count(*set, state, active, outcome.again_after);
  const bool wrote = WriteCounts(*set, state, counts, managed);
  outcome.kind = managed ? WorkQueue::Outcome::Kind::kDone : WorkQueue::Outcome::Kind::kRetry;
  if (wrote) outcome.busy = manager_.options.call.Draw(rng_);
  return outcome;
}

Result<void> ReplicaSetController::Manage(const Object& set, State& state,
                                          const std::vector<const PodView*>& active) {
  const std::int64_t wanted = IntOf(SpecOf(set), "replicas", 1);
  const auto have = static_cast<std::int64_t>(active.size());
  if (have < wanted) return CreatePods(set, state, std::min(wanted - have, kMostAtOnce));
  if (have > wanted) {
    DeletePods(set, state, active, static_cast<std::size_t>(std::min(have - wanted, kMostAtOnce)));
  }
  return {};
}

const PodTemplate& ReplicaSetController::TemplateOf(const Object& set, State& state) {
  if (state.read_from == set.spec) return state.pods;
  PodTemplate fresh = ReadPodTemplate(set);
  // A scaled ReplicaSet has another spec with the same template: its pods still share theirs.
  const bool same = state.pods.spec && fresh.spec && *state.pods.spec == *fresh.spec;
  if (same) fresh.spec = state.pods.spec;
  state.pods = std::move(fresh);
  state.read_from = set.spec;
  return state.pods;
}

Result<void> ReplicaSetController::CreatePods(const Object& set, State& state, std::int64_t count) {
  const Object pod = MakePod(set, TemplateOf(set, state));
  const std::string prefix = set.meta.name + "-";
  const gate::Instant now = manager_.world.Now();
  // One, two, four, ... side by side; after a failure no more (slowStartBatch).
  std::int64_t batch = 1;
  for (std::int64_t done = 0; done < count; batch *= 2) {
    Result<void> batch_result;
    for (std::int64_t i = 0; i < batch && done < count; ++i, ++done) {
      auto created = manager_.server.Create(kControllerManager, pod, prefix);
      if (created) {
        state.expectations.ExpectCreations(1, now);
        continue;
      }
      if (IsBeingEmptied(manager_.server, set.meta.ns)) return {};
      events_.Warn(set, "FailedCreate", "Error creating: " + created.error().message);
      batch_result = std::move(created).error();
    }
    if (!batch_result) return batch_result;
  }
  return {};
}

void ReplicaSetController::DeletePods(const Object& set, State& state,
                                      std::vector<const PodView*> pods, std::size_t count) {
  const gate::WallTime wall = manager_.world.WallNow();
  std::sort(pods.begin(), pods.end(),
            [wall](const PodView* a, const PodView* b) { return DeletedBefore(*a, *b, wall); });
  pods.resize(count);
  for (const PodView* view : pods) {
    const Meta& pod = view->pod->meta;
    state.expectations.ExpectDeletion(pod.uid, manager_.world.Now());
    auto deleted = manager_.server.Delete(kControllerManager, Type::kPod, set.meta.ns, pod.name,
                                          std::nullopt, pod.uid);
    // It is gone already; that will be seen without our doing.
    if (!deleted) state.expectations.SawDeletion(pod.uid);
  }
}

ReplicaSetController::Counts ReplicaSetController::Count(const Object& set, State& state,
                                                         const std::vector<const PodView*>& active,
                                                         gate::Nanos& next_available) {
  Counts counts;
  counts.generation = set.meta.generation;
  const StringMap& labels = TemplateOf(set, state).labels;
  const auto min_ready = std::chrono::seconds(IntOf(SpecOf(set), "minReadySeconds"));
  const gate::WallTime now = manager_.world.WallNow();
  for (const PodView* pod : active) {
    ++counts.replicas;
    if (Covers(pod->pod->meta.labels, labels)) ++counts.labelled;
    if (!pod->ready) continue;
    ++counts.ready;
    const gate::Nanos missing = gate::WallTime(pod->ready_since + min_ready) - now;
    if (min_ready.count() == 0 || missing.count() <= 0) {
      ++counts.available;
    } else if (next_available.count() == 0 || missing < next_available) {
      next_available = missing;
    }
  }
  return counts;
}

bool ReplicaSetController::WriteCounts(const Object& set, State& state, const Counts& counts,
                                       const Result<void>& managed) {
  if (managed && state.written == counts) return false;
  const Json& before = StatusOf(set);
  const auto conditions = before.find("conditions");
  const bool had_conditions = conditions != before.end() && !conditions->empty();
  const bool same = IntOf(before, "replicas", -1) == counts.replicas &&
                    IntOf(before, "fullyLabeledReplicas") == counts.labelled &&
                    IntOf(before, "readyReplicas") == counts.ready &&
                    IntOf(before, "availableReplicas") == counts.available &&
                    IntOf(before, "observedGeneration") == counts.generation;
  const bool plain = managed && !had_conditions;
  // Not noted as written: our cache may be behind our own last write, whose event brings us back.
  if (same && plain) return false;
  state.written = plain ? std::optional(counts) : std::nullopt;
  Json status = Json::object();
  status["replicas"] = counts.replicas;
  if (counts.labelled > 0) status["fullyLabeledReplicas"] = counts.labelled;
  if (counts.ready > 0) status["readyReplicas"] = counts.ready;
  if (counts.available > 0) status["availableReplicas"] = counts.available;
  status["observedGeneration"] = counts.generation;
  if (!managed || had_conditions) {
    const auto now = std::chrono::floor<std::chrono::seconds>(manager_.world.WallNow());
    Json next = NextConditions(before, managed, now);
    if (!next.empty()) status["conditions"] = std::move(next);
  }
  if (status == before) return false;
  // A ReplicaSet that is gone needs no status.
  static_cast<void>(
      WriteStatus(manager_.server, kControllerManager, set, Share(std::move(status))));
  return true;
}

}  // namespace drill::sim
