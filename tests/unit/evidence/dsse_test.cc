#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gate/base/digest.h"
#include "gate/base/encoding.h"
#include "gate/evidence/check.h"
#include "gate/evidence/envelope.h"
#include "tests/unit/evidence/signing.h"

namespace gate::evidence {
namespace {

using testing::AnAnswer;
using testing::AnEnvelope;
using testing::Base64;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::KeyEntry;
using testing::Noon;
using testing::Signer;
using ::testing::StartsWith;

class DsseTest : public ::testing::Test {
 protected:
  Observation Check(const std::string& body) {
    return CheckAnswer(AnAnswer(body), expected_, keyring_);
  }
  Observation Check(const Json& envelope) { return Check(envelope.dump()); }

  // An envelope around the documented statement that is all right.
  Json Good() { return AnEnvelope(payload_, {{"ed", ed_}}); }

  // One whose only signature is `sig`, under `key_id`.
  Json WithSignature(std::string_view key_id, std::string_view sig) {
    Json envelope = Good();
    envelope["signatures"] = Json::array({{{"keyid", key_id}, {"sig", Base64(sig)}}});
    return envelope;
  }

  Observation CheckAt(WallTime now) {
    expected_.now = now;
    return Check(Good());
  }

  Signer ed_ = Signer::Ed25519();
  Signer ec_ = Signer::P256();
  Signer stranger_ = Signer::Ed25519();
  Keyring keyring_ = testing::AKeyring(ed_, ec_);
  std::string payload_ = testing::AStatement().dump();
  std::string pae_ = testing::Pae(testing::kPayloadType, payload_);
  Expected expected_ = testing::AnExpectation(Scheme::kDsse);
};

TEST(PreAuthEncodingTest, MatchesTheExampleOfTheSpecification) {
  EXPECT_EQ(PreAuthEncoding("http://example.com/HelloWorld", "hello world"),
            "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
  EXPECT_EQ(PreAuthEncoding("", ""), "DSSEv1 0  0 ");
  EXPECT_EQ(PreAuthEncoding("é", std::string("a\0b", 3)), std::string("DSSEv1 2 é 3 a\0b", 17));
}

TEST_F(DsseTest, AcceptsTheDocumentedAnswerSignedWithEd25519) {
  const Observation seen = Check(Good());
  EXPECT_EQ(seen.reason, Reason::kEvidenceTrue) << seen.detail;
  ASSERT_TRUE(seen.evidence);
  EXPECT_TRUE(seen.evidence->evidence_ok);
  EXPECT_THAT(seen.evidence->reasons, ElementsAre("error rate 0.2 % below 1 %"));
  EXPECT_EQ(seen.evidence->environment, "staging");
  EXPECT_EQ(seen.evidence->stage, "20");
  EXPECT_EQ(seen.evidence->nonce, testing::kNonce);
  EXPECT_EQ(seen.evidence->issued_at, Noon());
  EXPECT_EQ(seen.evidence->expires_at, Noon() + std::chrono::minutes(5));
  EXPECT_EQ(seen.evidence->release_id, "shop-1.5.0");
  EXPECT_THAT(seen.evidence->digests, ElementsAre("sha256:" + std::string(testing::kImageDigest)));
  EXPECT_EQ(seen.evidence->key_id, "ed");
  EXPECT_EQ(seen.evidence->digest, Sha256Hex(payload_));
}

TEST_F(DsseTest, AcceptsTheDocumentedAnswerSignedWithP256) {
  const Observation seen = Check(AnEnvelope(payload_, {{"ec", ec_}}));
  EXPECT_EQ(seen.reason, Reason::kEvidenceTrue) << seen.detail;
  EXPECT_EQ(seen.evidence->key_id, "ec");
}

TEST_F(DsseTest, PassesOnThatMcSaysNo) {
  Json statement = testing::AStatement();
  statement["predicate"]["evidenceOk"] = false;
  const Observation seen = Check(AnEnvelope(statement.dump(), {{"ed", ed_}}));
  EXPECT_EQ(seen.reason, Reason::kEvidenceFalse);
  ASSERT_TRUE(seen.evidence);
  EXPECT_FALSE(seen.evidence->evidence_ok);
}

TEST_F(DsseTest, SignsBytesAndNotTheirMeaning) {
  // White space and the order of keys are MC's choice.
  EXPECT_EQ(Check(AnEnvelope(testing::AStatement().dump(4), {{"ed", ed_}})).reason,
            Reason::kEvidenceTrue);
  // But the bytes are those that were signed.
  Json envelope = Good();
  envelope["payload"] = Base64(testing::AStatement().dump(4));
  EXPECT_EQ(Check(envelope).reason, Reason::kSignatureInvalid);
}

TEST_F(DsseTest, RefusesASignatureOverAnythingButThePae) {
  EXPECT_EQ(Check(WithSignature("ed", ed_.Sign(payload_))).reason, Reason::kSignatureInvalid);
  EXPECT_EQ(Check(WithSignature("ed", ed_.Sign(Base64(payload_)))).reason,
            Reason::kSignatureInvalid);
  EXPECT_EQ(Check(WithSignature("ed", ed_.Sign(testing::Pae("text/plain", payload_)))).reason,
            Reason::kSignatureInvalid);
  EXPECT_EQ(Check(WithSignature("ed", ed_.Sign(pae_))).reason, Reason::kEvidenceTrue);
}

TEST_F(DsseTest, RefusesASignatureMovedFromAnotherAnswer) {
  Json other = testing::AStatement();
  other["predicate"]["evidenceOk"] = false;
  Json refused = AnEnvelope(other.dump(), {{"ed", ed_}});
  Json envelope = Good();
  std::swap(envelope["signatures"], refused["signatures"]);
  EXPECT_EQ(Check(envelope).reason, Reason::kSignatureInvalid);
  EXPECT_EQ(Check(refused).reason, Reason::kSignatureInvalid);
}

TEST_F(DsseTest, RefusesSignaturesUnderEachOthersIds) {
  EXPECT_EQ(Check(AnEnvelope(payload_, {{"ed", ec_}, {"ec", ed_}})).reason,
            Reason::kSignatureInvalid);
  EXPECT_EQ(Check(AnEnvelope(payload_, {{"ec", ed_}})).reason, Reason::kSignatureInvalid);
  EXPECT_EQ(Check(AnEnvelope(payload_, {{"ed", ec_}})).reason, Reason::kSignatureInvalid);
  EXPECT_EQ(Check(AnEnvelope(payload_, {{"ed", stranger_}})).reason, Reason::kSignatureInvalid);
}

TEST_F(DsseTest, RefusesARawSignature) {
  EXPECT_EQ(Check(WithSignature("ec", Signer::RawFromDer(ec_.Sign(pae_)))).reason,
            Reason::kSignatureInvalid);
}

TEST_F(DsseTest, RefusesSignaturesOfAnyOtherLength) {
  const std::string good = ed_.Sign(pae_);
  for (const std::string& bad : {std::string(), good.substr(0, 63), good + '\0', good + good}) {
    EXPECT_EQ(Check(WithSignature("ed", bad)).reason, Reason::kSignatureInvalid) << bad.size();
  }
  EXPECT_EQ(Check(WithSignature("ec", "")).reason, Reason::kSignatureInvalid);
}

TEST_F(DsseTest, IgnoresSignaturesUnderUnknownIds) {
  const Observation seen =
      Check(AnEnvelope(payload_, {{"new", stranger_}, {"ed", ed_}, {"", stranger_}}));
  EXPECT_EQ(seen.reason, Reason::kEvidenceTrue);
  EXPECT_EQ(seen.evidence->key_id, "ed");
}

TEST_F(DsseTest, NeedsOneSignatureUnderAKnownId) {
  const Observation seen = Check(AnEnvelope(payload_, {{"new", stranger_}, {"newer", stranger_}}));
  EXPECT_EQ(seen.reason, Reason::kKeyUnknown);
  EXPECT_THAT(seen.detail, HasSubstr("\"new\""));
  // Right key, wrong id: the id is what is looked up.
  EXPECT_EQ(Check(AnEnvelope(payload_, {{"ED", ed_}})).reason, Reason::kKeyUnknown);
}

TEST_F(DsseTest, OneBadSignatureUnderAKnownIdSpoilsTheGoodOne) {
  EXPECT_EQ(Check(AnEnvelope(payload_, {{"ed", ed_}, {"ec", ec_}})).reason, Reason::kEvidenceTrue);
  const Observation seen = Check(AnEnvelope(payload_, {{"ed", ed_}, {"ec", stranger_}}));
  EXPECT_EQ(seen.reason, Reason::kSignatureInvalid);
  EXPECT_EQ(seen.detail, "the signature under key \"ec\" does not verify");
  EXPECT_EQ(Check(AnEnvelope(payload_, {{"ec", stranger_}, {"ed", ed_}})).reason,
            Reason::kSignatureInvalid);
}

TEST_F(DsseTest, RefusesTwoSignaturesUnderOneId) {
  const Observation seen = Check(AnEnvelope(payload_, {{"ed", ed_}, {"ed", ed_}}));
  EXPECT_EQ(seen.reason, Reason::kMalformed);
  EXPECT_THAT(seen.detail, StartsWith("two signatures under key \"ed\""));
  EXPECT_EQ(Check(AnEnvelope(payload_, {{"ed", ed_}, {"x", ed_}, {"x", ed_}})).reason,
            Reason::kMalformed);
}

TEST_F(DsseTest, AcceptsEightSignaturesAndNoMore) {
  std::vector<testing::DsseSignature> signatures;
  for (const char* id : {"a", "b", "c", "d", "e", "f", "g"}) signatures.push_back({id, stranger_});
  signatures.push_back({"ed", ed_});
  EXPECT_EQ(Check(AnEnvelope(payload_, signatures)).reason, Reason::kEvidenceTrue);
  signatures.push_back({"h", stranger_});
  const Observation seen = Check(AnEnvelope(payload_, signatures));
  EXPECT_EQ(seen.reason, Reason::kMalformed);
  EXPECT_THAT(seen.detail, StartsWith("9 signatures, more than the 8 allowed"));
}

TEST_F(DsseTest, AnEnvelopeWithoutSignaturesIsNotSigned) {
  Json envelope = Good();
  envelope["signatures"] = Json::array();
  EXPECT_EQ(Check(envelope).reason, Reason::kSignatureMissing);
  envelope.erase("signatures");
  EXPECT_EQ(Check(envelope).reason, Reason::kSignatureMissing);
}

TEST_F(DsseTest, EveryPartOfTheEnvelopeHasItsType) {
  const std::vector<std::pair<const char*, Json>> changes = {
      {"/payload", nullptr},
      {"/payload", 5},
      {"/payloadType", nullptr},
      {"/payloadType", Json::array()},
      {"/signatures", nullptr},
      {"/signatures", "none"},
      {"/signatures", Json::object()},
      {"/signatures/0", nullptr},
      {"/signatures/0", "sig"},
      {"/signatures/0/keyid", nullptr},
      {"/signatures/0/keyid", 1},
      {"/signatures/0/sig", nullptr},
      {"/signatures/0/sig", Json::array()},
  };
  for (const auto& [pointer, value] : changes) {
    Json envelope = Good();
    envelope[Json::json_pointer(pointer)] = value;
    EXPECT_EQ(Check(envelope).reason, Reason::kMalformed) << pointer << " " << value;
  }
  for (const char* member : {"payload", "payloadType"}) {
    Json envelope = Good();
    envelope.erase(member);
    EXPECT_EQ(Check(envelope).reason, Reason::kMalformed) << member;
  }
  for (const char* member : {"keyid", "sig"}) {
    Json envelope = Good();
    envelope["signatures"][0].erase(member);
    EXPECT_EQ(Check(envelope).reason, Reason::kMalformed) << member;
  }
}

TEST_F(DsseTest, RefusesAnotherPayloadType) {
  for (const char* type : {"", "application/json", "application/vnd.in-toto+json ",
                           "APPLICATION/VND.IN-TOTO+JSON", "application/vnd.in-toto+dsse"}) {
    Json envelope = Good();
    envelope["payloadType"] = type;
    envelope["signatures"][0]["sig"] = Base64(ed_.Sign(testing::Pae(type, payload_)));
    EXPECT_EQ(Check(envelope).reason, Reason::kMalformed) << type;
  }
}

TEST_F(DsseTest, RefusesEveryOtherBase64) {
  // A payload in whose base64 the two alphabets differ, and which needs padding.
  while (Base64(payload_).find_first_of("+/") == std::string::npos ||
         !Base64(payload_).ends_with("==")) {
    Json statement = Json::parse(payload_);
    statement["predicate"]["more"] = std::string(payload_.size() % 50, '~') + "\xc3\xbf?>";
    payload_ = statement.dump();
  }
  const std::string good = Base64(payload_);
  ASSERT_EQ(Check(AnEnvelope(payload_, {{"ed", ed_}})).reason, Reason::kEvidenceTrue);
  for (const std::string& bad :
       {testing::Base64Url(payload_), Base64UrlEncode(payload_) + "==",
        good.substr(0, good.size() - 1), good.substr(0, good.size() - 2), good + "=", good + "\n",
        good.substr(0, 64) + "\n" + good.substr(64), " " + good, std::string("%%%%")}) {
    Json envelope = AnEnvelope(payload_, {{"ed", ed_}});
    envelope["payload"] = bad;
    const Observation seen = Check(envelope);
    EXPECT_EQ(seen.reason, Reason::kMalformed) << bad;
    EXPECT_THAT(seen.detail, StartsWith("the payload is not base64"));
  }
}

TEST_F(DsseTest, RefusesUrlSafeBase64InASignature) {
  std::string sig;
  std::string url_safe;
  while (url_safe.find_first_of("-_") == std::string::npos) {
    payload_ += ' ';  // Ed25519 is deterministic: another payload, another signature
    sig = ed_.Sign(testing::Pae(testing::kPayloadType, payload_));
    url_safe = testing::Base64Url(sig) + "==";
  }
  Json envelope = Good();
  ASSERT_EQ(Check(envelope).reason, Reason::kEvidenceTrue);
  envelope["signatures"][0]["sig"] = url_safe;
  EXPECT_EQ(Check(envelope).reason, Reason::kMalformed);
}

TEST_F(DsseTest, IgnoresMembersThatTheDocumentationDoesNotName) {
  Json envelope = Good();
  envelope["$schema"] = "x";
  envelope["signatures"][0]["cert"] = "-----BEGIN CERTIFICATE-----";
  EXPECT_EQ(Check(envelope).reason, Reason::kEvidenceTrue);
}

TEST_F(DsseTest, RefusesJsonThatParsersDisagreeAbout) {
  const std::string good = Good().dump();
  ASSERT_EQ(Check(good).reason, Reason::kEvidenceTrue);
  EXPECT_EQ(Check(" \r\n\t" + good + "\n").reason, Reason::kEvidenceTrue);
  const std::string deep(40, '[');
  for (const std::string& bad :
       {std::string(), std::string("null"), "[" + good + "]", good + "{}", good + "x",
        good + std::string(1, '\0'), "\xef\xbb\xbf" + good,
        "{\"payload\":\"AAAA\"," + good.substr(1), "{\"more\":NaN," + good.substr(1),
        "{\"more\":Infinity," + good.substr(1), "{\"more\":1e999," + good.substr(1),
        "{\"more\":'x'," + good.substr(1), "{/* */" + good.substr(1),
        "{\"more\":\"\xff\"," + good.substr(1),
        "{\"more\":" + deep + std::string(40, ']') + "," + good.substr(1),
        good.substr(0, good.size() - 1)}) {
    EXPECT_EQ(Check(bad).reason, Reason::kMalformed) << bad;
  }
}

TEST_F(DsseTest, AllowsThirtyTwoLevelsAndNoMore) {
  const auto nested = [&](std::size_t levels) {
    return Check("{\"more\":" + std::string(levels, '[') + std::string(levels, ']') + "," +
                 Good().dump().substr(1));
  };
  EXPECT_EQ(nested(31).reason, Reason::kEvidenceTrue);
  EXPECT_EQ(nested(32).reason, Reason::kMalformed);
}

TEST_F(DsseTest, APageOfHtmlWithStatus200IsNoAnswer) {
  Answer answer = AnAnswer("<html><body>\"evidenceOk\": true</body></html>");
  answer.content_type = "text/html";
  const Observation seen = CheckAnswer(answer, expected_, keyring_);
  EXPECT_EQ(seen.reason, Reason::kMalformed);
  EXPECT_EQ(seen.detail,
            "the envelope is not JSON: syntax error at byte 1 (Content-Type \"text/html\")");
}

TEST_F(DsseTest, DoesNotAskForAContentType) {
  for (const char* type : {"", "text/html", "application/vnd.in-toto+dsse"}) {
    Answer answer = AnAnswer(Good().dump());
    answer.content_type = type;
    EXPECT_EQ(CheckAnswer(answer, expected_, keyring_).reason, Reason::kEvidenceTrue) << type;
  }
}

TEST_F(DsseTest, DoesNotTakeTheOtherScheme) {
  const std::string body = testing::APlainAnswer().dump();
  const std::string jws = testing::AJws(testing::AJwsHeader("EdDSA", "ed").dump(), body, ed_);
  ASSERT_EQ(CheckAnswer(AnAnswer(body, jws), testing::AnExpectation(Scheme::kJws), keyring_).reason,
            Reason::kEvidenceTrue);
  EXPECT_EQ(CheckAnswer(AnAnswer(body, jws), expected_, keyring_).reason, Reason::kMalformed);
}

TEST_F(DsseTest, QuotesUnverifiedTextShortAndOnOneLine) {
  Json envelope = WithSignature(std::string(5000, 'k') + "\n\x1b[31m", "x");
  const Observation unknown = Check(envelope);
  EXPECT_EQ(unknown.reason, Reason::kKeyUnknown);
  EXPECT_LE(unknown.detail.size(), 200U);
  envelope = Good();
  const std::string long_key(100000, 'x');
  const Observation duplicate =
      Check("{\"" + long_key + "\":1,\"" + long_key + "\":2," + Good().dump().substr(1));
  EXPECT_EQ(duplicate.reason, Reason::kMalformed);
  EXPECT_LE(duplicate.detail.size(), 500U);
  envelope["payloadType"] = "a\nb\x7f";
  EXPECT_THAT(Check(envelope).detail, StartsWith("payloadType is \"a b \", expected"));
}

class DsseRotationTest : public DsseTest {
 protected:
  // Noon lies in both windows of `keyring`'s keys; 11:59 only in the one of "ed".
  Keyring Overlapping() {
    return testing::ParseKeyring(
        {KeyEntry("ed", "ed25519", ed_.PublicPem(), "    notAfter: 2026-03-01T12:01:00Z\n"),
         KeyEntry("ec", "ecdsa-p256", ec_.PublicPem(), "    notBefore: 2026-03-01T12:00:00Z\n")});
  }
};

TEST_F(DsseRotationTest, AKeyMustBeValidNow) {
  keyring_ = Overlapping();
  EXPECT_EQ(CheckAt(Noon() + std::chrono::minutes(1)).reason, Reason::kEvidenceTrue);
  const Observation seen = CheckAt(Noon() + std::chrono::minutes(1) + Nanos(1));
  EXPECT_EQ(seen.reason, Reason::kKeyNotValid);
  EXPECT_EQ(seen.detail, "key \"ed\" is not valid at 2026-03-01T12:01:00Z, now");
}

TEST_F(DsseRotationTest, AKeyMustBeValidWhenTheEvidenceIsIssued) {
  keyring_ = Overlapping();
  const auto issued = [&](const char* at) {
    Json statement = testing::AStatement();
    statement["predicate"]["issuedAt"] = at;
    return Check(AnEnvelope(statement.dump(), {{"ec", ec_}}));
  };
  EXPECT_EQ(issued("2026-03-01T12:00:00Z").reason, Reason::kEvidenceTrue);
  const Observation seen = issued("2026-03-01T11:59:59.999999999Z");
  EXPECT_EQ(seen.reason, Reason::kKeyNotValid);
  EXPECT_THAT(seen.detail, HasSubstr("when the evidence was issued"));
}

TEST_F(DsseRotationTest, OneOfTwoSignersInItsWindowIsEnough) {
  keyring_ = Overlapping();
  const Json both = AnEnvelope(payload_, {{"ed", ed_}, {"ec", ec_}});
  EXPECT_EQ(Check(both).evidence->key_id, "ed");  // both are valid: the first in the answer
  expected_.now = Noon() + std::chrono::seconds(90);
  const Observation later = Check(both);
  EXPECT_EQ(later.reason, Reason::kEvidenceTrue);
  EXPECT_EQ(later.evidence->key_id, "ec");
}

TEST_F(DsseRotationTest, NoTwoHalvesMakeAValidKey) {
  // "ed" is valid at the issue only, "ec" now only.
  keyring_ = testing::ParseKeyring(
      {KeyEntry("ed", "ed25519", ed_.PublicPem(), "    notAfter: 2026-03-01T12:00:30Z\n"),
       KeyEntry("ec", "ecdsa-p256", ec_.PublicPem(), "    notBefore: 2026-03-01T12:00:30Z\n")});
  expected_.now = Noon() + std::chrono::minutes(1);
  EXPECT_EQ(Check(AnEnvelope(payload_, {{"ed", ed_}, {"ec", ec_}})).reason, Reason::kKeyNotValid);
}

TEST_F(DsseRotationTest, ABadSignatureUnderAnExpiredKeyStillSpoilsTheAnswer) {
  keyring_ = Overlapping();
  expected_.now = Noon() + std::chrono::seconds(90);
  EXPECT_EQ(Check(AnEnvelope(payload_, {{"ed", stranger_}, {"ec", ec_}})).reason,
            Reason::kSignatureInvalid);
}

TEST_F(DsseRotationTest, AnExpiredKeyIsTheReasonEvenIfThePayloadIsMalformed) {
  keyring_ = Overlapping();
  expected_.now = Noon() + std::chrono::hours(1);
  EXPECT_EQ(Check(AnEnvelope("{}", {{"ed", ed_}})).reason, Reason::kKeyNotValid);
}

TEST_F(DsseRotationTest, ToleratedSkewDoesNotWidenAWindow) {
  keyring_ = testing::ParseKeyring(
      {KeyEntry("ed", "ed25519", ed_.PublicPem(), "    notBefore: 2026-03-01T12:00:00Z\n")});
  expected_.max_skew = std::chrono::minutes(10);
  EXPECT_EQ(CheckAt(Noon() - Nanos(1)).reason, Reason::kKeyNotValid);
}

}  // namespace
}  // namespace gate::evidence
