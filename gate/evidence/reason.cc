#include "gate/evidence/reason.h"

#include "gate/base/check.h"

namespace gate::evidence {

std::string_view ToString(Reason reason) {
  switch (reason) {
    case Reason::kEvidenceTrue:
      return "evidence-true";
    case Reason::kEvidenceFalse:
      return "evidence-false";
    case Reason::kEvidenceWithdrawn:
      return "evidence-withdrawn";
    case Reason::kSignatureMissing:
      return "signature-missing";
    case Reason::kSignatureInvalid:
      return "signature-invalid";
    case Reason::kKeyUnknown:
      return "key-unknown";
    case Reason::kKeyNotValid:
      return "key-not-valid";
    case Reason::kAlgorithmMismatch:
      return "algorithm-mismatch";
    case Reason::kReleaseMismatch:
      return "release-mismatch";
    case Reason::kDigestMismatch:
      return "digest-mismatch";
    case Reason::kEnvironmentMismatch:
      return "environment-mismatch";
    case Reason::kStageMismatch:
      return "stage-mismatch";
    case Reason::kNonceMismatch:
      return "nonce-mismatch";
    case Reason::kExpired:
      return "expired";
    case Reason::kStale:
      return "stale";
    case Reason::kIssuedInFuture:
      return "issued-in-future";
    case Reason::kMalformed:
      return "malformed";
    case Reason::kTooLarge:
      return "too-large";
    case Reason::kNoEvidence:
      return "no-evidence";
    case Reason::kUnauthorized:
      return "unauthorized";
    case Reason::kRateLimited:
      return "rate-limited";
    case Reason::kServerError:
      return "server-error";
    case Reason::kUnexpectedStatus:
      return "unexpected-status";
    case Reason::kResolveFailed:
      return "resolve-failed";
    case Reason::kConnectFailed:
      return "connect-failed";
    case Reason::kTlsError:
      return "tls-error";
    case Reason::kTimeout:
      return "timeout";
    case Reason::kConnectionReset:
      return "connection-reset";
    case Reason::kProtocolError:
      return "protocol-error";
    case Reason::kCircuitOpen:
      return "circuit-open";
    case Reason::kReleaseIdMissing:
      return "release-id-missing";
    case Reason::kInvalidRequest:
      return "invalid-request";
    case Reason::kKeyringUnavailable:
      return "keyring-unavailable";
    case Reason::kTokenUnavailable:
      return "token-unavailable";
    case Reason::kOverloaded:
      return "overloaded";
    case Reason::kRecordFailed:
      return "record-failed";
    case Reason::kStopped:
      return "stopped";
    case Reason::kOverrideApproved:
      return "override-approved";
    case Reason::kOverrideRejected:
      return "override-rejected";
  }
  GATE_CHECK(false);
}

std::optional<Reason> ReasonFromString(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(kLastReason); ++i) {
    if (name == ToString(static_cast<Reason>(i))) return static_cast<Reason>(i);
  }
  return std::nullopt;
}

}  // namespace gate::evidence
