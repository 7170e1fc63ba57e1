#include "gate/decide/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <type_traits>
#include <vector>

#include "gate/base/encoding.h"

namespace gate::decide {
namespace {

using evidence::Evidence;
using evidence::Observation;
using evidence::Reason;

// A pass comes from Decide, or from people by ApplyOverrides (override_test.cc), or from nowhere.
static_assert(!std::is_default_constructible_v<Verdict>);
static_assert(
    !std::is_constructible_v<Verdict, Outcome, Reason, std::string, std::optional<Evidence>>);
static_assert(!std::is_aggregate_v<Verdict>);

Evidence SomeEvidence(bool ok) {
  Evidence evidence;
  evidence.evidence_ok = ok;
  evidence.release_id = "shop-1.5.0";
  evidence.environment = "staging";
  evidence.stage = "20";
  evidence.key_id = "mc-2026-a";
  return evidence;
}

Observation Observed(Reason reason) {
  Observation observation{reason, "what was seen", std::nullopt, std::nullopt};
  if (reason == Reason::kEvidenceTrue) observation.evidence = SomeEvidence(true);
  if (reason == Reason::kEvidenceFalse) observation.evidence = SomeEvidence(false);
  return observation;
}

constexpr auto kAlert = true;
constexpr auto kQuiet = false;

struct Row {
  Reason reason;
  Outcome by_default;
  Outcome if_lenient;  // with policy.untrusted = kInconclusive
  bool alert;
  Next next_by_default;
};

// The decision table, in the order of the enumeration.
std::vector<Row> Table() {
  const auto pass = Outcome::kPass;
  const auto fail = Outcome::kFail;
  const auto hold = Outcome::kInconclusive;
  return {
      {Reason::kEvidenceTrue, pass, pass, kQuiet, Next::kDone},
      {Reason::kEvidenceFalse, fail, fail, kQuiet, Next::kDone},
      {Reason::kSignatureMissing, fail, hold, kAlert, Next::kDone},
      {Reason::kSignatureInvalid, fail, hold, kAlert, Next::kDone},
      {Reason::kKeyUnknown, fail, hold, kAlert, Next::kDone},
      {Reason::kKeyNotValid, fail, hold, kAlert, Next::kDone},
      {Reason::kAlgorithmMismatch, fail, hold, kAlert, Next::kDone},
      {Reason::kReleaseMismatch, fail, hold, kAlert, Next::kDone},
      {Reason::kDigestMismatch, fail, hold, kAlert, Next::kDone},
      {Reason::kEnvironmentMismatch, fail, hold, kAlert, Next::kDone},
      {Reason::kStageMismatch, fail, hold, kAlert, Next::kDone},
      {Reason::kNonceMismatch, fail, hold, kAlert, Next::kDone},
      {Reason::kExpired, hold, hold, kQuiet, Next::kRetry},
      {Reason::kStale, hold, hold, kQuiet, Next::kRetry},
      {Reason::kIssuedInFuture, hold, hold, kQuiet, Next::kRetry},
      {Reason::kMalformed, hold, hold, kQuiet, Next::kRetry},
      {Reason::kTooLarge, hold, hold, kQuiet, Next::kRetry},
      {Reason::kNoEvidence, hold, hold, kQuiet, Next::kRetry},
      {Reason::kUnauthorized, hold, hold, kQuiet, Next::kRetry},
      {Reason::kRateLimited, hold, hold, kQuiet, Next::kRetry},
      {Reason::kServerError, hold, hold, kQuiet, Next::kRetry},
      {Reason::kUnexpectedStatus, hold, hold, kQuiet, Next::kRetry},
      {Reason::kResolveFailed, hold, hold, kQuiet, Next::kRetry},
      {Reason::kConnectFailed, hold, hold, kQuiet, Next::kRetry},
      {Reason::kTlsError, hold, hold, kQuiet, Next::kRetry},
      {Reason::kTimeout, hold, hold, kQuiet, Next::kRetry},
      {Reason::kConnectionReset, hold, hold, kQuiet, Next::kRetry},
      {Reason::kProtocolError, hold, hold, kQuiet, Next::kRetry},
      {Reason::kCircuitOpen, hold, hold, kQuiet, Next::kRetry},
      {Reason::kReleaseIdMissing, hold, hold, kQuiet, Next::kGiveUp},
      {Reason::kInvalidRequest, hold, hold, kQuiet, Next::kGiveUp},
      {Reason::kTokenUnavailable, hold, hold, kQuiet, Next::kRetry},
      {Reason::kKeyringUnavailable, hold, hold, kQuiet, Next::kRetry},
      {Reason::kRecordFailed, hold, hold, kQuiet, Next::kRetry},
      {Reason::kOverloaded, hold, hold, kQuiet, Next::kRetry},
      {Reason::kStopped, hold, hold, kQuiet, Next::kGiveUp},
  };
}

TEST(DecideTest, FollowsTheDecisionTableForEveryReason) {
  const std::vector<Row> table = Table();
  // The reasons beyond are nothing that Decide is told of.
  ASSERT_EQ(table.size(), static_cast<std::size_t>(Reason::kStopped) + 1);
  for (std::size_t i = 0; i < table.size(); ++i) {
    const Row& row = table[i];
    ASSERT_EQ(static_cast<std::size_t>(row.reason), i);
    const Verdict strict = Decide(Observed(row.reason), Policy{});
    EXPECT_EQ(strict.outcome(), row.by_default) << ToString(row.reason);
    EXPECT_EQ(strict.reason(), row.reason);
    EXPECT_EQ(strict.security_alert(), row.alert) << ToString(row.reason);
    EXPECT_EQ(NextStep(strict), row.next_by_default) << ToString(row.reason);
    const Verdict lenient = Decide(Observed(row.reason), Policy{Outcome::kInconclusive});
    EXPECT_EQ(lenient.outcome(), row.if_lenient) << ToString(row.reason);
    EXPECT_EQ(lenient.security_alert(), row.alert) << ToString(row.reason);
  }
}

TEST(DecideTest, AnUntrustworthyAnswerThatDoesNotFailIsAskedForAgain) {
  for (const Row& row : Table()) {
    if (!row.alert) continue;
    const Verdict lenient = Decide(Observed(row.reason), Policy{Outcome::kInconclusive});
    EXPECT_EQ(NextStep(lenient), Next::kRetry) << ToString(row.reason);
  }
}

TEST(DecideTest, CarriesTheEvidenceThatItRestsOn) {
  const Verdict pass = Decide(Observed(Reason::kEvidenceTrue), Policy{});
  ASSERT_TRUE(pass.evidence());
  EXPECT_EQ(pass.evidence()->key_id, "mc-2026-a");
  EXPECT_TRUE(Decide(Observed(Reason::kEvidenceFalse), Policy{}).evidence());
  EXPECT_FALSE(Decide(Observed(Reason::kSignatureInvalid), Policy{}).evidence());
  EXPECT_FALSE(Decide(Observed(Reason::kTimeout), Policy{}).evidence());
}

TEST(DecideTest, SaysInASentenceWhatHappened) {
  const auto message = [](Reason reason) { return Decide(Observed(reason), Policy{}).message(); };
  EXPECT_EQ(message(Reason::kEvidenceTrue),
            "MC confirms release shop-1.5.0 at stage 20 in staging");
  EXPECT_EQ(message(Reason::kEvidenceFalse),
            "MC rejects release shop-1.5.0 at stage 20 in staging and gives no reasons");
  EXPECT_EQ(message(Reason::kSignatureInvalid), "MC's answer cannot be trusted: what was seen");
  EXPECT_EQ(message(Reason::kTimeout), "No verdict: what was seen");
  EXPECT_EQ(message(Reason::kInvalidRequest), "No verdict: what was seen");
  Observation silent = Observed(Reason::kStopped);
  silent.detail = "";
  EXPECT_EQ(Decide(silent, Policy{}).message(), "No verdict: stopped");
}

TEST(DecideTest, GivesMcsReasonsForARejection) {
  Observation no = Observed(Reason::kEvidenceFalse);
  no.evidence->reasons = {"error rate 3 % above 1 %", "p99 900 ms"};
  EXPECT_EQ(Decide(no, Policy{}).message(),
            "MC rejects release shop-1.5.0 at stage 20 in staging: error rate 3 % above 1 %; "
            "p99 900 ms");
}

TEST(DecideTest, KeepsMessagesShort) {
  Observation no = Observed(Reason::kEvidenceFalse);
  no.evidence->reasons.assign(20, std::string(490, 'x') + "€€€");
  const std::string message = Decide(no, Policy{}).message();
  EXPECT_LE(message.size(), 1000U);
  EXPECT_GT(message.size(), 990U);
  EXPECT_TRUE(IsValidUtf8(message));
}

TEST(WithdrawalTest, OnlyMcsVerifiedNoTakesAPassBack) {
  for (const Row& row : Table()) {
    const auto withdrawal = Withdrawal(Decide(Observed(row.reason), Policy{}));
    EXPECT_EQ(withdrawal.has_value(), row.reason == Reason::kEvidenceFalse) << ToString(row.reason);
  }
  const auto withdrawal = Withdrawal(Decide(Observed(Reason::kEvidenceFalse), Policy{}));
  EXPECT_EQ(withdrawal->outcome(), Outcome::kFail);
  EXPECT_EQ(withdrawal->reason(), Reason::kEvidenceWithdrawn);
  EXPECT_EQ(withdrawal->message(),
            "MC no longer confirms release shop-1.5.0 at stage 20 in staging and gives no reasons");
  EXPECT_EQ(withdrawal->evidence()->key_id, "mc-2026-a");
  EXPECT_FALSE(withdrawal->security_alert());
  EXPECT_EQ(NextStep(*withdrawal), Next::kDone);
}

TEST(DecideDeathTest, NothingBecomesAPassWithoutEvidenceThatSaysSo) {
  Observation forged{Reason::kEvidenceTrue, "", std::nullopt, std::nullopt};
  EXPECT_DEATH((void)Decide(forged, Policy{}), "check failed");
  forged.evidence = SomeEvidence(false);
  EXPECT_DEATH((void)Decide(forged, Policy{}), "check failed");
}

TEST(DecideDeathTest, ContradictionsAreMistakesOfTheProgram) {
  Observation odd{Reason::kEvidenceFalse, "", SomeEvidence(true), std::nullopt};
  EXPECT_DEATH((void)Decide(odd, Policy{}), "check failed");
  odd.reason = Reason::kSignatureInvalid;
  EXPECT_DEATH((void)Decide(odd, Policy{}), "check failed");
  odd.reason = Reason::kTimeout;
  EXPECT_DEATH((void)Decide(odd, Policy{}), "check failed");
}

TEST(DecideDeathTest, NoPolicyPassesWhatIsNotTrusted) {
  EXPECT_DEATH((void)Decide(Observed(Reason::kSignatureInvalid), Policy{Outcome::kPass}),
               "check failed");
}

TEST(VerdictTest, AnybodyMaySayThatNobodyCanSay) {
  const Verdict verdict =
      Verdict::Inconclusive(Reason::kRecordFailed, "the record was not written");
  EXPECT_EQ(verdict.outcome(), Outcome::kInconclusive);
  EXPECT_EQ(verdict.reason(), Reason::kRecordFailed);
  EXPECT_EQ(verdict.message(), "the record was not written");
  EXPECT_FALSE(verdict.security_alert());
  EXPECT_FALSE(verdict.evidence());
}

TEST(VerdictTest, NamesItsOutcomes) {
  EXPECT_EQ(ToString(Outcome::kPass), "pass");
  EXPECT_EQ(ToString(Outcome::kFail), "fail");
  EXPECT_EQ(ToString(Outcome::kInconclusive), "inconclusive");
}

}  // namespace
}  // namespace gate::decide
