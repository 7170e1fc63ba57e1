#pragma once

#include <cstdint>
#include <mutex>

#include "gate/evaluate/conclude.h"
#include "gate/evaluate/config.h"
#include "gate/evaluate/evaluator.h"
#include "gate/evidence/keyring_cache.h"
#include "gate/seams/files.h"
#include "gate/seams/http_client.h"
#include "gate/service/meter.h"
#include "gate/watch/inquirer.h"

namespace gate::service {

struct McInquiryDeps {
  HttpClient& mc;  // that of the verdicts, with their circuit breaker
  Files& files;
  evidence::KeyringCache& keyrings;
  evaluate::Trail trail;
  Meter& meter;
};

// What the leader asks MC of its own accord: one request with a nonce of its own, verified as at a
// gate. No verdict comes of it and nothing is recorded, except that MC takes back what it had said
// yes to: then that is recorded as a fail (evidence-withdrawn). Thread-safe.
class McInquiry : public watch::McSource {
 public:
  McInquiry(const evaluate::Config& config, McInquiryDeps deps, evaluate::Entropy entropy);

  watch::McSays Ask(const watch::Inquiry& inquiry, const Deadline& deadline) override;

 private:
  evaluate::Entropy NextEntropy();
  watch::McSays Learn(const watch::Inquiry& inquiry, const Deadline& deadline);

  const evaluate::Config& config_;
  const McInquiryDeps deps_;

  std::mutex mutex_;  // guards what follows
  evaluate::Entropy entropy_;
  std::uint64_t asked_ = 0;
};

}  // namespace gate::service
