#include "gate/service/late_annotations.h"

#include <optional>
#include <utility>

#include "gate/record/analysis_run.h"

namespace gate::service {
namespace {

// They are for people's convenience.
constexpr Nanos kPatience = std::chrono::seconds(3);
constexpr Nanos kPatienceAtTheEnd = std::chrono::milliseconds(300);

}  // namespace

LateAnnotations::~LateAnnotations() {
  ending_ = true;
  std::unique_ptr<Task> work;
  {
    const std::lock_guard lock(mutex_);
    work = std::move(work_);
  }
}

void LateAnnotations::Add(std::string ns, std::string analysis_run, Json annotations) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= kMostWaiting) waiting_.pop_front();
    waiting_.push_back(
        {runtime_.Now() + kDelay, std::move(ns), std::move(analysis_run), std::move(annotations)});
    if (std::exchange(at_work_, true)) return;
  }
  auto work = runtime_.Spawn("annotations", [this] { WriteAll(); });
  const std::lock_guard lock(mutex_);
  std::swap(work_, work);  // the former one has nothing left to do
}

void LateAnnotations::WriteAll() {
  for (;;) {
    std::optional<Instant> due;
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.empty()) {
        at_work_ = false;
        return;
      }
      due = waiting_.front().due;
    }
    (void)runtime_.Sleep({*due, {}});  // also at the end: Argo measures as it did before
    std::optional<Waiting> next;
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.empty()) continue;
      next = std::move(waiting_.front());
      waiting_.pop_front();
    }
    Write(*next);
  }
}

void LateAnnotations::Write(const Waiting& waiting) {
  const bool ending = ending_;
  auto annotated =
      record::AnnotateAnalysisRun(kube_, waiting.ns, waiting.analysis_run, waiting.annotations,
                                  {runtime_.Now() + (ending ? kPatienceAtTheEnd : kPatience), {}});
  if (!annotated) {
    log_.Warn("AnalysisRun not annotated", {{"error", annotated.error().message}});
  }
}

}  // namespace gate::service
