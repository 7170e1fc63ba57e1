#include "gate/service/mc_inquiry.h"

#include <optional>
#include <string>
#include <utility>

#include "gate/base/digest.h"

namespace gate::service {
namespace {

using evidence::Reason;
using watch::Inquiry;
using watch::McSays;

McSays Said(const decide::Verdict& verdict) {
  if (verdict.reason() == Reason::kEvidenceTrue) return McSays::kYes;
  return verdict.reason() == Reason::kEvidenceFalse ? McSays::kNo : McSays::kNothing;
}

evaluate::Question QuestionOf(const Inquiry& inquiry) {
  return {.release_id = inquiry.release,
          .stage = inquiry.stage,
          .ns = inquiry.ns,
          .rollout = inquiry.rollout,
          .pod_hash = inquiry.pod_hash,
          .digests = {}};
}

}  // namespace

McInquiry::McInquiry(const evaluate::Config& config, McInquiryDeps deps, evaluate::Entropy entropy)
    : config_(config), deps_(std::move(deps)), entropy_(std::move(entropy)) {}

evaluate::Entropy McInquiry::NextEntropy() {
  const std::lock_guard lock(mutex_);
  const std::string run = std::to_string(++asked_);
  return {Sha256(entropy_.nonce_key + "/inquiry/" + run), entropy_.rng.Fork("inquiry/" + run)};
}

McSays McInquiry::Ask(const Inquiry& inquiry, const Deadline& deadline) {
  const McSays says = Learn(inquiry, deadline);
  deps_.meter.Inquired(ToString(inquiry.why), ToString(says));
  return says;
}

McSays McInquiry::Learn(const Inquiry& inquiry, const Deadline& deadline) {
  Runtime& runtime = deps_.trail.runtime;
  evaluate::Entropy entropy = NextEntropy();
  Rng rng = entropy.rng.Fork("run");
  evaluate::RunContext context = evaluate::BeginRun(config_, evaluate::Mode::kEnforce, rng);
  const Instant started = runtime.Now();
  evaluate::Evaluator evaluator(config_, runtime, deps_.mc, deps_.files, deps_.keyrings,
                                deps_.trail.log, std::move(entropy), /*kube=*/nullptr);
  const evaluate::Question question = QuestionOf(inquiry);
  evaluate::Evaluation evaluation = evaluator.AskOnce(question, context.trace, deadline);
  context.decided_at = runtime.WallNow();
  context.took = runtime.Now() - started;
  const McSays says = Said(evaluation.verdict);
  if (inquiry.why != Inquiry::Why::kPassed || says != McSays::kNo) return says;
  evaluation.verdict = *decide::Withdrawal(evaluation.verdict);
  deps_.meter.VerdictGiven(config_.environment, evaluation.verdict, context.took);
  // Without an AnalysisRun: none asked. What cannot be recorded is asked again.
  (void)evaluate::Conclude(deps_.trail, question, std::move(evaluation), context, std::nullopt,
                           rng.Fork("status"), deadline.stop);
  return says;
}

}  // namespace gate::service
