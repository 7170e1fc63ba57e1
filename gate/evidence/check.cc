#include "gate/evidence/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "gate/evidence/envelope.h"
#include "gate/evidence/text.h"

namespace gate::evidence {
namespace {

constexpr std::size_t kMaxDetailBytes = 500;
constexpr Nanos kLongest = std::chrono::hours(24 * 365 * 100);

Observation Observe(Reason reason, std::string_view detail) {
  return Observation{reason, Sanitize(detail, kMaxDetailBytes), std::nullopt, std::nullopt};
}

Observation FromStatus(const Answer& answer) {
  const auto observe = [&](Reason reason, std::string_view meaning) {
    return Observe(reason, fmt::format("MC answered with status {}{}", answer.status, meaning));
  };
  if (answer.status == 404) {
    return observe(Reason::kNoEvidence, ": it has no evidence for this release");
  }
  if (answer.status == 401 || answer.status == 403) {
    return observe(Reason::kUnauthorized, ": the token is missing, wrong or not allowed");
  }
  if (answer.status == 429 || answer.status == 503) {
    Observation observation =
        observe(answer.status == 429 ? Reason::kRateLimited : Reason::kServerError, "");
    observation.retry_after = answer.retry_after;
    return observation;
  }
  if (answer.status >= 500 && answer.status <= 599) return observe(Reason::kServerError, "");
  return observe(Reason::kUnexpectedStatus, "");
}

Result<Opened, Flaw> Open(const Answer& answer, Scheme scheme, const Keyring& keyring) {
  switch (scheme) {
    case Scheme::kDsse:
      return OpenDsse(answer.body, keyring);
    case Scheme::kJws:
      if (answer.signature_count > 1) {
        return Flaw{Reason::kMalformed, fmt::format("{} headers {}, expected one",
                                                    answer.signature_count, kSignatureHeader)};
      }
      return OpenJws(answer.body, answer.signature, keyring);
  }
  GATE_CHECK(false);
}

Result<Statement> Decode(std::string_view payload, const Expected& expected) {
  switch (expected.scheme) {
    case Scheme::kDsse:
      return DecodeInToto(payload, expected.query.release_id);
    case Scheme::kJws:
      return DecodePlain(payload, expected.query.release_id);
  }
  GATE_CHECK(false);
}

// Drops the signers whose keys do not count at `time`; says so if none is left.
std::optional<Flaw> KeepValid(std::vector<const Key*>& signers, WallTime time,
                              std::string_view when) {
  const Key* last = signers.back();
  std::erase_if(signers, [&](const Key* key) { return !key->IsValidAt(time); });
  if (!signers.empty()) return std::nullopt;
  return Flaw{Reason::kKeyNotValid, fmt::format("key {} is not valid at {}, {}", Quote(last->id),
                                                FormatRfc3339(time, 0), when)};
}

std::optional<Flaw> Differs(Reason reason, std::string_view what, std::string_view actual,
                            std::string_view wanted) {
  if (actual == wanted) return std::nullopt;
  return Flaw{reason, fmt::format("the evidence is for {} {}, not for {}", what, Quote(actual),
                                  Quote(wanted))};
}

std::optional<Flaw> MissingDigest(const Evidence& evidence,
                                  const std::vector<std::string>& required) {
  for (const std::string& digest : required) {
    if (std::find(evidence.digests.begin(), evidence.digests.end(), digest) ==
        evidence.digests.end()) {
      return Flaw{Reason::kDigestMismatch,
                  fmt::format("the evidence does not cover the image {}", Quote(digest))};
    }
  }
  return std::nullopt;
}

// Whether verified evidence answers the question that was asked.
std::optional<Flaw> OffTopic(const Statement& statement, const Expected& expected) {
  const Evidence& evidence = statement.evidence;
  if (!statement.release_mismatch.empty()) {
    return Flaw{Reason::kReleaseMismatch, statement.release_mismatch};
  }
  if (auto flaw = MissingDigest(evidence, expected.required_digests)) return flaw;
  const Query& query = expected.query;
  if (auto flaw = Differs(Reason::kEnvironmentMismatch, "environment", evidence.environment,
                          query.environment)) {
    return flaw;
  }
  if (auto flaw = Differs(Reason::kStageMismatch, "stage", evidence.stage, query.stage)) {
    return flaw;
  }
  return Differs(Reason::kNonceMismatch, "nonce", evidence.nonce, query.nonce);
}

std::optional<Flaw> NotFresh(const Evidence& evidence, const Expected& expected) {
  const WallTime now = expected.now;
  const auto flaw = [&](Reason reason, std::string_view what, WallTime time) {
    return Flaw{reason, fmt::format("the evidence {} {}; it is {} now", what, FormatRfc3339(time),
                                    FormatRfc3339(now))};
  };
  // No times of MC's are subtracted: they may be 580 years apart, which does not fit into 64 bits.
  if (evidence.issued_at > now + expected.max_skew) {
    return flaw(Reason::kIssuedInFuture, "was issued in the future, at", evidence.issued_at);
  }
  if (evidence.expires_at < now) {
    return flaw(Reason::kExpired, "expired at", evidence.expires_at);
  }
  if (evidence.issued_at < now - expected.max_age - expected.max_skew) {
    return flaw(Reason::kStale, "is too old, issued at", evidence.issued_at);
  }
  return std::nullopt;
}

// The checks after the signature: key, release, digests, environment, stage, nonce, freshness.
Result<Evidence, Flaw> Examine(Opened opened, const Expected& expected) {
  if (auto flaw = KeepValid(opened.signers, expected.now, "now")) return *std::move(flaw);
  auto statement = Decode(opened.payload, expected);
  if (!statement) return Flaw{Reason::kMalformed, std::move(statement).error().message};
  Evidence& evidence = statement->evidence;
  if (auto flaw = KeepValid(opened.signers, evidence.issued_at, "when the evidence was issued")) {
    return *std::move(flaw);
  }
  if (auto flaw = OffTopic(*statement, expected)) return *std::move(flaw);
  if (auto flaw = NotFresh(evidence, expected)) return *std::move(flaw);
  evidence.key_id = opened.signers.front()->id;
  return std::move(evidence);
}

}  // namespace

Answer AnswerFrom(HttpResponse response, WallTime now) {
  Answer answer;
  answer.status = response.status;
  answer.content_type = response.headers.Get("Content-Type").value_or("");
  answer.retry_after = RetryAfter(response.headers, now);
  answer.signature = response.headers.Get(kSignatureHeader);
  answer.signature_count = response.headers.Count(kSignatureHeader);
  answer.body = std::move(response.body);
  return answer;
}

Observation CheckAnswer(const Answer& answer, const Expected& expected, const Keyring& keyring) {
  GATE_CHECK(expected.max_skew >= Nanos(0) && expected.max_skew <= kLongest);
  GATE_CHECK(expected.max_age >= Nanos(0) && expected.max_age <= kLongest);
  if (answer.status != 200) return FromStatus(answer);
  if (answer.body.size() > kMaxBodyBytes) {
    return Observe(Reason::kTooLarge,
                   fmt::format("the answer has {} bytes, more than the {} allowed",
                               answer.body.size(), kMaxBodyBytes));
  }
  auto opened = Open(answer, expected.scheme, keyring);
  if (!opened && opened.error().reason == Reason::kMalformed) {
    return Observe(Reason::kMalformed, fmt::format("{} (Content-Type {})", opened.error().detail,
                                                   Quote(answer.content_type)));
  }
  if (!opened) return Observe(opened.error().reason, opened.error().detail);
  auto evidence = Examine(*std::move(opened), expected);
  if (!evidence) return Observe(evidence.error().reason, evidence.error().detail);
  const Reason reason = evidence->evidence_ok ? Reason::kEvidenceTrue : Reason::kEvidenceFalse;
  return Observation{reason, "", *std::move(evidence), std::nullopt};
}

Observation FromHttpError(const HttpError& error) {
  const auto reason = [&] {
    switch (error.kind) {
      case HttpErrorKind::kInvalidRequest:
        return Reason::kInvalidRequest;
      case HttpErrorKind::kResolve:
        return Reason::kResolveFailed;
      case HttpErrorKind::kConnect:
        return Reason::kConnectFailed;
      case HttpErrorKind::kTls:
        return Reason::kTlsError;
      case HttpErrorKind::kTimeout:
        return Reason::kTimeout;
      case HttpErrorKind::kReset:
        return Reason::kConnectionReset;
      case HttpErrorKind::kProtocol:
        return Reason::kProtocolError;
      case HttpErrorKind::kBodyTooLarge:
        return Reason::kTooLarge;
      case HttpErrorKind::kCircuitOpen:
        return Reason::kCircuitOpen;
      case HttpErrorKind::kCancelled:
        return Reason::kStopped;
    }
    GATE_CHECK(false);
  }();
  Observation observation = Observe(reason, error.message);
  observation.retry_after = error.retry_after;
  return observation;
}

}  // namespace gate::evidence
