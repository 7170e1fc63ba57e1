#include "gate/evaluate/conclude.h"

#include <utility>

#include "gate/audit/chain.h"
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

// Runs `write` until a stop interrupts it, and then once more with the little time that is left:
// a stop ends the waiting, not the trail.
template <typename Write>
auto Patiently(Runtime& runtime, const Patience& patience, const std::stop_token& stop,
               Write write) {
  if (!stop.stop_requested()) {
    auto result = write(Deadline{runtime.Now() + patience.usual, stop});
    if (result || !stop.stop_requested()) return result;
  }
  return write(Deadline{runtime.Now() + patience.when_stopped, {}});
}

std::string EventReason(const decide::Verdict& verdict) {
  if (verdict.overruling()) return "EvidenceGateOverridden";
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

// Seals the record; in a cluster, onto the Rollout's chain.
Result<audit::SealedRecord> Record(const Trail& trail, const Question& question,
                                   const Json& verdict_record, const Rng& rng,
                                   const std::stop_token& stop) {
  if (trail.kube == nullptr) return audit::Seal(verdict_record, audit::ChainHead{});
  record::StatusStore store(*trail.kube, trail.runtime, rng);
  return Patiently(trail.runtime, kForRecord, stop, [&](const Deadline& deadline) {
    return store.Append({question.ns, question.rollout}, verdict_record, deadline);
  });
}

void Annotate(const Trail& trail, const std::string& ns, const std::string& analysis_run,
              Json annotations, const std::stop_token& stop) {
  if (trail.annotate_later) {
    trail.annotate_later(ns, analysis_run, std::move(annotations));
    return;
  }
  auto annotated = Patiently(trail.runtime, kForNotes, stop, [&](const Deadline& deadline) {
    return record::AnnotateAnalysisRun(*trail.kube, ns, analysis_run, annotations, deadline);
  });
  if (!annotated) {
    trail.log.Warn("AnalysisRun not annotated", {{"error", annotated.error().message}});
  }
}

void LeaveNotes(const Trail& trail, const Question& question, const Evaluation& evaluation,
                const RunContext& context, const record::RunLinks& links,
                const std::stop_token& stop) {
  KubeApi& kube = *trail.kube;
  const decide::Verdict& verdict = evaluation.verdict;
  Annotate(trail, question.ns, links.analysis_run,
           VerdictAnnotations(question, evaluation, context), stop);
  const bool as_usual = verdict.outcome() == decide::Outcome::kPass && !verdict.overruling();
  const record::GateEvent event{
      .type = as_usual ? record::GateEvent::Type::kNormal : record::GateEvent::Type::kWarning,
      .reason = EventReason(verdict),
      .message = VerdictSentence(question, evaluation, context.mode) + " [trace " +
                 context.trace.trace_id + "]",
      .unique = context.id};
  auto emitted = Patiently(trail.runtime, kForNotes, stop, [&](const Deadline& deadline) {
    return record::EmitEvent(kube, question.ns, links, event, context.decided_at, deadline);
  });
  if (!emitted) trail.log.Warn("no Event written", {{"error", emitted.error().message}});
}

}  // namespace

std::optional<record::RunLinks> TryFindLinks(const Trail& trail, const FindLinks& find,
                                             const std::stop_token& stop) {
  auto links = Patiently(trail.runtime, kForNotes, stop, find);
  if (links) return *std::move(links);
  trail.log.Warn("cannot tell which AnalysisRun this is", {{"error", links.error().message}});
  return std::nullopt;
}

Evaluation Conclude(const Trail& trail, const Question& question, Evaluation evaluation,
                    const RunContext& context, const std::optional<record::RunLinks>& links,
                    const Rng& rng, const std::stop_token& stop) {
  auto sealed = Record(trail, question, VerdictRecord(question, evaluation, context), rng, stop);
  if (!sealed) {
    trail.log.Warn("verdict not recorded", {{"error", sealed.error().message}});
    if (evaluation.verdict.outcome() == decide::Outcome::kPass) {
      evaluation.verdict = decide::Verdict::Inconclusive(
          evidence::Reason::kRecordFailed,
          "the verdict could not be recorded: " + sealed.error().message +
              "; it was: " + evaluation.verdict.message());
    }
    // It still leaves a line, outside of the Rollout's chain.
    sealed = audit::Seal(VerdictRecord(question, evaluation, context), audit::ChainHead{});
  }
  trail.audit.Write(sealed->line);
  if (trail.kube != nullptr && links) {
    LeaveNotes(trail, question, evaluation, context, *links, stop);
  }
  trail.log.Info(VerdictSentence(question, evaluation, context.mode));
  return evaluation;
}

}  // namespace gate::evaluate
