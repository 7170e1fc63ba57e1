#include "gate/evaluate/job.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "gate/audit/chain.h"
#include "gate/base/encoding.h"
#include "gate/record/analysis_run.h"
#include "gate/record/status_store.h"

namespace gate::evaluate {
namespace {

// How long writing may take: ample when all is well, little once we were asked to stop, because
// the answer is then due within a second.
struct Patience {
  Nanos usual;
  Nanos when_stopped;
};
constexpr Patience kForRecord{std::chrono::seconds(10), std::chrono::milliseconds(500)};
// AnalysisRun and Event are for people's convenience and must not hold up the answer.
constexpr Patience kForNotes{std::chrono::seconds(3), std::chrono::milliseconds(300)};

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

std::string EventReason(const decide::Verdict& verdict) {
  switch (verdict.outcome()) {
    case decide::Outcome::kPass:
      return "EvidenceGatePassed";
    case decide::Outcome::kFail:
      return verdict.security_alert() ? "EvidenceGateSecurityAlert" : "EvidenceGateFailed";
    case decide::Outcome::kInconclusive:
      return "EvidenceGateInconclusive";
  }
  GATE_CHECK(false);
}

// One gate run, from the question to the trail.
class JobRun {
 private:
  // Runs `write` until a stop interrupts it, and then once more with the little time that is left:
  // a stop ends the waiting, not the trail.
  template <typename Write>
  auto Patiently(const Patience& patience, Write write) {
    if (!stop_.stop_requested()) {
      auto result = write(Deadline{deps_.runtime.Now() + patience.usual, stop_});
      if (result || !stop_.stop_requested()) return result;
    }
    return write(Deadline{deps_.runtime.Now() + patience.when_stopped, {}});
  }

 public:
  JobRun(const Config& config, const Question& question, JobDeps deps, Rng rng,
         std::stop_token stop)
      : config_(config),
        question_(question),
        deps_(std::move(deps)),
        rng_(rng),
        stop_(std::move(stop)) {}

  RunContext Begin(Mode mode) {
    RunContext context;
    context.id = HexEncode(rng_.Bytes(16));
    context.environment = config_.environment;
    context.trace = NewTrace(rng_);
    context.mode = mode;
    return context;
  }

  // Which AnalysisRun this is for. Not knowing it costs annotations and Event, never the verdict.
  std::optional<record::RunLinks> FindLinks() {
    if (!deps_.cluster || deps_.cluster->job_name.empty()) return std::nullopt;
    auto links = Patiently(kForNotes, [&](const Deadline& deadline) {
      return record::FindRunLinks(deps_.cluster->kube, question_.ns, deps_.cluster->job_name,
                                  deadline);
    });
    if (links) return *std::move(links);
    deps_.log.Warn("cannot tell which AnalysisRun this is", {{"error", links.error().message}});
    return std::nullopt;
  }

  // Seals the record; in a cluster, onto the Rollout's chain.
  Result<audit::SealedRecord> Record(const Json& verdict_record) {
    if (!deps_.cluster) return audit::Seal(verdict_record, audit::ChainHead{});
    record::StatusStore store(deps_.cluster->kube, deps_.runtime, rng_.Fork("status"));
    return Patiently(kForRecord, [&](const Deadline& deadline) {
      return store.Append({question_.ns, question_.rollout}, verdict_record, deadline);
    });
  }

  void LeaveNotes(const record::RunLinks& links, const Evaluation& evaluation,
                  const RunContext& context) {
    KubeApi& kube = deps_.cluster->kube;
    const decide::Verdict& verdict = evaluation.verdict;
    auto annotated = Patiently(kForNotes, [&](const Deadline& deadline) {
      return record::AnnotateAnalysisRun(kube, question_.ns, links.analysis_run,
                                         VerdictAnnotations(question_, evaluation, context),
                                         deadline);
    });
    if (!annotated) {
      deps_.log.Warn("AnalysisRun not annotated", {{"error", annotated.error().message}});
    }
    const record::GateEvent event{.type = verdict.outcome() == decide::Outcome::kPass
                                              ? record::GateEvent::Type::kNormal
                                              : record::GateEvent::Type::kWarning,
                                  .reason = EventReason(verdict),
                                  .message = VerdictSentence(question_, evaluation, context.mode) +
                                             " [trace " + context.trace.trace_id + "]",
                                  .unique = context.id};
    auto emitted = Patiently(kForNotes, [&](const Deadline& deadline) {
      return record::EmitEvent(kube, question_.ns, links, event, context.decided_at, deadline);
    });
    if (!emitted) deps_.log.Warn("no Event written", {{"error", emitted.error().message}});
  }

 private:
  const Config& config_;
  const Question& question_;
  JobDeps deps_;
  Rng rng_;
  std::stop_token stop_;
};

}  // namespace

ExitCode RunJob(const Config& config, const Question& question, Mode mode, JobDeps deps,
                Entropy entropy, const std::stop_token& stop) {
  JobRun run(config, question, deps, entropy.rng.Fork("run"), stop);
  RunContext context = run.Begin(mode);
  const auto links = run.FindLinks();
  if (links) context.analysis_run = links->analysis_run;

  const Instant started = deps.runtime.Now();
  Evaluator evaluator(config, deps.runtime, deps.http, deps.files, deps.keyrings, deps.log,
                      std::move(entropy));
  Evaluation evaluation = evaluator.EvaluateHolding(
      question, context.trace,
      {started + std::max(config.timing.hold, config.timing.budget), stop});
  context.decided_at = deps.runtime.WallNow();
  context.took = deps.runtime.Now() - started;

  auto sealed = run.Record(VerdictRecord(question, evaluation, context));
  if (!sealed) {
    deps.log.Warn("verdict not recorded", {{"error", sealed.error().message}});
    if (evaluation.verdict.outcome() == decide::Outcome::kPass) {
      evaluation.verdict = decide::Verdict::Inconclusive(
          evidence::Reason::kRecordFailed,
          "the verdict could not be recorded: " + sealed.error().message);
    }
    // It still leaves a line, outside of the Rollout's chain.
    sealed = audit::Seal(VerdictRecord(question, evaluation, context), audit::ChainHead{});
  }
  deps.audit.Write(sealed->line);
  if (links) run.LeaveNotes(*links, evaluation, context);
  deps.log.Info(VerdictSentence(question, evaluation, mode));
  return mode == Mode::kDryRun ? ExitCode::kPass : ExitCodeFor(evaluation.verdict.outcome());
}

}  // namespace gate::evaluate
