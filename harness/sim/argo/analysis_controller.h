#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/sim/argo/api.h"
#include "harness/sim/argo/events.h"
#include "harness/sim/argo/job_metric.h"
#include "harness/sim/argo/measure.h"
#include "harness/sim/argo/options.h"
#include "harness/sim/argo/wake_list.h"
#include "harness/sim/argo/web_transport.h"
#include "harness/sim/kube/informer.h"
#include "harness/sim/kube/work_queue.h"

namespace drill::sim::argo {

// The controller of AnalysisRuns: measures, judges, writes the status (argo R33 to R60).
class AnalysisController {
 public:
  // `web` may be null: then web metrics are errors. Everything must outlive it.
  AnalysisController(World& world, ApiServer& server, Api& api, EventRecorder& events,
                     const ArgoOptions& options, Informer& runs, Informer& jobs, WebTransport* web);
  ~AnalysisController();
  AnalysisController(const AnalysisController&) = delete;
  AnalysisController& operator=(const AnalysisController&) = delete;

  // Measurements under way are forgotten, as they are when the process ends.
  void Stop();
  void Start();

  void Enqueue(const ObjectKey& key) { queue_.Add(key); }

 private:
  // The specs of runs are read once; status writes keep the very same spec.
  struct Known {
    std::shared_ptr<const gate::Json> json;
    std::shared_ptr<const RunSpec> spec;  // null: the run ends with an error
    std::string error;
  };
  struct Taken {
    std::size_t metric;
    Measurement measurement;
    argo::Taken how;
  };
  // One reconcile, which lasts until the last web request is answered (argo R43).
  struct Work {
    ObjectPtr run;
    std::shared_ptr<const RunSpec> spec;
    AnalysisStatus before;
    AnalysisStatus status;
    std::vector<std::string> secrets;  // redacted from messages
    std::vector<Taken> taken;          // in the order of the tasks
    std::size_t outstanding = 0;       // web requests
    bool again = false;                // something happened meanwhile
  };
  using WorkPtr = std::shared_ptr<Work>;

  WorkQueue::Outcome Reconcile(const ObjectKey& key);
  WorkQueue::Outcome Begin(const ObjectKey& key, const ObjectPtr& run);
  WorkQueue::Outcome Finish(const ObjectKey& key, Work& work);
  WorkQueue::Outcome EndWithError(const ObjectKey& key, Work& work, std::string message);
  WorkQueue::Outcome Persist(const ObjectKey& key, Work& work, std::optional<gate::Nanos> wake);
  WorkQueue::Outcome CollectEnded(const ObjectKey& key, const ObjectPtr& run, const RunSpec* spec,
                                  const AnalysisStatus& status);
  const Known& Know(const Object& run);
  gate::Result<std::vector<MetricSpec>> ResolveTasks(const Object& run, const RunSpec& spec,
                                                     const std::vector<MetricTask>& tasks,
                                                     std::vector<std::string>& secrets);
  gate::Result<std::string> ReadSecret(const std::string& ns, const SecretKey& key);
  void Take(const ObjectKey& key, const WorkPtr& work, const MetricTask& task,
            const MetricSpec& metric);
  void Ask(const ObjectKey& key, const WorkPtr& work, std::size_t slot, const MetricSpec& metric);
  void Answered(const ObjectKey& key, const WorkPtr& work, std::size_t slot,
                Measurement measurement);
  void Judge(Work& work);
  void DropOldMeasurements(Work& work);
  gate::WallTime Now() const { return world_.WallNow() + options_.clock_skew; }

  World& world_;
  Api& api_;
  EventRecorder& events_;
  const ArgoOptions& options_;
  Informer& runs_;
  WebTransport* const web_;
  JobPods pods_;
  JobMetric job_metric_;
  WorkQueue queue_;
  WakeList wakes_;
  std::map<std::string, Known> known_;  // by uid
  std::map<ObjectKey, std::string> uids_;
  std::map<ObjectKey, WorkPtr> under_way_;
  // Answers to a process that has ended, or to this object after its end, find another number or
  // none.
  std::shared_ptr<std::uint64_t> life_ = std::make_shared<std::uint64_t>(0);
};

}  // namespace drill::sim::argo
