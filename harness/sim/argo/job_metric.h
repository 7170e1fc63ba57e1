#pragma once

#include <map>
#include <string>

#include "harness/sim/argo/analysis_status.h"
#include "harness/sim/argo/api.h"
#include "harness/sim/argo/metric_spec.h"
#include "harness/sim/argo/version.h"
#include "harness/sim/kube/informer.h"

namespace drill::sim::argo {

// The pods of analysis Jobs that will never start, as 1.10 looks for them (argo R53).
class JobPods {
 public:
  explicit JobPods(ApiServer& server);
  ~JobPods();
  JobPods(const JobPods&) = delete;
  JobPods& operator=(const JobPods&) = delete;

  // Why a pod of the Job cannot start; empty if there is no such pod.
  std::string WhyStuck(const std::string& job_uid) const;

 private:
  void See(const Change& change);

  ApiServer& server_;
  ApiServer::ListenerId listener_;
  std::map<std::string, std::map<std::string, std::string>> stuck_;  // Job's uid -> pod -> why
};

// The Job provider (argo R49 to R53).
class JobMetric {
 public:
  JobMetric(Api& api, const Informer& jobs, const JobPods& pods, ArgoVersion version)
      : api_(api), jobs_(jobs), pods_(pods), version_(version) {}

  // `result`: of the metric so far, null if there is none.
  Measurement Run(const Object& run, const MetricSpec& metric, const MetricResult* result,
                  gate::WallTime now);
  Measurement Resume(const Object& run, Measurement measurement, gate::WallTime now) const;
  Measurement Terminate(const Object& run, Measurement measurement, gate::WallTime now);

  // Deletes the oldest Jobs of the whole run beyond `limit`.
  gate::Result<void> CollectGarbage(const Object& run, std::size_t limit);

 private:
  Api& api_;
  const Informer& jobs_;
  const JobPods& pods_;
  const ArgoVersion version_;
};

// argo R49: at most 63 characters; the metric's name is cut.
std::string JobName(const std::string& run_uid, const std::string& metric, std::int64_t number);

}  // namespace drill::sim::argo
