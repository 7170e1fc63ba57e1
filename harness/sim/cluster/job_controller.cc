#include "harness/sim/cluster/job_controller.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "harness/sim/kube/fields.h"

namespace drill::sim {
namespace {

using gate::Json;
using gate::JsonInt;
using gate::JsonString;

// Syncs that pods or status changes bring are collected for so long (syncJobBatchPeriod).
constexpr gate::Nanos kBatch = std::chrono::seconds(1);
// Between a failed pod and the next one (DefaultJobPodFailureBackOff, MaxJobPodFailureBackOff).
constexpr gate::Nanos kFirstBackoff = std::chrono::seconds(10);
constexpr gate::Nanos kLongestBackoff = std::chrono::minutes(10);
constexpr std::int64_t kMostAtOnce = 500;

// When the Job was finished; nothing if it is not.
std::optional<WallSeconds> FinishedAt(const Object& job) {
  const Json& status = StatusOf(job);
  const auto conditions = status.find("conditions");
  if (conditions == status.end() || !conditions->is_array()) return std::nullopt;
  for (const Json& condition : *conditions) {
    const std::string type = JsonString(condition, "/type");
    if (type != "Complete" && type != "Failed") continue;
    if (JsonString(condition, "/status") != "True") continue;
    return ParseSeconds(JsonString(condition, "/lastTransitionTime"));
  }
  return std::nullopt;
}

// When the last container of a finished pod ended, as far as it is known.
std::optional<WallSeconds> EndOf(const PodView& pod) {
  const Json& status = StatusOf(*pod.pod);
  std::optional<WallSeconds> end;
  const auto containers = status.find("containerStatuses");
  if (containers == status.end() || !containers->is_array()) return end;
  for (const Json& container : *containers) {
    const auto time = ParseSeconds(JsonString(container, "/state/terminated/finishedAt"));
    if (time && (!end || *time > *end)) end = time;
  }
  return end;
}

Json Condition(const char* type, const std::string& reason, const std::string& message,
               WallSeconds since) {
  const std::string time = FormatSeconds(since);
  return {{"type", type},       {"status", "True"},      {"reason", reason},
          {"message", message}, {"lastProbeTime", time}, {"lastTransitionTime", time}};
}

}  // namespace

JobController::JobController(ControllerManager& manager, Informer& jobs)
    : manager_(manager),
      jobs_(jobs),
      events_(manager.world, manager.server, "job-controller"),
      rng_(manager.world.Stream("job-controller")),
      queue_(manager.world, [this](const ObjectKey& key) { return Reconcile(key); }) {
  queue_.base_backoff = std::chrono::seconds(1);
  queue_.longest_backoff = std::chrono::minutes(1);
  jobs_.Subscribe([this](const ObjectPtr& before, const ObjectPtr& after) {
    const bool at_once = !before || !after || before->meta.generation != after->meta.generation;
    queue_.AddAfter(KeyOf(after ? *after : *before), at_once ? gate::Nanos(0) : kBatch);
  });
  manager_.pods.Subscribe(
      [this](const ObjectPtr& before, const ObjectPtr& after) { OnPod(before, after); });
}

void JobController::OnPod(const ObjectPtr& before, const ObjectPtr& after) {
  const Object& pod = after ? *after : *before;
  const OwnerReference* owner = pod.meta.Controller();
  if (owner == nullptr || owner->kind != "Job") return;
  const ObjectKey key{pod.meta.ns, owner->name};
  const auto state = states_.find(key);
  if (state != states_.end() && state->second.uid == owner->uid) {
    if (!before) state->second.expectations.SawCreation();
    if (!after || after->meta.deleted) state->second.expectations.SawDeletion(pod.meta.uid);
    // Removed before its end was seen: it counts as failed.
    if (!after && !state->second.ended) CountFinished(state->second, ReadPod(before));
  }
  if (manager_.pod_index.matters()) queue_.AddAfter(key, kBatch);
}

JobController::State& JobController::StateOf(const Object& job) {
  State& state = states_[KeyOf(job)];
  if (state.uid != job.meta.uid) {
    state = State();
    state.uid = job.meta.uid;
  }
  return state;
}

JobController::Spec JobController::ReadSpec(const Object& job) {
  const Json& json = SpecOf(job);
  Spec spec;
  const auto parallelism = MaybeInt(json, "parallelism");
  spec.completions = MaybeInt(json, "completions");
  spec.parallelism = parallelism.value_or(1);
  if (!spec.completions && !parallelism) spec.completions = 1;
  constexpr std::int64_t kDefaultBackoffLimit = 6;
  spec.backoff_limit = MaybeInt(json, "backoffLimit").value_or(kDefaultBackoffLimit);
  if (const auto seconds = MaybeInt(json, "activeDeadlineSeconds")) {
    spec.deadline = std::chrono::seconds(*seconds);
  }
  spec.restarts_on_failure = JsonString(json, "/template/spec/restartPolicy") == "OnFailure";
  return spec;
}

void JobController::CountFinished(State& state, const PodView& pod) {
  if (!state.counted.insert(pod.pod->meta.uid).second) return;
  if (pod.phase == PodPhase::kSucceeded) {
    ++state.succeeded;
    state.failures_in_a_row = 0;
    return;
  }
  ++state.failed;
  ++state.failures_in_a_row;
  const gate::WallTime now = manager_.world.WallNow();
  const auto end = EndOf(pod);
  state.last_failure = manager_.world.Now() - (end ? now - gate::WallTime(*end) : gate::Nanos(0));
}

JobController::Pods JobController::CountPods(State& state) {
  Pods pods;
  for (const auto& [name, pod] : manager_.pod_index.OwnedBy(state.uid)) {
    if (pod.active()) {
      pods.active.push_back(&pod);
      if (pod.ready) ++pods.ready;
      pods.restarts += pod.restarts;
      continue;
    }
    if (pod.deleting() && !pod.finished()) ++pods.terminating;
    CountFinished(state, pod);
  }
  return pods;
}

std::optional<JobController::Target> JobController::FindTarget(const Spec& spec, const State& state,
                                                               const Pods& pods) const {
  const gate::WallTime now = manager_.world.WallNow();
  const auto since = std::chrono::floor<std::chrono::seconds>(now);
  const bool too_many_restarts =
      spec.restarts_on_failure && pods.restarts > 0 && pods.restarts >= spec.backoff_limit;
  if (state.failed > spec.backoff_limit || too_many_restarts) {
    return Target{Target::Kind::kFailure, "BackoffLimitExceeded",
                  "Job has reached the specified backoff limit", since};
  }
  if (spec.deadline && now - gate::WallTime(*state.started) >= *spec.deadline) {
    return Target{Target::Kind::kFailure, "DeadlineExceeded",
                  "Job was active longer than specified deadline", since};
  }
  return std::nullopt;
}

WorkQueue::Outcome JobController::Reconcile(const ObjectKey& key) {
  const ObjectPtr job = jobs_.Get(key.ns, key.name);
  if (!job) {
    states_.erase(key);
    return {};
  }
  if (FinishedAt(*job)) return ExpireFinished(*job);
  State& state = StateOf(*job);
  if (state.ended) return {};  // the status that says so is on its way
  const Spec spec = ReadSpec(*job);
  const gate::WallTime now = manager_.world.WallNow();
  const auto now_seconds = std::chrono::floor<std::chrono::seconds>(now);
  const bool satisfied = state.expectations.Satisfied(manager_.world.Now());
  Pods pods = CountPods(state);
  auto active = static_cast<std::int64_t>(pods.active.size());
  if (!state.started) state.started = now_seconds;
  if (!state.target && satisfied) state.target = FindTarget(spec, state, pods);

  WorkQueue::Outcome outcome;
  if (state.target) {
    for (const PodView* pod : pods.active) CountFinished(state, *pod);
    pods.terminating += DeletePods(*job, state, pods.active);
    pods.ready = 0;
    active = 0;
  } else {
    if (spec.deadline) outcome.again_after = gate::WallTime(*state.started) + *spec.deadline - now;
    if (satisfied && !job->meta.deleted) {
      const gate::Nanos wait = ManagePods(*job, spec, state, pods, active);
      if (wait.count() < 0) outcome.kind = WorkQueue::Outcome::Kind::kRetry;
      if (wait.count() > 0 && (!spec.deadline || wait < outcome.again_after)) {
        outcome.again_after = wait;
      }
    }
    if (IsComplete(spec, state, active)) {
      state.target = Target{Target::Kind::kSuccess, "CompletionsReached",
                            "Reached expected number of succeeded pods", now_seconds};
    }
  }
  WriteState(*job, state, active, pods);
  if (state.target && pods.terminating == 0) {
    state.ended = now_seconds;
    WriteState(*job, state, active, pods);
  }
  outcome.busy = manager_.options.call.Draw(rng_);
  return outcome;
}

bool JobController::IsComplete(const Spec& spec, const State& state, std::int64_t active) {
  if (active > 0) return false;
  return spec.completions ? state.succeeded >= *spec.completions : state.succeeded > 0;
}

// Returns when to look again (0: no need to), or a negative time if pods could not be created.
gate::Nanos JobController::ManagePods(const Object& job, const Spec& spec, State& state, Pods& pods,
                                      std::int64_t& active) {
  std::int64_t wanted = spec.parallelism;
  if (spec.completions) {
    wanted = std::clamp<std::int64_t>(*spec.completions - state.succeeded, 0, spec.parallelism);
  } else if (state.succeeded > 0) {
    wanted = active;
  }
  if (active > wanted) {
    std::vector<const PodView*> surplus = pods.active;
    const gate::WallTime now = manager_.world.WallNow();
    std::sort(surplus.begin(), surplus.end(),
              [now](const PodView* a, const PodView* b) { return DeletedBefore(*a, *b, now); });
    surplus.resize(static_cast<std::size_t>(std::min(active - wanted, kMostAtOnce)));
    for (const PodView* pod : surplus) {
      state.expectations.ExpectDeletion(pod->pod->meta.uid, manager_.world.Now());
    }
    const std::int64_t deleted = DeletePods(job, state, surplus);
    active -= static_cast<std::int64_t>(surplus.size());
    pods.terminating += deleted;
    return gate::Nanos(0);
  }
  if (active == wanted) return gate::Nanos(0);
  if (const gate::Nanos left = BackoffLeft(state); left.count() > 0) return std::max(left, kBatch);
  const std::int64_t missing = std::min(wanted - active, kMostAtOnce);
  const std::int64_t created = CreatePods(job, state, missing);
  active += created;
  return gate::Nanos(created < missing ? -1 : 0);
}

gate::Nanos JobController::BackoffLeft(const State& state) const {
  if (state.failures_in_a_row == 0) return gate::Nanos(0);
  gate::Nanos backoff = kFirstBackoff;
  for (std::int64_t i = 1; i < state.failures_in_a_row && backoff < kLongestBackoff; ++i) {
    backoff *= 2;
  }
  return std::min(backoff, kLongestBackoff) - (manager_.world.Now() - state.last_failure);
}

std::int64_t JobController::CreatePods(const Object& job, State& state, std::int64_t count) {
  PodTemplate pod_template = ReadPodTemplate(job);
  StringMap& labels = pod_template.labels;
  labels["batch.kubernetes.io/job-name"] = labels["job-name"] = job.meta.name;
  labels["batch.kubernetes.io/controller-uid"] = labels["controller-uid"] = job.meta.uid;
  const Object pod = MakePod(job, pod_template);
  for (std::int64_t i = 0; i < count; ++i) {
    auto created = manager_.server.Create(kControllerManager, pod, job.meta.name + "-");
    if (!created) {
      if (IsBeingEmptied(manager_.server, job.meta.ns)) return count;
      events_.Warn(job, "FailedCreate", "Error creating: " + created.error().message);
      return i;
    }
    state.expectations.ExpectCreations(1, manager_.world.Now());
  }
  return count;
}

// Returns how many of them take time to end.
std::int64_t JobController::DeletePods(const Object& job, State& state,
                                       const std::vector<const PodView*>& pods) {
  std::int64_t terminating = 0;
  for (const PodView* view : pods) {
    const Meta& pod = view->pod->meta;
    auto deleted = manager_.server.Delete(kControllerManager, Type::kPod, job.meta.ns, pod.name,
                                          std::nullopt, pod.uid);
    if (deleted) {
      ++terminating;
    } else {
      state.expectations.SawDeletion(pod.uid);  // it is gone already
    }
  }
  return terminating;
}

Json JobController::StatusJson(const State& state, std::int64_t active, const Pods& pods) const {
  Json status = Json::object();
  if (active > 0) status["active"] = active;
  if (state.succeeded > 0) status["succeeded"] = state.succeeded;
  if (state.failed > 0) status["failed"] = state.failed;
  status["ready"] = pods.ready;
  status["terminating"] = pods.terminating;
  status["uncountedTerminatedPods"] = Json::object();
  status["startTime"] = FormatSeconds(*state.started);
  if (!state.target) return status;
  const Target& target = *state.target;
  const bool success = target.kind == Target::Kind::kSuccess;
  Json& conditions = status["conditions"] = Json::array();
  conditions.push_back(Condition(success ? "SuccessCriteriaMet" : "FailureTarget", target.reason,
                                 target.message, target.since));
  if (!state.ended) return status;
  conditions.push_back(
      Condition(success ? "Complete" : "Failed", target.reason, target.message, *state.ended));
  if (success) status["completionTime"] = FormatSeconds(*state.ended);
  return status;
}

void JobController::WriteState(const Object& job, const State& state, std::int64_t active,
                               const Pods& pods) {
  Json status = StatusJson(state, active, pods);
  if (status == StatusOf(job)) return;
  // A Job that is gone needs no status.
  static_cast<void>(
      WriteStatus(manager_.server, kControllerManager, job, Share(std::move(status))));
}

WorkQueue::Outcome JobController::ExpireFinished(const Object& job) {
  const auto ttl = MaybeInt(SpecOf(job), "ttlSecondsAfterFinished");
  if (!ttl || job.meta.deleted) return {};
  const gate::WallTime expires = *FinishedAt(job) + std::chrono::seconds(*ttl);
  const gate::Nanos left = expires - manager_.world.WallNow();
  WorkQueue::Outcome outcome;
  if (left.count() > 0) {
    outcome.again_after = left;
  } else {
    // Gone already: just as well.
    static_cast<void>(DeleteForeground(manager_.server, kControllerManager, job));
  }
  return outcome;
}

}  // namespace drill::sim
