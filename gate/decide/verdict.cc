#include "gate/decide/verdict.h"

#include <fmt/format.h>

#include "gate/base/check.h"
#include "gate/base/encoding.h"

namespace gate::decide {
namespace {

using evidence::Observation;
using evidence::Reason;

constexpr std::size_t kMaxMessageBytes = 1000;

// What a reason means for the decision.
enum class Meaning {
  kYes,
  kNo,
  kUntrusted,  // an answer that is not MC's for this question
  kNotYet,     // no usable answer; the next one may be better
  kNever,      // no usable answer, and asking again would not bring one
};

Meaning MeaningOf(Reason reason) {
  switch (reason) {
    case Reason::kEvidenceTrue:
      return Meaning::kYes;
    case Reason::kEvidenceFalse:
      return Meaning::kNo;
    case Reason::kSignatureMissing:
    case Reason::kSignatureInvalid:
    case Reason::kKeyUnknown:
    case Reason::kKeyNotValid:
    case Reason::kAlgorithmMismatch:
    case Reason::kReleaseMismatch:
    case Reason::kDigestMismatch:
    case Reason::kEnvironmentMismatch:
    case Reason::kStageMismatch:
    case Reason::kNonceMismatch:
      return Meaning::kUntrusted;
    case Reason::kExpired:
    case Reason::kStale:
    case Reason::kIssuedInFuture:
    case Reason::kMalformed:
    case Reason::kTooLarge:
    case Reason::kNoEvidence:
    case Reason::kUnauthorized:
    case Reason::kRateLimited:
    case Reason::kServerError:
    case Reason::kUnexpectedStatus:
    case Reason::kResolveFailed:
    case Reason::kConnectFailed:
    case Reason::kTlsError:
    case Reason::kTimeout:
    case Reason::kConnectionReset:
    case Reason::kProtocolError:
    case Reason::kCircuitOpen:
    case Reason::kKeyringUnavailable:
    case Reason::kTokenUnavailable:
    case Reason::kRecordFailed:
    case Reason::kOverloaded:
      return Meaning::kNotYet;
    case Reason::kReleaseIdMissing:
    case Reason::kInvalidRequest:
    case Reason::kStopped:
      return Meaning::kNever;
  }
  GATE_CHECK(false);
}

// What MC said about what: "release shop-1.5.0 at stage 20 in staging".
std::string Topic(const evidence::Evidence& evidence) {
  return fmt::format("release {} at stage {} in {}", evidence.release_id, evidence.stage,
                     evidence.environment);
}

std::string PassMessage(const evidence::Evidence& evidence) {
  return fmt::format("MC confirms {}", Topic(evidence));
}

std::string FailMessage(const evidence::Evidence& evidence) {
  if (evidence.reasons.empty()) {
    return fmt::format("MC rejects {} and gives no reasons", Topic(evidence));
  }
  return fmt::format("MC rejects {}: {}", Topic(evidence), fmt::join(evidence.reasons, "; "));
}

std::string_view DetailOf(const Observation& observation) {
  return observation.detail.empty() ? ToString(observation.reason) : observation.detail;
}

}  // namespace

std::string_view ToString(Outcome outcome) {
  switch (outcome) {
    case Outcome::kPass:
      return "pass";
    case Outcome::kFail:
      return "fail";
    case Outcome::kInconclusive:
      return "inconclusive";
  }
  GATE_CHECK(false);
}

bool Verdict::security_alert() const { return MeaningOf(reason_) == Meaning::kUntrusted; }

Verdict Decide(const Observation& observation, const Policy& policy) {
  GATE_CHECK(policy.untrusted != Outcome::kPass);
  const auto verdict = [&](Outcome outcome, std::string_view message) {
    return Verdict(outcome, observation.reason, Truncate(message, kMaxMessageBytes),
                   observation.evidence);
  };
  const auto& evidence = observation.evidence;
  switch (MeaningOf(observation.reason)) {
    case Meaning::kYes:
      GATE_CHECK(evidence.has_value() && evidence->evidence_ok);
      return verdict(Outcome::kPass, PassMessage(*evidence));
    case Meaning::kNo:
      GATE_CHECK(evidence.has_value() && !evidence->evidence_ok);
      return verdict(Outcome::kFail, FailMessage(*evidence));
    case Meaning::kUntrusted:
      GATE_CHECK(!evidence.has_value());
      return verdict(policy.untrusted,
                     fmt::format("MC's answer cannot be trusted: {}", DetailOf(observation)));
    case Meaning::kNotYet:
    case Meaning::kNever:
      GATE_CHECK(!evidence.has_value());
      return verdict(Outcome::kInconclusive, fmt::format("No verdict: {}", DetailOf(observation)));
  }
  GATE_CHECK(false);
}

Next NextStep(const Verdict& verdict) {
  if (verdict.outcome() != Outcome::kInconclusive) return Next::kDone;
  return MeaningOf(verdict.reason()) == Meaning::kNever ? Next::kGiveUp : Next::kRetry;
}

}  // namespace gate::decide
