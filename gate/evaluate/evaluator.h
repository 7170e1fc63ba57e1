#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gate/base/rng.h"
#include "gate/base/trace.h"
#include "gate/decide/override.h"
#include "gate/decide/verdict.h"
#include "gate/evaluate/config.h"
#include "gate/evaluate/overruler.h"
#include "gate/evaluate/question.h"
#include "gate/evidence/keyring_cache.h"
#include "gate/seams/files.h"
#include "gate/seams/http_client.h"
#include "gate/seams/kube_api.h"
#include "gate/seams/log.h"
#include "gate/seams/runtime.h"

namespace gate::evaluate {

// How a verdict came about.
struct Evaluation {
  decide::Verdict verdict;
  int attempts = 0;                  // requests to MC, over all rounds
  bool may_change = false;           // asking again later may give another verdict
  std::optional<Nanos> retry_after;  // how long MC asked us to wait, if it did
  std::vector<decide::IgnoredOverride> ignored_overrides;
};

// What makes nonces unpredictable and retries spread out; drawn from the OS in production.
struct Entropy {
  std::string nonce_key;  // 32 bytes
  Rng rng;                // for jitter and span ids
};

// One gate run: asks MC, verifies and decides, again and again while that may still help.
// Everything it is given must outlive it. Not thread-safe.
//
// Where `kube` is given and the configuration allows it, people may decide in MC's place: what they
// say is read once in every round, after MC was asked.
class Evaluator {
 public:
  Evaluator(const Config& config, Runtime& runtime, HttpClient& http, Files& files,
            evidence::KeyringCache& keyrings, Log& log, Entropy entropy, KubeApi* kube);

  // One round within `timing.budget`: requests with back-off until there is a verdict, the budget
  // is used up, or nothing can be gained by asking again.
  Evaluation EvaluateOnce(const Question& question, const TraceContext& trace,
                          const Deadline& deadline);

  // One request within `timing.attemptTimeout`, in which people have no say: what MC says now.
  Evaluation AskOnce(const Question& question, const TraceContext& trace, const Deadline& deadline);

  // Rounds, at least `timing.holdInterval` apart, until there is a verdict or the longer of
  // `timing.hold` and `timing.budget` has passed: for callers that cannot say "inconclusive" (argo
  // R51), so that a short outage of MC does not abort a good release. MC's Retry-After is honoured,
  // except that MC is asked once more before all is over; people are listened to all the same.
  Evaluation EvaluateHolding(const Question& question, const TraceContext& trace,
                             const Deadline& deadline);

 private:
  std::optional<Evaluation> Invalid(const Question& question);
  Evaluation AskRound(const Question& question, const TraceContext& trace,
                      const Deadline& deadline);
  Evaluation Overrule(Evaluation evaluation, const Question& question, const std::stop_token& stop);
  Evaluation ListenUntil(Instant next, Evaluation evaluation, const Question& question,
                         const std::stop_token& stop);
  evidence::Observation Ask(const Question& question, const TraceContext& span,
                            const Deadline& deadline);
  Evaluation Attempt(const Question& question, const TraceContext& trace, int attempt,
                     const Deadline& deadline);
  std::string NewNonce();

  const Config& config_;
  Runtime& runtime_;
  HttpClient& http_;
  Files& files_;
  evidence::KeyringCache& keyrings_;
  Log& log_;
  Entropy entropy_;
  std::optional<Overruler> overruler_;
  std::uint64_t nonces_ = 0;
};

// Reads the keyring file; parses it unless `keyrings` has seen its text before.
Result<std::shared_ptr<const evidence::Keyring>> ReadKeyring(Files& files,
                                                             evidence::KeyringCache& keyrings,
                                                             const std::string& path);

}  // namespace gate::evaluate
