#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "harness/sim/cluster/controller.h"

namespace drill::sim {

// Runs the pods of Jobs to completion, as Kubernetes 1.34 does (pkg/controller/job), and deletes
// finished Jobs after their ttl (pkg/controller/ttlafterfinished). Not modelled: Indexed and
// suspended Jobs, failure and success policies. Pods carry no tracking finalizer: which of them
// have been counted is remembered here.
class JobController {
 public:
  JobController(ControllerManager& manager, Informer& jobs);
  JobController(const JobController&) = delete;
  JobController& operator=(const JobController&) = delete;

  WorkQueue& queue() { return queue_; }

 private:
  // Why a Job ends, before it does (conditions SuccessCriteriaMet and FailureTarget).
  struct Target {
    enum class Kind { kSuccess, kFailure } kind;
    std::string reason;
    std::string message;
    WallSeconds since;
  };
  // What is known of a Job. Its counts are kept here and not read from a status that may be stale.
  struct State {
    std::string uid;
    Expectations expectations;
    std::optional<WallSeconds> started;
    std::set<std::string> counted;  // uids of pods that are in the next two
    std::int64_t succeeded = 0;
    std::int64_t failed = 0;
    std::int64_t failures_in_a_row = 0;
    gate::Instant last_failure;
    std::optional<Target> target;
    std::optional<WallSeconds> ended;
  };
  struct Spec {
    std::optional<std::int64_t> completions;
    std::int64_t parallelism;
    std::int64_t backoff_limit;
    std::optional<gate::Nanos> deadline;
    bool restarts_on_failure;
  };
  struct Pods {
    std::vector<const PodView*> active;
    std::int64_t ready = 0;
    std::int64_t terminating = 0;
    std::int64_t restarts = 0;  // of active ones
  };

  void OnPod(const ObjectPtr& before, const ObjectPtr& after);
  WorkQueue::Outcome Reconcile(const ObjectKey& key);
  WorkQueue::Outcome ExpireFinished(const Object& job);
  State& StateOf(const Object& job);
  static Spec ReadSpec(const Object& job);
  Pods CountPods(State& state);
  void CountFinished(State& state, const PodView& pod);
  std::optional<Target> FindTarget(const Spec& spec, const State& state, const Pods& pods) const;
  gate::Nanos ManagePods(const Object& job, const Spec& spec, State& state, Pods& pods,
                         std::int64_t& active);
  static bool IsComplete(const Spec& spec, const State& state, std::int64_t active);
  gate::Nanos BackoffLeft(const State& state) const;
  std::int64_t CreatePods(const Object& job, State& state, std::int64_t count);
  std::int64_t DeletePods(const Object& job, State& state, const std::vector<const PodView*>& pods);
  void WriteState(const Object& job, const State& state, std::int64_t active, const Pods& pods);
  gate::Json StatusJson(const State& state, std::int64_t active, const Pods& pods) const;

  ControllerManager& manager_;
  Informer& jobs_;
  EventRecorder events_;
  gate::Rng rng_;
  std::map<ObjectKey, State> states_;
  WorkQueue queue_;
};

}  // namespace drill::sim
