#include "gate/evaluate/evaluator.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "gate/base/digest.h"
#include "gate/base/encoding.h"
#include "gate/evidence/check.h"
#include "gate/evidence/request.h"
#include "gate/seams/secret_file.h"

namespace gate::evaluate {
namespace {

using decide::Next;
using decide::Verdict;
using evidence::Observation;
using evidence::Reason;

evidence::Query QueryFor(const Config& config, const Question& question, std::string nonce) {
  return {.release_id = question.release_id,
          .environment = config.environment,
          .stage = question.stage,
          .nonce = std::move(nonce)};
}

HttpRequest RequestFor(const Config& config, const evidence::Query& query, Secret token,
                       const TraceContext& span) {
  HttpRequest request;
  request.url = evidence::BuildUrl(config.mc.url, query);
  request.headers.Add("Accept", std::string(evidence::AcceptedType(config.mc.scheme)));
  request.body_limit = evidence::kMaxBodyBytes;
  request.headers.Add("traceparent", span.ToTraceparent());
  request.bearer_token = std::move(token);
  return request;
}

// What was learnt without an answer from MC.
Observation NoAnswer(Reason reason, std::string detail) {
  return {.reason = reason, .detail = std::move(detail), .evidence = {}, .retry_after = {}};
}

Observation Stopped() { return NoAnswer(Reason::kStopped, "asked to stop"); }

// When the round after one without a verdict begins; nothing if none does before `end`. If MC asks
// for more patience than is left, it is asked once more when a request just still fits in.
std::optional<Instant> NextRound(const Config::Timing& timing, std::optional<Nanos> retry_after,
                                 Instant now, Instant end) {
  const Instant soonest = now + timing.hold_interval;
  if (soonest >= end) return std::nullopt;
  const Instant wanted = std::max(soonest, now + retry_after.value_or(Nanos(0)));
  if (wanted < end) return wanted;
  const Instant last = end - timing.attempt_timeout;
  if (last < soonest) return std::nullopt;
  return last;
}

}  // namespace

Result<std::shared_ptr<const evidence::Keyring>> ReadKeyring(Files& files,
                                                             evidence::KeyringCache& keyrings,
                                                             const std::string& path) {
  auto text = files.Read(path);
  if (!text) return std::move(text).error();
  return keyrings.Parse(*text, path);
}

Evaluator::Evaluator(const Config& config, Runtime& runtime, HttpClient& http, Files& files,
                     evidence::KeyringCache& keyrings, Log& log, Entropy entropy, KubeApi* kube)
    : config_(config),
      runtime_(runtime),
      http_(http),
      files_(files),
      keyrings_(keyrings),
      log_(log),
      entropy_(std::move(entropy)) {
  GATE_CHECK(entropy_.nonce_key.size() >= 16);
  if (kube != nullptr && config_.overrides.enabled) {
    overruler_.emplace(decide::OverridePolicy{.approvers = config_.overrides.approvers,
                                              .max_skew = config_.timing.max_clock_skew},
                       *kube, runtime_, log_);
  }
}

std::string Evaluator::NewNonce() {
  return Base64UrlEncode(Sha256(entropy_.nonce_key + std::to_string(++nonces_)).substr(0, 18));
}

Observation Evaluator::Ask(const Question& question, const TraceContext& span,
                           const Deadline& deadline) {
  if (deadline.stop.stop_requested()) return Stopped();
  auto keyring = ReadKeyring(files_, keyrings_, config_.mc.keyring_file);
  if (!keyring) return NoAnswer(Reason::kKeyringUnavailable, keyring.error().message);
  auto token = ReadSecret(files_, config_.mc.token_file);
  if (!token) return NoAnswer(Reason::kTokenUnavailable, token.error().message);
  const evidence::Query query = QueryFor(config_, question, NewNonce());
  auto response = http_.Send(RequestFor(config_, query, *std::move(token), span), deadline);
  if (!response) {
    if (deadline.stop.stop_requested()) return Stopped();
    return evidence::FromHttpError(response.error());
  }
  const WallTime now = runtime_.WallNow();
  const evidence::Expected expected{.query = query,
                                    .scheme = config_.mc.scheme,
                                    .required_digests = question.digests,
                                    .now = now,
                                    .max_skew = config_.timing.max_clock_skew,
                                    .max_age = config_.timing.max_evidence_age};
  return evidence::CheckAnswer(evidence::AnswerFrom(*std::move(response), now), expected,
                               **keyring);
}

Evaluation Evaluator::Attempt(const Question& question, const TraceContext& trace, int attempt,
                              const Deadline& deadline) {
  const Instant started = runtime_.Now();
  const TraceContext span = NewSpan(trace, entropy_.rng);
  const Observation observation = Ask(question, span, deadline);
  log_.Info("asked MC", {{"attempt", attempt + 1},
                         {"reason", evidence::ToString(observation.reason)},
                         {"detail", observation.detail},
                         {"release", question.release_id},
                         {"stage", question.stage},
                         {"traceId", span.trace_id},
                         {"spanId", span.span_id},
                         {"ms", (runtime_.Now() - started) / std::chrono::milliseconds(1)}});
  Verdict verdict = decide::Decide(observation, config_.policy);
  const bool may_change = decide::NextStep(verdict) == Next::kRetry;
  return {.verdict = std::move(verdict),
          .attempts = attempt + 1,
          .may_change = may_change,
          .retry_after = observation.retry_after};
}

Evaluation Evaluator::Overrule(Evaluation evaluation, const Question& question,
                               const std::stop_token& stop) {
  if (!overruler_ || stop.stop_requested()) return evaluation;
  decide::Overruled after = overruler_->Overrule(std::move(evaluation.verdict), question, stop);
  evaluation.may_change = evaluation.may_change && !after.verdict.overruling();
  evaluation.verdict = std::move(after.verdict);
  evaluation.ignored_overrides = std::move(after.ignored);
  return evaluation;
}

Evaluation Evaluator::EvaluateOnce(const Question& question, const TraceContext& trace,
                                   const Deadline& deadline) {
  return Overrule(AskRound(question, trace, deadline), question, deadline.stop);
}

// Waits until then, or until people have decided.
Evaluation Evaluator::ListenUntil(Instant next, Evaluation evaluation, const Question& question,
                                  const std::stop_token& stop) {
  for (;;) {
    const Instant wake =
        overruler_ ? std::min(next, runtime_.Now() + config_.timing.hold_interval) : next;
    // A stop shows in the next attempt.
    if (runtime_.Sleep({wake, stop}) == WaitResult::kStopped || wake == next) return evaluation;
    evaluation = Overrule(std::move(evaluation), question, stop);
    if (!evaluation.may_change) return evaluation;
  }
}

// The verdict on what cannot even be asked.
std::optional<Evaluation> Evaluator::Invalid(const Question& question) {
  // The nonce only has to be of the right form here; each request gets its own.
  const auto valid = evidence::Validate(QueryFor(config_, question, NewNonce()));
  if (valid) return std::nullopt;
  return Evaluation{.verdict = decide::Decide(NoAnswer(valid.error().reason, valid.error().message),
                                              config_.policy)};
}

Evaluation Evaluator::AskOnce(const Question& question, const TraceContext& trace,
                              const Deadline& deadline) {
  if (auto invalid = Invalid(question)) return *std::move(invalid);
  const Instant end = std::min(runtime_.Now() + config_.timing.attempt_timeout, deadline.at);
  return Attempt(question, trace, /*attempt=*/0, {end, deadline.stop});
}

Evaluation Evaluator::AskRound(const Question& question, const TraceContext& trace,
                               const Deadline& deadline) {
  if (auto invalid = Invalid(question)) return *std::move(invalid);
  const Instant end = std::min(runtime_.Now() + config_.timing.budget, deadline.at);
  for (int attempt = 0;; ++attempt) {
    const Instant attempt_end = std::min(runtime_.Now() + config_.timing.attempt_timeout, end);
    Evaluation evaluation = Attempt(question, trace, attempt, {attempt_end, deadline.stop});
    if (!evaluation.may_change) return evaluation;
    const Instant next =
        runtime_.Now() +
        decide::BackoffDelay(attempt, config_.timing.backoff, evaluation.retry_after, entropy_.rng);
    if (next >= end) return evaluation;
    // A stop shows in the next attempt.
    (void)runtime_.Sleep({next, deadline.stop});
  }
}

Evaluation Evaluator::EvaluateHolding(const Question& question, const TraceContext& trace,
                                      const Deadline& deadline) {
  const Nanos whole = std::max(config_.timing.hold, config_.timing.budget);
  const Instant end = std::min(runtime_.Now() + whole, deadline.at);
  int attempts = 0;
  for (;;) {
    Evaluation evaluation = EvaluateOnce(question, trace, {end, deadline.stop});
    attempts += evaluation.attempts;
    evaluation.attempts = attempts;
    if (!evaluation.may_change) return evaluation;
    const Instant now = runtime_.Now();
    const auto next = NextRound(config_.timing, evaluation.retry_after, now, end);
    if (!next) return evaluation;
    log_.Info(
        "holding",
        {{"reason", evidence::ToString(evaluation.verdict.reason())},
         {"nextIn", FormatDuration(std::chrono::floor<std::chrono::milliseconds>(*next - now))},
         {"givingUpIn", FormatDuration(std::chrono::floor<std::chrono::seconds>(end - now))}});
    evaluation = ListenUntil(*next, std::move(evaluation), question, deadline.stop);
    if (!evaluation.may_change) return evaluation;
  }
}

}  // namespace gate::evaluate
