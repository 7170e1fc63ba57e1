#include "harness/sim/argo/job_metric.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "harness/sim/argo/names.h"
#include "harness/sim/kube/fields.h"

namespace drill::sim::argo {
namespace {

using gate::ErrorCode;
using gate::Json;
using gate::Result;
using gate::WallTime;

constexpr std::string_view kJobName = "job-name";
constexpr std::string_view kJobNamespace = "job-namespace";

Measurement MadeError(Measurement measurement, std::string message, WallTime now) {
  measurement.phase = AnalysisPhase::kError;
  measurement.message = std::move(message);
  if (!measurement.finished_at) measurement.finished_at = now;
  return measurement;
}

struct JobKey {
  std::string ns;
  std::string name;  // empty: the measurement does not say
};
JobKey KeyOf(const Measurement& measurement, const Object& run) {
  JobKey key{run.meta.ns, ""};
  if (const auto name = measurement.metadata.find(kJobName); name != measurement.metadata.end()) {
    key.name = name->second;
  }
  if (const auto ns = measurement.metadata.find(kJobNamespace); ns != measurement.metadata.end()) {
    key.ns = ns->second;
  }
  return key;
}

constexpr std::string_view kNoReference = "job metadata reference missing";

// argo R53: the container will never start by itself.
std::string WhyContainerStuck(const Object& pod) {
  for (const std::string_view list : {"initContainerStatuses", "containerStatuses"}) {
    for (const Json& container : Member(StatusOf(pod), list)) {
      const Json& waiting = Member(Member(container, "state"), "waiting");
      const std::string reason = TextOf(waiting, "reason");
      if (reason != "ErrImagePull" && reason != "ImagePullBackOff" &&
          reason != "InvalidImageName") {
        continue;
      }
      return fmt::format("Pod {}, container {} has terminal error ({}): {}\n", pod.meta.name,
                         TextOf(container, "name"), reason, TextOf(waiting, "message"));
    }
  }
  return "";
}

}  // namespace

JobPods::JobPods(ApiServer& server)
    : server_(server),
      listener_(server.Listen(Type::kPod, [this](const Change& change) { See(change); })) {}

JobPods::~JobPods() { server_.Unlisten(listener_); }

void JobPods::See(const Change& change) {
  const Meta& meta = change.after->meta;
  if (meta.labels.find(kJobRunUid) == meta.labels.end()) return;
  const OwnerReference* owner = meta.Controller();
  if (owner == nullptr) return;
  const std::string why = change.type == gate::KubeEventType::kDeleted
                              ? std::string()
                              : WhyContainerStuck(*change.after);
  const std::string key = meta.ns + "/" + meta.name;
  if (!why.empty()) {
    stuck_[owner->uid][key] = why;
    return;
  }
  const auto found = stuck_.find(owner->uid);
  if (found == stuck_.end()) return;
  found->second.erase(key);
  if (found->second.empty()) stuck_.erase(found);
}

std::string JobPods::WhyStuck(const std::string& job_uid) const {
  const auto found = stuck_.find(job_uid);
  return found == stuck_.end() ? "" : found->second.begin()->second;
}

std::string JobName(const std::string& run_uid, const std::string& metric, std::int64_t number) {
  constexpr std::size_t kLongest = 63;
  const std::size_t fixed = run_uid.size() + 2 + std::to_string(number).size();
  const std::size_t room = fixed < kLongest ? kLongest - fixed : 0;
  return fmt::format("{}.{}.{}", run_uid, metric.substr(0, room), number);
}

Measurement JobMetric::Run(const Object& run, const MetricSpec& metric, const MetricResult* result,
                           WallTime now) {
  Measurement measurement;
  measurement.phase = AnalysisPhase::kRunning;
  measurement.started_at = now;
  const std::int64_t number = result == nullptr ? 1 : result->count + result->error + 1;

  Object job{Type::kJob, {}, nullptr, nullptr, nullptr};
  job.meta.ns = run.meta.ns;
  job.meta.name = JobName(run.meta.uid, metric.name, number);
  const Json& config = *metric.provider_config;
  job.meta.labels = StringsOf(Member(config, "metadata"), "labels");
  job.meta.annotations = StringsOf(Member(config, "metadata"), "annotations");
  job.meta.labels.insert_or_assign(std::string(kJobRunUid), run.meta.uid);
  job.meta.annotations.insert_or_assign(std::string(kJobRunName), run.meta.name);
  job.meta.annotations.insert_or_assign(std::string(kJobRunNamespace), run.meta.ns);
  job.meta.annotations.insert_or_assign(std::string(kJobMetric), metric.name);
  job.meta.owners.push_back(
      {std::string(kApiVersion), "AnalysisRun", run.meta.name, run.meta.uid, true});
  Json spec = Member(config, "spec");
  if (version_ == ArgoVersion::k1_10) {
    spec["template"]["metadata"]["labels"][std::string(kJobRunUid)] = run.meta.uid;
  }
  job.spec = Share(std::move(spec));

  measurement.metadata.emplace(kJobName, job.meta.name);
  measurement.metadata.emplace(kJobNamespace, job.meta.ns);
  const std::string name = job.meta.name;
  auto created = api_.Create(std::move(job));
  if (!created) {
    const std::string message = created.error().message;
    const bool known = created.error().code == ErrorCode::kAlreadyExists;
    // argo R50: one of the same run is taken over (a restart, a stale cache).
    auto existing = known ? api_.Get(Type::kJob, run.meta.ns, name) : std::move(created);
    const OwnerReference* owner = existing ? (*existing)->meta.Controller() : nullptr;
    if (owner == nullptr || owner->uid != run.meta.uid) {
      measurement.metadata.clear();
      return MadeError(std::move(measurement), message, now);
    }
  }
  if (version_ == ArgoVersion::k1_10) measurement.resume_at = now;
  return measurement;
}

// argo R51 to R53
Measurement JobMetric::Resume(const Object& run, Measurement measurement, WallTime now) const {
  const JobKey key = KeyOf(measurement, run);
  if (key.name.empty()) return MadeError(std::move(measurement), std::string(kNoReference), now);
  const ObjectPtr job = jobs_.Get(key.ns, key.name);
  if (!job) {
    return MadeError(std::move(measurement), fmt::format("job.batch \"{}\" not found", key.name),
                     now);
  }
  for (const Json& condition : Member(StatusOf(*job), "conditions")) {
    const std::string type = TextOf(condition, "type");
    if (type != "Complete" && type != "Failed") continue;
    measurement.finished_at = now;
    measurement.phase = type == "Complete" ? AnalysisPhase::kSuccessful : AnalysisPhase::kFailed;
  }
  if (IsCompleted(measurement.phase) || version_ == ArgoVersion::k1_9) return measurement;
  if (const std::string why = pods_.WhyStuck(job->meta.uid); !why.empty()) {
    measurement.finished_at = now;
    measurement.message = why;
    measurement.phase = AnalysisPhase::kInconclusive;
    return measurement;
  }
  const double elapsed =
      std::chrono::duration<double>(now - measurement.started_at.value_or(now)).count();
  const double delay = std::sqrt(2 * std::max(elapsed, 0.0));
  measurement.resume_at =
      now + std::chrono::duration_cast<gate::Nanos>(std::chrono::duration<double>(delay));
  return measurement;
}

// argo R53: 1.9 takes what was ended for a success.
Measurement JobMetric::Terminate(const Object& run, Measurement measurement, WallTime now) {
  const JobKey key = KeyOf(measurement, run);
  if (key.name.empty()) return MadeError(std::move(measurement), std::string(kNoReference), now);
  auto deleted = api_.Delete(Type::kJob, key.ns, key.name);
  if (!deleted && deleted.error().code != ErrorCode::kNotFound) {
    return MadeError(std::move(measurement), deleted.error().message, now);
  }
  measurement.finished_at = now;
  measurement.phase =
      version_ == ArgoVersion::k1_10 ? AnalysisPhase::kInconclusive : AnalysisPhase::kSuccessful;
  measurement.message = "Metric Terminated";
  return measurement;
}

Result<void> JobMetric::CollectGarbage(const Object& run, std::size_t limit) {
  std::vector<ObjectPtr> jobs = jobs_.OwnedBy(run.meta.uid);
  std::stable_sort(jobs.begin(), jobs.end(), [](const ObjectPtr& a, const ObjectPtr& b) {
    return a->meta.created < b->meta.created;
  });
  for (std::size_t i = 0; i + limit < jobs.size(); ++i) {
    auto deleted = api_.Delete(Type::kJob, jobs[i]->meta.ns, jobs[i]->meta.name);
    if (!deleted && deleted.error().code != ErrorCode::kNotFound) return deleted;
  }
  return {};
}

}  // namespace drill::sim::argo
