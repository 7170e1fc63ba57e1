#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "gate/base/rng.h"
#include "gate/evaluate/conclude.h"
#include "gate/evaluate/config.h"
#include "gate/evaluate/evaluator.h"
#include "gate/evidence/keyring_cache.h"
#include "gate/seams/files.h"
#include "gate/seams/http_client.h"
#include "gate/seams/runtime.h"
#include "gate/service/late_annotations.h"
#include "gate/service/meter.h"
#include "gate/service/verdict_request.h"

namespace gate::service {

// A verdict as it is told to whoever asked.
struct Answer {
  decide::Verdict verdict;
  std::string evidence_digest;  // "sha256:..."; empty without verified evidence
  std::string trace_id;         // of the request to MC and of the audit record; may be empty
  evaluate::Mode mode = evaluate::Mode::kEnforce;
};

struct ServiceDeps {
  Runtime& runtime;
  HttpClient& mc;  // shared by all questions, behind one circuit breaker
  Files& files;
  evidence::KeyringCache& keyrings;
  evaluate::Trail trail;
  Meter& meter;
};

// Judges questions, many at once. Each gets one evaluation within `timing.budget`: a caller that
// can be told "inconclusive" need not be held (argo R58, R64). Questions that are the same in every
// respect while one of them is being judged share its verdict and its record. Thread-safe.
class VerdictService {
 public:
  // At most `most_at_once` evaluations run at a time; a question beyond them is answered at once
  // with inconclusive (overloaded), and leaves no record.
  VerdictService(const evaluate::Config& config, ServiceDeps deps, evaluate::Entropy entropy,
                 std::size_t most_at_once);

  Answer Judge(const VerdictRequest& request, const Deadline& deadline);

  Answer Overloaded(const VerdictRequest& request);

 private:
  struct UnderWay;

  Answer Evaluate(const VerdictRequest& request, const Deadline& deadline);
  Answer Share(UnderWay& shared, const VerdictRequest& request, const Deadline& deadline);
  evaluate::Entropy NextEntropy();

  const evaluate::Config& config_;
  ServiceDeps deps_;
  const std::size_t most_at_once_;
  std::optional<LateAnnotations> annotations_;  // in a cluster

  std::mutex mutex_;  // guards what follows; never held while waiting
  evaluate::Entropy entropy_;
  std::uint64_t runs_ = 0;
  std::map<std::string, std::shared_ptr<UnderWay>> under_way_;  // by question
};

}  // namespace gate::service
