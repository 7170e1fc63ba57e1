#pragma once

#include <functional>
#include <optional>
#include <stop_token>

#include "gate/base/rng.h"
#include "gate/evaluate/evaluator.h"
#include "gate/evaluate/question.h"
#include "gate/evaluate/verdict_record.h"
#include "gate/record/analysis_run.h"
#include "gate/seams/kube_api.h"
#include "gate/seams/line_sink.h"
#include "gate/seams/log.h"
#include "gate/seams/runtime.h"

namespace gate::evaluate {

// Where a verdict leaves its trail.
struct Trail {
  Runtime& runtime;
  LineSink& audit;  // one sealed record a line
  Log& log;
  KubeApi* kube = nullptr;  // null: audit line only
  // If set, takes the annotations of an AnalysisRun, which are else written before the verdict is
  // told.
  using AnnotateLater =
      std::function<void(const std::string& ns, const std::string& analysis_run, Json annotations)>;
  AnnotateLater annotate_later = {};
};

// Runs `find` with the little patience that annotations and Events deserve. Not knowing the
// AnalysisRun costs these, never the verdict, so that an error is logged and nothing is returned.
using FindLinks = std::function<Result<record::RunLinks>(const Deadline& deadline)>;
std::optional<record::RunLinks> TryFindLinks(const Trail& trail, const FindLinks& find,
                                             const std::stop_token& stop);

// Records a verdict and returns the one to be told: a pass that cannot be recorded is none, it has
// become inconclusive (record-failed), so that no promotion is without its trail. In a cluster the
// record goes onto the Rollout's chain; AnalysisRun and Event follow if `links` are known. After a
// stop all of it takes less than a second. `rng` spreads the retries of writers that collide.
Evaluation Conclude(const Trail& trail, const Question& question, Evaluation evaluation,
                    const RunContext& context, const std::optional<record::RunLinks>& links,
                    const Rng& rng, const std::stop_token& stop);

}  // namespace gate::evaluate
