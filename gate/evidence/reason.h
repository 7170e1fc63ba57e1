#pragma once

#include <optional>
#include <string_view>

namespace gate::evidence {

// Why an attempt ended as it did, in one word that people see in the status, in metrics and in the
// audit trail: the names are stable. What follows from a reason is gate/decide's business.
enum class Reason {
  // MC's own word, verified.
  kEvidenceTrue,
  kEvidenceFalse,

  // An answer that is not MC's for this question, whatever it says.
  kSignatureMissing,
  kSignatureInvalid,
  kKeyUnknown,   // no signature under an id that the keyring holds
  kKeyNotValid,  // outside the key's notBefore and notAfter
  kAlgorithmMismatch,
  kReleaseMismatch,
  kDigestMismatch,
  kEnvironmentMismatch,
  kStageMismatch,
  kNonceMismatch,  // a replay

  // MC's answer for this question, but unusable.
  kExpired,
  kStale,
  kIssuedInFuture,
  kMalformed,
  kTooLarge,

  // Another HTTP status than 200.
  kNoEvidence,    // 404
  kUnauthorized,  // 401, 403
  kRateLimited,   // 429
  kServerError,   // 5xx
  kUnexpectedStatus,

  // No answer.
  kResolveFailed,
  kConnectFailed,
  kTlsError,
  kTimeout,
  kConnectionReset,
  kProtocolError,
  kCircuitOpen,

  // The gate itself.
  kReleaseIdMissing,
  kInvalidRequest,  // another template or configuration mistake: repeating does not help
  kTokenUnavailable,
  kKeyringUnavailable,
  kRecordFailed,
  kOverloaded,  // as many evaluations are under way as may be
  kStopped,

  // What no attempt ends in. Between the gates, MC took back its yes (gate/decide/verdict.h):
  kEvidenceWithdrawn,
  // A person decided in MC's place (gate/decide/override.h):
  kOverrideApproved,
  kOverrideRejected,
};
inline constexpr Reason kLastReason = Reason::kOverrideRejected;

// "evidence-true", "signature-missing", ...
std::string_view ToString(Reason reason);
std::optional<Reason> ReasonFromString(std::string_view name);

}  // namespace gate::evidence
