#include "gate/decide/verdict.h"

#include <fmt/format.h>

#include <algorithm>

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
  kNoAnswer,   // nothing that an attempt ends in: it is made of a verdict
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
    case Reason::kEvidenceWithdrawn:
    case Reason::kOverrideApproved:
    case Reason::kOverrideRejected:
      return Meaning::kNoAnswer;
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

// `verb`: "rejects", "no longer confirms"
std::string FailMessage(const evidence::Evidence& evidence, std::string_view verb) {
  if (evidence.reasons.empty()) {
    return fmt::format("MC {} {} and gives no reasons", verb, Topic(evidence));
  }
  return fmt::format("MC {} {}: {}", verb, Topic(evidence), fmt::join(evidence.reasons, "; "));
}

// "ann and bob approve release shop-1.5.0 at stage 20 (ann: MC is down; bob: so it is) instead of
// inconclusive (timeout)"
std::string OverrideMessage(const Overruling& overruling) {
  std::vector<std::string> actors;
  std::vector<std::string> reasons;
  for (const Override& one : overruling.by) {
    actors.push_back(one.actor);
    reasons.push_back(fmt::format("{}: {}", one.actor, one.reason));
  }
  const OverrideSubject& subject = overruling.by.front().subject;
  return fmt::format("{} {}{} release {} at stage {} instead of {} ({}). {}",
                     fmt::join(actors, " and "), ToString(overruling.decision),
                     actors.size() > 1 ? "" : "s", subject.release_id, subject.stage,
                     ToString(overruling.instead_of), ToString(overruling.instead_reason),
                     fmt::join(reasons, "; "));
}

// Moves the approvals that do not count in this case from `approvals` to `ignored`: those that were
// not made against a refusal, and further ones of the same person, who is heard once.
void KeepApprovals(Outcome outcome, std::vector<Override>& approvals,
                   std::vector<IgnoredOverride>& ignored) {
  std::vector<Override> kept;
  for (Override& one : approvals) {
    if (outcome == Outcome::kFail && !one.over_refusal) {
      ignored.push_back(Ignore(one, OverrideFlaw::kRefusalStands,
                               "the verdict is a fail, and it was not made against one"));
      continue;
    }
    const bool heard = std::any_of(kept.begin(), kept.end(),
                                   [&](const Override& other) { return other.actor == one.actor; });
    if (!heard) kept.push_back(std::move(one));
  }
  approvals = std::move(kept);
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

bool Verdict::security_alert() const {
  return MeaningOf(overruling_ ? overruling_->instead_reason : reason_) == Meaning::kUntrusted;
}

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
      return verdict(Outcome::kFail, FailMessage(*evidence, "rejects"));
    case Meaning::kUntrusted:
      GATE_CHECK(!evidence.has_value());
      return verdict(policy.untrusted,
                     fmt::format("MC's answer cannot be trusted: {}", DetailOf(observation)));
    case Meaning::kNotYet:
    case Meaning::kNever:
      GATE_CHECK(!evidence.has_value());
      return verdict(Outcome::kInconclusive, fmt::format("No verdict: {}", DetailOf(observation)));
    case Meaning::kNoAnswer:
      break;
  }
  GATE_CHECK(false);
}

std::optional<Verdict> Withdrawal(const Verdict& verdict) {
  if (verdict.reason() != Reason::kEvidenceFalse) return std::nullopt;
  return Verdict(Outcome::kFail, Reason::kEvidenceWithdrawn,
                 Truncate(FailMessage(*verdict.evidence(), "no longer confirms"), kMaxMessageBytes),
                 verdict.evidence());
}

Overruled ApplyOverrides(Verdict verdict, const FoundOverrides& found,
                         const OverrideSubject& subject, const OverridePolicy& policy,
                         WallTime now) {
  GATE_CHECK(policy.approvers >= 1);
  SortedOverrides sorted = SortOverrides(found, subject, policy, now);
  std::vector<IgnoredOverride>& ignored = sorted.ignored;
  const auto overrule = [&](OverrideDecision decision, std::vector<Override> by) {
    const bool approved = decision == OverrideDecision::kApprove;
    Overruling overruling{decision, std::move(by), verdict.outcome_, verdict.reason_,
                          verdict.message_};
    Verdict made(approved ? Outcome::kPass : Outcome::kFail,
                 approved ? Reason::kOverrideApproved : Reason::kOverrideRejected,
                 Truncate(OverrideMessage(overruling), kMaxMessageBytes), verdict.evidence_);
    made.overruling_ = std::move(overruling);
    return made;
  };
  if (verdict.outcome_ == Outcome::kPass) {
    std::erase_if(ignored, [](const IgnoredOverride& one) { return one.decision == "approve"; });
  }
  if (!sorted.rejects.empty()) {
    return {overrule(OverrideDecision::kReject, {sorted.rejects.front()}), std::move(ignored)};
  }
  if (verdict.outcome_ == Outcome::kPass) return {std::move(verdict), std::move(ignored)};

  std::vector<Override>& approvals = sorted.approvals;
  KeepApprovals(verdict.outcome_, approvals, ignored);
  if (approvals.size() < policy.approvers) {
    for (const Override& one : approvals) {
      ignored.push_back(
          Ignore(one, OverrideFlaw::kNeedsAnother,
                 fmt::format("{} of {} people approve", approvals.size(), policy.approvers)));
    }
    return {std::move(verdict), std::move(ignored)};
  }
  approvals.resize(policy.approvers);
  return {overrule(OverrideDecision::kApprove, std::move(approvals)), std::move(ignored)};
}

Next NextStep(const Verdict& verdict) {
  if (verdict.outcome() != Outcome::kInconclusive) return Next::kDone;
  return MeaningOf(verdict.reason()) == Meaning::kNever ? Next::kGiveUp : Next::kRetry;
}

}  // namespace gate::decide
