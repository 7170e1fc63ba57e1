#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <string>

#include "gate/base/strict_json.h"
#include "gate/seams/kube_api.h"
#include "gate/seams/log.h"
#include "gate/seams/runtime.h"

namespace gate::service {

// Annotates AnalysisRuns a while after their verdict was told. Argo Rollouts looks at a run again
// as soon as it is changed. If that is while it measures, it does so before it has seen its own
// result, and measures again: the gate would be asked everything twice. A run that has ended is
// left alone. Thread-safe.
class LateAnnotations {
 public:
  static constexpr Nanos kDelay = std::chrono::seconds(2);
  static constexpr std::size_t kMostWaiting = 1000;  // of more, the oldest are dropped

  // All must outlive it.
  LateAnnotations(KubeApi& kube, Runtime& runtime, Log& log)
      : kube_(kube), runtime_(runtime), log_(log) {}
  // What still waits is written when it is due, in little time: within kDelay and a moment.
  ~LateAnnotations();

  // `annotations` as for record::AnnotateAnalysisRun. What cannot be written is logged.
  void Add(std::string ns, std::string analysis_run, Json annotations);

 private:
  struct Waiting {
    Instant due;
    std::string ns;
    std::string analysis_run;
    Json annotations;
  };
  void WriteAll();
  void Write(const Waiting& waiting);

  KubeApi& kube_;
  Runtime& runtime_;
  Log& log_;
  std::atomic<bool> ending_ = false;

  std::mutex mutex_;  // guards what follows; never held while waiting
  std::deque<Waiting> waiting_;
  bool at_work_ = false;
  std::unique_ptr<Task> work_;  // while there is something to write
};

}  // namespace gate::service
