#include "gate/service/verdict_service.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "gate/base/digest.h"

namespace gate::service {
namespace {

using decide::Verdict;
using evidence::Reason;

// Equal for two requests if and only if they ask the same.
std::string KeyOf(const VerdictRequest& request) {
  const evaluate::Question& question = request.question;
  return DumpJson({question.release_id, question.stage, question.ns, question.rollout,
                   question.pod_hash, request.environment, question.digests,
                   request.mode == evaluate::Mode::kDryRun});
}

Answer WithoutEvaluation(const VerdictRequest& request, Reason reason, std::string message) {
  return {.verdict = Verdict::Inconclusive(reason, std::move(message)),
          .evidence_digest = {},
          .trace_id = {},
          .mode = request.mode};
}

}  // namespace

// One evaluation, and those who wait for its end.
struct VerdictService::UnderWay {
  std::optional<Answer> answer;
  std::vector<Event*> waiting;
};

VerdictService::VerdictService(const evaluate::Config& config, ServiceDeps deps,
                               evaluate::Entropy entropy, std::size_t most_at_once)
    : config_(config),
      deps_(std::move(deps)),
      most_at_once_(most_at_once),
      entropy_(std::move(entropy)) {
  if (deps_.trail.kube == nullptr) return;
  annotations_.emplace(*deps_.trail.kube, deps_.runtime, deps_.trail.log);
  deps_.trail.annotate_later = [this](const std::string& ns, const std::string& run, Json values) {
    annotations_->Add(ns, run, std::move(values));
  };
}

evaluate::Entropy VerdictService::NextEntropy() {
  const std::lock_guard lock(mutex_);
  const std::string run = std::to_string(++runs_);
  return {Sha256(entropy_.nonce_key + "/run/" + run), entropy_.rng.Fork("run/" + run)};
}

Answer VerdictService::Overloaded(const VerdictRequest& request) {
  deps_.meter.RequestRefused("overloaded");
  return WithoutEvaluation(request, Reason::kOverloaded,
                           "the gate is judging as many releases as it can; ask again");
}

Answer VerdictService::Judge(const VerdictRequest& request, const Deadline& deadline) {
  if (request.environment != config_.environment) {
    return WithoutEvaluation(request, Reason::kInvalidRequest,
                             "this gate judges for environment \"" + config_.environment +
                                 "\", not for the one asked about; see the template");
  }
  const std::string key = KeyOf(request);
  std::shared_ptr<UnderWay> shared;
  bool joined = false;
  {
    const std::lock_guard lock(mutex_);
    const auto found = under_way_.find(key);
    joined = found != under_way_.end();
    if (joined) {
      shared = found->second;
    } else if (under_way_.size() < most_at_once_) {
      shared = under_way_[key] = std::make_shared<UnderWay>();
    }
  }
  if (!shared) return Overloaded(request);
  if (joined) return Share(*shared, request, deadline);

  Answer answer = Evaluate(request, deadline);
  const std::lock_guard lock(mutex_);
  shared->answer = answer;
  under_way_.erase(key);
  for (Event* waiting : shared->waiting) waiting->Set();
  return answer;
}

Answer VerdictService::Share(UnderWay& shared, const VerdictRequest& request,
                             const Deadline& deadline) {
  const std::unique_ptr<Event> ended = deps_.runtime.NewEvent();
  {
    const std::lock_guard lock(mutex_);
    if (shared.answer) return *shared.answer;
    shared.waiting.push_back(ended.get());
  }
  const WaitResult waited = ended->Wait(deadline);
  const std::lock_guard lock(mutex_);
  std::erase(shared.waiting, ended.get());
  if (shared.answer) return *shared.answer;
  if (waited == WaitResult::kStopped) {
    return WithoutEvaluation(request, Reason::kStopped, "the gate is shutting down");
  }
  return WithoutEvaluation(request, Reason::kTimeout,
                           "the same question is still being judged for another request");
}

Answer VerdictService::Evaluate(const VerdictRequest& request, const Deadline& deadline) {
  const evaluate::Question& question = request.question;
  evaluate::Entropy entropy = NextEntropy();
  Rng rng = entropy.rng.Fork("run");
  evaluate::RunContext context = evaluate::BeginRun(config_, request.mode, rng);
  std::optional<record::RunLinks> links;
  if (KubeApi* kube = deps_.trail.kube; kube != nullptr) {
    links = evaluate::TryFindLinks(
        deps_.trail,
        [&](const Deadline& patience) {
          return record::FindStepRun(*kube, question.ns, question.rollout, question.pod_hash,
                                     patience);
        },
        deadline.stop);
  }
  if (links) context.analysis_run = links->analysis_run;

  const Instant started = deps_.runtime.Now();
  evaluate::Evaluator evaluator(config_, deps_.runtime, deps_.mc, deps_.files, deps_.keyrings,
                                deps_.trail.log, std::move(entropy), deps_.trail.kube);
  evaluate::Evaluation evaluation = evaluator.EvaluateOnce(question, context.trace, deadline);
  context.decided_at = deps_.runtime.WallNow();
  context.took = deps_.runtime.Now() - started;
  evaluation = evaluate::Conclude(deps_.trail, question, std::move(evaluation), context, links,
                                  rng.Fork("status"), deadline.stop);
  deps_.meter.VerdictGiven(config_.environment, evaluation.verdict, context.took);
  if (const auto& overruling = evaluation.verdict.overruling()) {
    deps_.meter.Overridden(decide::ToString(overruling->decision));
  }
  const auto& evidence = evaluation.verdict.evidence();
  return {.verdict = evaluation.verdict,
          .evidence_digest = evidence ? "sha256:" + evidence->digest : "",
          .trace_id = context.trace.trace_id,
          .mode = request.mode};
}

}  // namespace gate::service
