#include "harness/sim/argo/analysis_controller.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "gate/base/encoding.h"
#include "harness/sim/argo/web_metric.h"
#include "harness/sim/kube/fields.h"

namespace drill::sim::argo {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Json;
using gate::Result;

EventRecorder::Kind KindOf(AnalysisPhase phase) {
  return phase == AnalysisPhase::kError || phase == AnalysisPhase::kFailed
             ? EventRecorder::Kind::kWarning
             : EventRecorder::Kind::kNormal;
}

void Redact(const std::vector<std::string>& secrets, std::string& message) {
  for (const std::string& secret : secrets) {
    if (secret.empty()) continue;
    for (std::size_t at = message.find(secret); at != std::string::npos;
         at = message.find(secret, at)) {
      message.replace(at, secret.size(), "*****");
      at += 5;
    }
  }
}

}  // namespace

AnalysisController::AnalysisController(World& world, ApiServer& server, Api& api,
                                       EventRecorder& events, const ArgoOptions& options,
                                       Informer& runs, Informer& jobs, WebTransport* web)
    : world_(world),
      api_(api),
      events_(events),
      options_(options),
      runs_(runs),
      web_(web),
      pods_(server),
      job_metric_(api, jobs, pods_, options.version),
      queue_(world, [this](const ObjectKey& key) { return Reconcile(key); }) {}

AnalysisController::~AnalysisController() { Stop(); }

void AnalysisController::Stop() {
  ++*life_;
  queue_.Stop();
  wakes_.Clear();
  known_.clear();
  uids_.clear();
  under_way_.clear();
}

void AnalysisController::Start() { queue_.Start(); }

const AnalysisController::Known& AnalysisController::Know(const Object& run) {
  Known& known = known_[run.meta.uid];
  if (known.json == run.spec && known.json) return known;
  known = Known{run.spec, nullptr, ""};
  auto spec = ReadRunSpec(SpecOf(run));
  if (spec) {
    known.spec = std::make_shared<const RunSpec>(std::move(*spec));
  } else {
    known.error = spec.error().message;
  }
  return known;
}

WorkQueue::Outcome AnalysisController::Reconcile(const ObjectKey& key) {
  const ObjectPtr run = runs_.Get(key.ns, key.name);
  if (!run) {
    if (const auto found = uids_.find(key); found != uids_.end()) {
      known_.erase(found->second);
      uids_.erase(found);
    }
    wakes_.Forget(key);
    return {};
  }
  uids_[key] = run->meta.uid;
  if (run->meta.deleted) return {};
  if (const auto found = under_way_.find(key); found != under_way_.end()) {
    found->second->again = true;
    return {};
  }
  return Begin(key, run);
}

WorkQueue::Outcome AnalysisController::Begin(const ObjectKey& key, const ObjectPtr& run) {
  const Known& known = Know(*run);
  auto work = std::make_shared<Work>();
  work->run = run;
  work->spec = known.spec;
  work->before = ReadAnalysisStatus(StatusOf(*run));
  work->status = work->before;
  if (IsCompleted(work->before.phase)) {
    return CollectEnded(key, run, known.spec.get(), work->before);
  }
  if (!known.spec) return EndWithError(key, *work, known.error);
  const std::vector<MetricTask> tasks =
      DueTasks(*work->spec, work->status, Now(), options_.version);
  // argo R44: secrets are read even if nothing is due.
  auto metrics = ResolveTasks(*run, *work->spec, tasks, work->secrets);
  if (!metrics) {
    return EndWithError(key, *work,
                        "Unable to resolve metric arguments: " + metrics.error().message);
  }
  for (std::size_t i = 0; i < tasks.size(); ++i) Take(key, work, tasks[i], (*metrics)[i]);
  if (work->outstanding == 0) return Finish(key, *work);
  under_way_[key] = work;
  WorkQueue::Outcome outcome;
  outcome.kind = WorkQueue::Outcome::Kind::kUnderWay;
  outcome.busy = api_.TakeBusy();
  return outcome;
}

// argo R42
WorkQueue::Outcome AnalysisController::CollectEnded(const ObjectKey& key, const ObjectPtr& run,
                                                    const RunSpec* spec,
                                                    const AnalysisStatus& status) {
  if (spec != nullptr && IsTtlExceeded(*spec, status, Now())) {
    // The controller only logs what goes wrong here, and looks again when it looks at everything.
    static_cast<void>(api_.Delete(Type::kAnalysisRun, run->meta.ns, run->meta.name));
  }
  WorkQueue::Outcome outcome;
  outcome.again_after = wakes_.Merge(key, world_.Now(), std::nullopt);
  outcome.busy = api_.TakeBusy();
  return outcome;
}

Result<std::string> AnalysisController::ReadSecret(const std::string& ns, const SecretKey& key) {
  auto secret = api_.Get(Type::kSecret, ns, key.name);
  if (!secret) return std::move(secret).error();
  const Json& data = Member(RestOf(**secret), "data");
  if (!Member(data, key.key).is_string()) {
    return Error{ErrorCode::kNotFound,
                 fmt::format("key '{}' does not exist in secret '{}'", key.key, key.name)};
  }
  return gate::Base64Decode(TextOf(data, key.key));
}

// The metrics of the tasks with all arguments in place.
Result<std::vector<MetricSpec>> AnalysisController::ResolveTasks(
    const Object& run, const RunSpec& spec, const std::vector<MetricTask>& tasks,
    std::vector<std::string>& secrets) {
  std::vector<Argument> args = spec.args;
  for (Argument& arg : args) {
    if (!arg.secret) continue;
    auto value = ReadSecret(run.meta.ns, *arg.secret);
    if (!value) return std::move(value).error();
    secrets.push_back(*value);
    arg.value = std::move(*value);
  }
  std::vector<MetricSpec> metrics;
  for (const MetricTask& task : tasks) {
    if (!spec.has_secrets) {
      metrics.push_back(spec.metrics[task.metric]);
      continue;
    }
    auto resolved = Substitute(spec.metric_json[task.metric], args);
    if (!resolved) return std::move(resolved).error();
    metrics.push_back(ReadMetric(*std::move(resolved)));
  }
  return metrics;
}

void AnalysisController::Take(const ObjectKey& key, const WorkPtr& work, const MetricTask& task,
                              const MetricSpec& metric) {
  const MetricResult* result = work->status.Find(metric.name);
  const bool fresh = task.kind == MetricTask::Kind::kRun;
  Taken taken{task.metric, {}, fresh ? argo::Taken::kNew : argo::Taken::kResumed};
  if (!fresh) taken.measurement = *result->Last();
  if (metric.provider == MetricSpec::Provider::kJob) {
    const Object& run = *work->run;
    switch (task.kind) {
      case MetricTask::Kind::kRun:
        taken.measurement = job_metric_.Run(run, metric, result, Now());
        break;
      case MetricTask::Kind::kResume:
        taken.measurement = job_metric_.Resume(run, std::move(taken.measurement), Now());
        break;
      case MetricTask::Kind::kTerminate:
        taken.measurement = job_metric_.Terminate(run, std::move(taken.measurement), Now());
        break;
    }
    work->taken.push_back(std::move(taken));
    return;
  }
  if (fresh) taken.measurement.started_at = Now();
  work->taken.push_back(std::move(taken));
  if (metric.provider == MetricSpec::Provider::kWeb && web_ != nullptr) {
    // A web measurement is never left under way: its reconcile waits for it.
    if (fresh) Ask(key, work, work->taken.size() - 1, metric);
    return;
  }
  Measurement& measurement = work->taken.back().measurement;
  measurement.phase = AnalysisPhase::kError;
  measurement.message = fmt::format("no valid provider in metric '{}'", metric.name);
}

void AnalysisController::Ask(const ObjectKey& key, const WorkPtr& work, std::size_t slot,
                             const MetricSpec& metric) {
  auto request = BuildWebRequest(metric);
  if (!request) {
    Measurement& measurement = work->taken[slot].measurement;
    measurement.phase = AnalysisPhase::kError;
    measurement.message = request.error().message;
    return;
  }
  ++work->outstanding;
  const std::string call = fmt::format("{}{} \"{}\"", request->method.substr(0, 1),
                                       request->method == "GET"    ? "et"
                                       : request->method == "POST" ? "ost"
                                                                   : "ut",
                                       request->url);
  const auto answer = [this, key, work, slot, metric, call, life = std::weak_ptr(life_),
                       now_life = *life_,
                       answered = std::make_shared<bool>(false)](Result<WebResponse> response) {
    const auto alive = life.lock();
    if (!alive || *alive != now_life || std::exchange(*answered, true)) return;
    if (!response) response = std::move(response).error().Wrap(call);
    Answered(key, work, slot, JudgeWebResponse(metric, response));
  };
  world_.After(WebTimeout(metric), Rank::kController, [answer] {
    answer(Error{ErrorCode::kDeadlineExceeded,
                 "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"});
  });
  web_->Send(std::move(*request), answer);
}

void AnalysisController::Answered(const ObjectKey& key, const WorkPtr& work, std::size_t slot,
                                  Measurement measurement) {
  measurement.started_at = work->taken[slot].measurement.started_at;
  measurement.finished_at = Now();
  work->taken[slot].measurement = std::move(measurement);
  if (--work->outstanding > 0) return;
  under_way_.erase(key);
  const WorkQueue::Outcome outcome = Finish(key, *work);
  queue_.Ended(key, outcome);
  if (work->again) queue_.AddAfter(key, outcome.busy);
}

WorkQueue::Outcome AnalysisController::EndWithError(const ObjectKey& key, Work& work,
                                                    std::string message) {
  work.status.phase = AnalysisPhase::kError;
  work.status.message = std::move(message);
  events_.Emit(*work.run, EventRecorder::Kind::kWarning, "AnalysisRunError",
               "Analysis Completed. Result: Error");
  return Persist(key, work, std::nullopt);
}

WorkQueue::Outcome AnalysisController::Finish(const ObjectKey& key, Work& work) {
  for (Taken& taken : work.taken) {
    Redact(work.secrets, taken.measurement.message);
    Record(*work.spec, taken.metric, std::move(taken.measurement), taken.how, Now(), work.status);
  }
  Judge(work);
  DropOldMeasurements(work);
  std::optional<gate::Nanos> wake;
  if (const auto next = NextLook(*work.spec, work.status, Now())) wake = *next - Now();
  return Persist(key, work, wake);
}

void AnalysisController::Judge(Work& work) {
  const Assessment assessment = AssessRun(*work.spec, Now(), work.status);
  for (const Assessment::MetricEnd& end : assessment.ended) {  // argo R47
    events_.Emit(*work.run, KindOf(end.phase), fmt::format("Metric{}", ToString(end.phase)),
                 fmt::format("Metric '{}' Completed. Result: {}", end.metric, ToString(end.phase)));
  }
  if (assessment.phase == work.status.phase) return;
  work.status.phase = assessment.phase;
  work.status.message = assessment.message;
  if (!IsCompleted(assessment.phase)) return;
  events_.Emit(*work.run, KindOf(assessment.phase),
               fmt::format("AnalysisRun{}", ToString(assessment.phase)),
               fmt::format("Analysis Completed. Result: {}", ToString(assessment.phase)));
  if (!work.status.completed_at) work.status.completed_at = Now();
}

// argo R41
void AnalysisController::DropOldMeasurements(Work& work) {
  for (std::size_t i = 0; i < work.spec->metrics.size(); ++i) {
    MetricResult* result = work.status.Find(work.spec->metrics[i].name);
    const std::size_t limit = work.spec->measurements[i];
    if (result == nullptr || result->measurements.size() <= limit) continue;
    if (work.spec->metrics[i].provider == MetricSpec::Provider::kJob) {
      // If Jobs cannot be deleted, the measurements stay too; the controller only logs it.
      if (!job_metric_.CollectGarbage(*work.run, limit)) return;
    }
    const auto extra = static_cast<std::ptrdiff_t>(result->measurements.size() - limit);
    result->measurements.erase(result->measurements.begin(), result->measurements.begin() + extra);
  }
}

WorkQueue::Outcome AnalysisController::Persist(const ObjectKey& key, Work& work,
                                               std::optional<gate::Nanos> wake) {
  WorkQueue::Outcome outcome;
  AnalysisStatus next = Truncated(work.status);
  if (next != work.before) {
    auto written = api_.Patch(work.run, Api::Field::kStatus, Share(ToJson(next)));
    const bool gone = !written && written.error().code == ErrorCode::kNotFound;
    if (!written && !gone) outcome.kind = WorkQueue::Outcome::Kind::kRetry;
  }
  outcome.again_after = wakes_.Merge(key, world_.Now(), wake);
  outcome.busy = api_.TakeBusy();
  return outcome;
}

}  // namespace drill::sim::argo
