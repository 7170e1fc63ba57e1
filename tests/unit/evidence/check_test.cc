#include "gate/evidence/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gate/base/encoding.h"
#include "tests/unit/evidence/signing.h"

namespace gate::evidence {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::AnAnswer;
using ::testing::HasSubstr;
using testing::Noon;
using testing::Signer;
using ::testing::StartsWith;

// Every test of what is signed is played in both schemes.
class CheckTest : public ::testing::TestWithParam<Scheme> {
 protected:
  // The answer with these changes to the predicate (dsse) or the body (jws), properly signed.
  Answer Signed(const Json& changes = Json::object()) {
    if (expected_.scheme == Scheme::kDsse) {
      Json statement = testing::AStatement();
      statement["predicate"].update(changes);
      return AnAnswer(testing::AnEnvelope(statement.dump(), {{"ed", ed_}}).dump());
    }
    Json plain = testing::APlainAnswer();
    plain.update(changes);
    const std::string body = plain.dump();
    return AnAnswer(body, testing::AJws(testing::AJwsHeader("EdDSA", "ed").dump(), body, ed_));
  }

  Observation Check(const Answer& answer) { return CheckAnswer(answer, expected_, keyring_); }
  Observation CheckSigned(const Json& changes) { return Check(Signed(changes)); }
  Reason ReasonAt(WallTime now) {
    expected_.now = now;
    return Check(Signed()).reason;
  }

  Signer ed_ = Signer::Ed25519();
  Keyring keyring_ = testing::AKeyring(ed_, Signer::P256());
  Expected expected_ = testing::AnExpectation(GetParam());
};

INSTANTIATE_TEST_SUITE_P(Schemes, CheckTest, ::testing::Values(Scheme::kDsse, Scheme::kJws),
                         [](const auto& test) { return std::string(ToString(test.param)); });

TEST_P(CheckTest, McsWordIsTheReasonIfEverythingIsRight) {
  const Observation yes = CheckSigned(Json::object());
  EXPECT_EQ(yes.reason, Reason::kEvidenceTrue);
  EXPECT_EQ(yes.detail, "");
  ASSERT_TRUE(yes.evidence);
  EXPECT_TRUE(yes.evidence->evidence_ok);
  const Observation no = CheckSigned({{"evidenceOk", false}});
  EXPECT_EQ(no.reason, Reason::kEvidenceFalse);
  ASSERT_TRUE(no.evidence);
  EXPECT_FALSE(no.evidence->evidence_ok);
}

TEST_P(CheckTest, EveryOtherStatusIsAReasonWhateverTheBodySays) {
  const std::vector<std::pair<int, Reason>> table = {
      {404, Reason::kNoEvidence},       {401, Reason::kUnauthorized},
      {403, Reason::kUnauthorized},     {429, Reason::kRateLimited},
      {500, Reason::kServerError},      {502, Reason::kServerError},
      {503, Reason::kServerError},      {504, Reason::kServerError},
      {599, Reason::kServerError},      {600, Reason::kUnexpectedStatus},
      {499, Reason::kUnexpectedStatus}, {400, Reason::kUnexpectedStatus},
      {402, Reason::kUnexpectedStatus}, {405, Reason::kUnexpectedStatus},
      {410, Reason::kUnexpectedStatus}, {301, Reason::kUnexpectedStatus},
      {302, Reason::kUnexpectedStatus}, {304, Reason::kUnexpectedStatus},
      {307, Reason::kUnexpectedStatus}, {100, Reason::kUnexpectedStatus},
      {199, Reason::kUnexpectedStatus}, {201, Reason::kUnexpectedStatus},
      {202, Reason::kUnexpectedStatus}, {203, Reason::kUnexpectedStatus},
      {204, Reason::kUnexpectedStatus}, {206, Reason::kUnexpectedStatus},
      {0, Reason::kUnexpectedStatus},   {-200, Reason::kUnexpectedStatus},
  };
  for (const auto& [status, reason] : table) {
    Answer answer = Signed();
    answer.status = status;
    const Observation seen = Check(answer);
    EXPECT_EQ(seen.reason, reason) << status;
    EXPECT_FALSE(seen.evidence) << status;
    EXPECT_THAT(seen.detail, HasSubstr("status " + std::to_string(status)));
  }
}

TEST_P(CheckTest, RetryAfterCountsFor429And503Only) {
  for (const int status : {429, 503}) {
    Answer answer = Signed();
    answer.status = status;
    EXPECT_EQ(Check(answer).retry_after, std::nullopt);
    answer.retry_after = seconds(7);
    EXPECT_EQ(Check(answer).retry_after, seconds(7)) << status;
  }
  for (const int status : {200, 404, 500, 302}) {
    Answer answer = Signed();
    answer.status = status;
    answer.retry_after = seconds(7);
    EXPECT_EQ(Check(answer).retry_after, std::nullopt) << status;
  }
}

TEST_P(CheckTest, AnAnswerHasAtMostOneMebibyte) {
  // White space at the end is part of a JWS, so it is signed.
  const auto padded = [&](std::size_t size) {
    Answer answer = Signed();
    answer.body.append(size - answer.body.size(), ' ');
    if (answer.signature) {
      answer.signature = testing::AJws(testing::AJwsHeader("EdDSA", "ed").dump(), answer.body, ed_);
    }
    return Check(answer);
  };
  EXPECT_EQ(padded(1048576).reason, Reason::kEvidenceTrue);
  const Observation seen = padded(1048577);
  EXPECT_EQ(seen.reason, Reason::kTooLarge);
  EXPECT_EQ(seen.detail, "the answer has 1048577 bytes, more than the 1048576 allowed");
}

TEST_P(CheckTest, EvidenceIsForThisRelease) {
  expected_.query.release_id = "shop-1.5.1";
  const Observation seen = Check(Signed());
  EXPECT_EQ(seen.reason, Reason::kReleaseMismatch);
  EXPECT_THAT(seen.detail, HasSubstr("\"shop-1.5.0\""));
  EXPECT_THAT(seen.detail, HasSubstr("\"shop-1.5.1\""));
  EXPECT_FALSE(seen.evidence);
}

TEST_P(CheckTest, EvidenceCoversEveryRequiredDigest) {
  const std::string covered = "sha256:" + std::string(testing::kImageDigest);
  const std::string other = "sha256:" + std::string(64, '2');
  expected_.required_digests = {covered};
  EXPECT_EQ(Check(Signed()).reason, Reason::kEvidenceTrue);
  expected_.required_digests = {covered, other};
  const Observation seen = Check(Signed());
  EXPECT_EQ(seen.reason, Reason::kDigestMismatch);
  EXPECT_EQ(seen.detail, "the evidence does not cover the image \"" + other + "\"");
  expected_.required_digests = {std::string(testing::kImageDigest)};
  EXPECT_EQ(Check(Signed()).reason, Reason::kDigestMismatch);
  expected_.required_digests = {""};
  EXPECT_EQ(Check(Signed()).reason, Reason::kDigestMismatch);
}

TEST_P(CheckTest, EvidenceIsForThisEnvironmentStageAndNonce) {
  const Observation environment = CheckSigned({{"environment", "production"}});
  EXPECT_EQ(environment.reason, Reason::kEnvironmentMismatch);
  EXPECT_EQ(environment.detail,
            "the evidence is for environment \"production\", not for \"staging\"");
  const Observation stage = CheckSigned({{"stage", "50"}});
  EXPECT_EQ(stage.reason, Reason::kStageMismatch);
  EXPECT_EQ(stage.detail, "the evidence is for stage \"50\", not for \"20\"");
  const Observation nonce = CheckSigned({{"nonce", "nonce-0123456780"}});
  EXPECT_EQ(nonce.reason, Reason::kNonceMismatch);
  EXPECT_THAT(nonce.detail, HasSubstr("\"nonce-0123456780\""));
  for (const Observation& seen : {environment, stage, nonce}) EXPECT_FALSE(seen.evidence);
}

TEST_P(CheckTest, NearlyTheSameIsNotTheSame) {
  EXPECT_EQ(CheckSigned({{"environment", "Staging"}}).reason, Reason::kEnvironmentMismatch);
  EXPECT_EQ(CheckSigned({{"environment", ""}}).reason, Reason::kEnvironmentMismatch);
  EXPECT_EQ(CheckSigned({{"environment", std::string("staging\0", 8)}}).reason,
            Reason::kEnvironmentMismatch);
  EXPECT_EQ(CheckSigned({{"stage", "020"}}).reason, Reason::kStageMismatch);
  EXPECT_EQ(CheckSigned({{"stage", "20 "}}).reason, Reason::kStageMismatch);
  EXPECT_EQ(CheckSigned({{"stage", 20}}).reason, Reason::kMalformed);
  EXPECT_EQ(CheckSigned({{"nonce", ""}}).reason, Reason::kNonceMismatch);
  EXPECT_EQ(CheckSigned({{"nonce", "NONCE-0123456789"}}).reason, Reason::kNonceMismatch);
}

TEST_P(CheckTest, IssueInTheFutureIsToleratedUpToTheSkew) {
  EXPECT_EQ(ReasonAt(Noon() - seconds(30)), Reason::kEvidenceTrue);
  EXPECT_EQ(ReasonAt(Noon() - seconds(30) - Nanos(1)), Reason::kIssuedInFuture);
  expected_.max_skew = Nanos(0);
  EXPECT_EQ(ReasonAt(Noon()), Reason::kEvidenceTrue);
  EXPECT_EQ(ReasonAt(Noon() - Nanos(1)), Reason::kIssuedInFuture);
}

TEST_P(CheckTest, EvidenceIsGoodUpToTheMomentItExpiresWithoutSkew) {
  expected_.max_age = hours(1);
  EXPECT_EQ(ReasonAt(Noon() + minutes(5)), Reason::kEvidenceTrue);
  EXPECT_EQ(ReasonAt(Noon() + minutes(5) + Nanos(1)), Reason::kExpired);
  expected_.max_skew = hours(1);
  EXPECT_EQ(ReasonAt(Noon() + minutes(5) + Nanos(1)), Reason::kExpired);
}

TEST_P(CheckTest, EvidenceIsStaleBeyondTheGreatestAgeAndTheSkew) {
  EXPECT_EQ(ReasonAt(Noon() + minutes(2) + seconds(30)), Reason::kEvidenceTrue);
  EXPECT_EQ(ReasonAt(Noon() + minutes(2) + seconds(30) + Nanos(1)), Reason::kStale);
  expected_.max_skew = Nanos(0);
  EXPECT_EQ(ReasonAt(Noon() + minutes(2)), Reason::kEvidenceTrue);
  EXPECT_EQ(ReasonAt(Noon() + minutes(2) + Nanos(1)), Reason::kStale);
  expected_.max_age = Nanos(0);
  EXPECT_EQ(ReasonAt(Noon()), Reason::kEvidenceTrue);
  EXPECT_EQ(ReasonAt(Noon() + Nanos(1)), Reason::kStale);
}

TEST_P(CheckTest, SaysWhenTheEvidenceIsFrom) {
  expected_.now = Noon() + hours(1);
  const Observation seen = Check(Signed());
  EXPECT_EQ(seen.reason, Reason::kExpired);
  EXPECT_EQ(seen.detail,
            "the evidence expired at 2026-03-01T12:05:00.000Z; it is 2026-03-01T13:00:00.000Z now");
}

TEST_P(CheckTest, TheFirstAndTheLastTimeThereIsDoNotOverflow) {
  EXPECT_EQ(CheckSigned({{"issuedAt", "1678-01-01T00:00:00Z"}}).reason, Reason::kStale);
  EXPECT_EQ(CheckSigned({{"issuedAt", "1678-01-01T00:00:00+23:59"},
                         {"expiresAt", "2261-12-31T23:59:59.999999999-23:59"}})
                .reason,
            Reason::kStale);
  EXPECT_EQ(CheckSigned({{"issuedAt", "2261-12-30T00:00:00Z"},
                         {"expiresAt", "2261-12-31T23:59:59.999999999-23:59"}})
                .reason,
            Reason::kIssuedInFuture);
  expected_.max_skew = hours(24 * 365 * 100);
  expected_.max_age = hours(24 * 365 * 100);
  EXPECT_EQ(CheckSigned({{"issuedAt", "1678-01-01T00:00:00Z"}}).reason, Reason::kStale);
  EXPECT_EQ(CheckSigned({{"issuedAt", "1900-01-01T00:00:00Z"}}).reason, Reason::kEvidenceTrue);
}

TEST_P(CheckTest, ExpiryBeforeIssueIsMalformed) {
  EXPECT_EQ(CheckSigned({{"expiresAt", "2026-03-01T12:00:00Z"}}).reason, Reason::kMalformed);
  EXPECT_EQ(CheckSigned({{"expiresAt", "2026-03-01T12:00:00.000000001Z"}}).reason,
            Reason::kEvidenceTrue);
}

TEST_P(CheckTest, TheFirstFailingCheckOfTheDocumentedOrderIsTheReason) {
  // Everything is wrong at once; then one thing after the other is put right.
  Json changes = {{"environment", "production"},
                  {"stage", "50"},
                  {"nonce", "other"},
                  {"issuedAt", "2026-03-01T12:01:00Z"},
                  {"evidenceOk", false}};
  expected_.query.release_id = "shop-1.5.1";
  expected_.required_digests = {"sha256:" + std::string(64, '2')};
  EXPECT_EQ(CheckSigned(changes).reason, Reason::kReleaseMismatch);
  expected_.query.release_id = "shop-1.5.0";
  EXPECT_EQ(CheckSigned(changes).reason, Reason::kDigestMismatch);
  expected_.required_digests.clear();
  EXPECT_EQ(CheckSigned(changes).reason, Reason::kEnvironmentMismatch);
  changes.erase("environment");
  EXPECT_EQ(CheckSigned(changes).reason, Reason::kStageMismatch);
  changes.erase("stage");
  EXPECT_EQ(CheckSigned(changes).reason, Reason::kNonceMismatch);
  changes.erase("nonce");
  EXPECT_EQ(CheckSigned(changes).reason, Reason::kIssuedInFuture);
  changes["issuedAt"] = "2026-03-01T11:00:00Z";
  changes["expiresAt"] = "2026-03-01T11:59:59Z";
  EXPECT_EQ(CheckSigned(changes).reason, Reason::kExpired);
  changes.erase("expiresAt");
  EXPECT_EQ(CheckSigned(changes).reason, Reason::kStale);
  changes.erase("issuedAt");
  EXPECT_EQ(CheckSigned(changes).reason, Reason::kEvidenceFalse);
  changes.erase("evidenceOk");
  EXPECT_EQ(CheckSigned(changes).reason, Reason::kEvidenceTrue);
}

TEST_P(CheckTest, DetailsOfVerifiedTextAreShortLinesToo) {
  const Observation seen = CheckSigned({{"stage", std::string(100000, '5') + "\n"}});
  EXPECT_EQ(seen.reason, Reason::kStageMismatch);
  EXPECT_LE(seen.detail.size(), 500U);
}

TEST_P(CheckTest, NegativeTolerancesAreAMistakeOfTheProgram) {
  expected_.max_skew = Nanos(-1);
  EXPECT_DEATH((void)Check(Signed()), "check failed");
  expected_.max_skew = Nanos(0);
  expected_.max_age = Nanos(-1);
  EXPECT_DEATH((void)Check(Signed()), "check failed");
}

TEST(AnswerFromTest, TakesWhatMattersFromTheResponse) {
  HttpResponse response;
  response.status = 200;
  response.headers.Add("content-type", "application/json");
  response.headers.Add("x-evidence-signature", "a..b");
  response.headers.Add("Retry-After", "Sun, 01 Mar 2026 12:00:09 GMT");
  response.body = "{}";
  const Answer answer = AnswerFrom(response, Noon());
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.content_type, "application/json");
  EXPECT_EQ(answer.signature, "a..b");
  EXPECT_EQ(answer.signature_count, 1U);
  EXPECT_EQ(answer.retry_after, seconds(9));
  EXPECT_EQ(answer.body, "{}");
}

TEST(AnswerFromTest, CountsTheSignatures) {
  HttpResponse response;
  EXPECT_EQ(AnswerFrom(response, Noon()).signature, std::nullopt);
  EXPECT_EQ(AnswerFrom(response, Noon()).signature_count, 0U);
  response.headers.Add("X-Evidence-Signature", "a..b");
  response.headers.Add("X-EVIDENCE-SIGNATURE", "c..d");
  EXPECT_EQ(AnswerFrom(response, Noon()).signature_count, 2U);
}

TEST(FromHttpErrorTest, EveryKindHasItsReason) {
  const std::vector<std::pair<HttpErrorKind, Reason>> table = {
      {HttpErrorKind::kInvalidRequest, Reason::kInvalidRequest},
      {HttpErrorKind::kResolve, Reason::kResolveFailed},
      {HttpErrorKind::kConnect, Reason::kConnectFailed},
      {HttpErrorKind::kTls, Reason::kTlsError},
      {HttpErrorKind::kTimeout, Reason::kTimeout},
      {HttpErrorKind::kReset, Reason::kConnectionReset},
      {HttpErrorKind::kProtocol, Reason::kProtocolError},
      {HttpErrorKind::kBodyTooLarge, Reason::kTooLarge},
      {HttpErrorKind::kCircuitOpen, Reason::kCircuitOpen},
      {HttpErrorKind::kCancelled, Reason::kStopped},
  };
  for (const auto& [kind, reason] : table) {
    const Observation seen = FromHttpError({kind, "connecting to mc.example\n: refused"});
    EXPECT_EQ(seen.reason, reason) << ToString(kind);
    EXPECT_EQ(seen.detail, "connecting to mc.example : refused");
    EXPECT_FALSE(seen.evidence);
    EXPECT_FALSE(seen.retry_after);
  }
  EXPECT_LE(FromHttpError({HttpErrorKind::kTls, std::string(9000, 'x')}).detail.size(), 500U);
}

TEST(ReasonTest, NamesAreStable) {
  const std::vector<std::string_view> names = {"evidence-true",
                                               "evidence-false",
                                               "signature-missing",
                                               "signature-invalid",
                                               "key-unknown",
                                               "key-not-valid",
                                               "algorithm-mismatch",
                                               "release-mismatch",
                                               "digest-mismatch",
                                               "environment-mismatch",
                                               "stage-mismatch",
                                               "nonce-mismatch",
                                               "expired",
                                               "stale",
                                               "issued-in-future",
                                               "malformed",
                                               "too-large",
                                               "no-evidence",
                                               "unauthorized",
                                               "rate-limited",
                                               "server-error",
                                               "unexpected-status",
                                               "resolve-failed",
                                               "connect-failed",
                                               "tls-error",
                                               "timeout",
                                               "connection-reset",
                                               "protocol-error",
                                               "circuit-open",
                                               "release-id-missing",
                                               "invalid-request",
                                               "token-unavailable",
                                               "keyring-unavailable",
                                               "record-failed",
                                               "overloaded",
                                               "stopped"};
  ASSERT_EQ(names.size(), static_cast<std::size_t>(Reason::kStopped) + 1);
  for (std::size_t i = 0; i < names.size(); ++i) {
    EXPECT_EQ(ToString(static_cast<Reason>(i)), names[i]);
  }
}

}  // namespace
}  // namespace gate::evidence
