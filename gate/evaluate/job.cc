#include "gate/evaluate/job.h"

#include <algorithm>
#include <utility>

#include "gate/base/encoding.h"
#include "gate/evaluate/conclude.h"
#include "gate/record/analysis_run.h"

namespace gate::evaluate {
namespace {

ExitCode ExitCodeFor(decide::Outcome outcome) {
  switch (outcome) {
    case decide::Outcome::kPass:
      return ExitCode::kPass;
    case decide::Outcome::kFail:
      return ExitCode::kFail;
    case decide::Outcome::kInconclusive:
      return ExitCode::kInconclusive;
  }
  GATE_CHECK(false);
}

std::optional<record::RunLinks> LinksOf(const Trail& trail, const Question& question,
                                        const std::optional<Cluster>& cluster,
                                        const std::stop_token& stop) {
  if (!cluster || cluster->job_name.empty()) return std::nullopt;
  return TryFindLinks(
      trail,
      [&](const Deadline& deadline) {
        return record::FindRunLinks(cluster->kube, question.ns, cluster->job_name, deadline);
      },
      stop);
}

}  // namespace

ExitCode RunJob(const Config& config, const Question& question, Mode mode, JobDeps deps,
                Entropy entropy, const std::stop_token& stop) {
  Rng rng = entropy.rng.Fork("run");
  const Trail trail{deps.runtime, deps.audit, deps.log,
                    deps.cluster ? &deps.cluster->kube : nullptr};
  RunContext context = BeginRun(config, mode, rng);
  const auto links = LinksOf(trail, question, deps.cluster, stop);
  if (links) context.analysis_run = links->analysis_run;

  const Instant started = deps.runtime.Now();
  Evaluator evaluator(config, deps.runtime, deps.http, deps.files, deps.keyrings, deps.log,
                      std::move(entropy), trail.kube);
  Evaluation evaluation = evaluator.EvaluateHolding(
      question, context.trace,
      {started + std::max(config.timing.hold, config.timing.budget), stop});
  context.decided_at = deps.runtime.WallNow();
  context.took = deps.runtime.Now() - started;

  evaluation =
      Conclude(trail, question, std::move(evaluation), context, links, rng.Fork("status"), stop);
  return mode == Mode::kDryRun ? ExitCode::kPass : ExitCodeFor(evaluation.verdict.outcome());
}

}  // namespace gate::evaluate
