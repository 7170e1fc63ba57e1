#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gate/base/digest.h"
#include "gate/evidence/check.h"
#include "tests/unit/evidence/signing.h"

namespace gate::evidence {
namespace {

using testing::AJws;
using testing::AJwsHeader;
using testing::AnAnswer;
using testing::Base64Url;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Noon;
using testing::Signer;
using ::testing::StartsWith;

class JwsTest : public ::testing::Test {
 protected:
  Observation Check(std::optional<std::string> jws) {
    return CheckAnswer(AnAnswer(body_, std::move(jws)), expected_, keyring_);
  }

  // The body signed by "ed" under a header made by hand.
  Observation CheckHeader(const std::string& header) { return Check(AJws(header, body_, ed_)); }
  Observation CheckHeader(const Json& header) { return CheckHeader(header.dump()); }

  // The header's part of the signature, and ".".
  std::string SigningInput(const Json& header) { return Base64Url(header.dump()) + "." + body_; }

  Signer ed_ = Signer::Ed25519();
  Signer ec_ = Signer::P256();
  Signer stranger_ = Signer::Ed25519();
  Keyring keyring_ = testing::AKeyring(ed_, ec_);
  std::string body_ = testing::APlainAnswer().dump();
  Json ed_header_ = AJwsHeader("EdDSA", "ed");
  Json ec_header_ = AJwsHeader("ES256", "ec");
  Expected expected_ = testing::AnExpectation(Scheme::kJws);
};

TEST_F(JwsTest, AcceptsTheDocumentedAnswerSignedWithEd25519) {
  const Observation seen = CheckHeader(ed_header_);
  EXPECT_EQ(seen.reason, Reason::kEvidenceTrue) << seen.detail;
  ASSERT_TRUE(seen.evidence);
  EXPECT_EQ(seen.evidence->release_id, "shop-1.5.0");
  EXPECT_THAT(seen.evidence->digests, ElementsAre("sha256:" + std::string(testing::kImageDigest)));
  EXPECT_EQ(seen.evidence->key_id, "ed");
  EXPECT_EQ(seen.evidence->digest, Sha256Hex(body_));
  EXPECT_EQ(seen.evidence->issued_at, Noon());
  EXPECT_EQ(seen.evidence->nonce, testing::kNonce);
}

TEST_F(JwsTest, AcceptsTheDocumentedAnswerSignedWithP256) {
  const Observation seen = Check(AJws(ec_header_.dump(), body_, ec_));
  EXPECT_EQ(seen.reason, Reason::kEvidenceTrue) << seen.detail;
  EXPECT_EQ(seen.evidence->key_id, "ec");
}

TEST_F(JwsTest, SignsTheBytesOfTheBodyAsSent) {
  const std::string jws = AJws(ed_header_.dump(), body_, ed_);
  body_ += "\n";
  EXPECT_EQ(Check(jws).reason, Reason::kSignatureInvalid);
  body_ = "\n  " + testing::APlainAnswer().dump(2) + "\n";
  EXPECT_EQ(CheckHeader(ed_header_).reason, Reason::kEvidenceTrue);
}

TEST_F(JwsTest, TheHeaderIsPartOfWhatIsSigned) {
  // Same meaning, other bytes.
  const std::string jws = AJws(ed_header_.dump(), body_, ed_);
  const std::string other = Base64Url(ed_header_.dump(1)) + jws.substr(jws.find(".."));
  EXPECT_EQ(Check(other).reason, Reason::kSignatureInvalid);
  EXPECT_EQ(CheckHeader(ed_header_.dump(1)).reason, Reason::kEvidenceTrue);
}

TEST_F(JwsTest, AnAnswerWithoutTheHeaderIsNotSigned) {
  const Observation seen = Check(std::nullopt);
  EXPECT_EQ(seen.reason, Reason::kSignatureMissing);
  EXPECT_EQ(seen.detail, "the answer has no header X-Evidence-Signature");
}

TEST_F(JwsTest, RefusesTwoHeaders) {
  Answer answer = AnAnswer(body_, AJws(ed_header_.dump(), body_, ed_));
  ASSERT_EQ(CheckAnswer(answer, expected_, keyring_).reason, Reason::kEvidenceTrue);
  answer.signature_count = 2;
  const Observation seen = CheckAnswer(answer, expected_, keyring_);
  EXPECT_EQ(seen.reason, Reason::kMalformed);
  EXPECT_THAT(seen.detail, StartsWith("2 headers X-Evidence-Signature, expected one"));
}

TEST_F(JwsTest, RefusesEveryOtherShape) {
  const std::string good = AJws(ed_header_.dump(), body_, ed_);
  const std::string header = good.substr(0, good.find(".."));
  const std::string signature = good.substr(good.find("..") + 2);
  ASSERT_EQ(Check(header + ".." + signature).reason, Reason::kEvidenceTrue);
  for (const std::string& bad :
       {std::string(), std::string("."), std::string(".."), header, header + "." + signature,
        header + "." + Base64Url(body_) + "." + signature, header + "..." + signature,
        header + ".." + signature + ".", "." + header + ".." + signature, ".." + signature,
        header + ".." + signature + "==", header + "==.." + signature, header + ".. " + signature,
        " " + good, good + " ", good + "," + good, good + ", " + good,
        header + ".." + signature + "%"}) {
    EXPECT_EQ(Check(bad).reason, Reason::kMalformed) << bad;
  }
}

TEST_F(JwsTest, AnEmptySignatureDoesNotVerify) {
  const std::string good = AJws(ed_header_.dump(), body_, ed_);
  EXPECT_EQ(Check(good.substr(0, good.find("..") + 2)).reason, Reason::kSignatureInvalid);
}

TEST_F(JwsTest, RefusesStandardBase64) {
  // Header and signature are made to hold characters by which the alphabets differ.
  Json header = ed_header_;
  header["more"] = "\xc3\xbf?>~~~";
  std::string good;
  for (int i = 0; good.find_first_of("-_", good.find("..") + 1) == std::string::npos; ++i) {
    header["n"] = i;
    good = AJws(header.dump(), body_, ed_);
  }
  ASSERT_EQ(Check(good).reason, Reason::kEvidenceTrue);
  std::string standard = good;
  for (char& c : standard) c = c == '-' ? '+' : c == '_' ? '/' : c;
  EXPECT_EQ(Check(standard).reason, Reason::kMalformed);
}

TEST_F(JwsTest, AHeaderHasAtMost4096Bytes) {
  Json header = ed_header_;
  std::string jws = AJws(header.dump(), body_, ed_);
  for (std::size_t pad = (4096 - jws.size()) * 3 / 4 - 16; jws.size() < 4096; ++pad) {
    header["pad"] = std::string(pad, 'x');
    jws = AJws(header.dump(), body_, ed_);
  }
  ASSERT_EQ(jws.size(), 4096U);
  EXPECT_EQ(Check(jws).reason, Reason::kEvidenceTrue);
  const Observation seen = Check(jws + "A");
  EXPECT_EQ(seen.reason, Reason::kMalformed);
  EXPECT_THAT(seen.detail, HasSubstr("has 4097 bytes, more than the 4096 allowed"));
}

TEST_F(JwsTest, AlgorithmNoneIsAnAttack) {
  for (const char* none : {"none", "None", "NONE", ""}) {
    const Json header = AJwsHeader(none, "ed");
    EXPECT_EQ(Check(Base64Url(header.dump()) + "..").reason, Reason::kAlgorithmMismatch) << none;
    EXPECT_EQ(CheckHeader(header).reason, Reason::kAlgorithmMismatch) << none;
  }
}

TEST_F(JwsTest, APublicKeyIsNoSharedSecret) {
  const Json header = AJwsHeader("HS256", "ed");
  for (const std::string& secret : {ed_.PublicPem(), ed_.PublicDer(), ed_.PublicDer().substr(12)}) {
    const std::string mac = testing::HmacSha256(secret, SigningInput(header));
    const Observation seen = Check(Base64Url(header.dump()) + ".." + Base64Url(mac));
    EXPECT_EQ(seen.reason, Reason::kAlgorithmMismatch);
    EXPECT_EQ(seen.detail, "the JWS says algorithm \"HS256\", but key \"ed\" is for EdDSA");
  }
}

TEST_F(JwsTest, TheAlgorithmIsTheKeysAndNotTheHeaders) {
  // Signed as the header says, and still refused.
  const auto signed_by = [&](const char* algorithm, const char* key_id, const Signer& signer) {
    return Check(AJws(AJwsHeader(algorithm, key_id).dump(), body_, signer)).reason;
  };
  EXPECT_EQ(signed_by("ES256", "ed", ec_), Reason::kAlgorithmMismatch);
  EXPECT_EQ(signed_by("EdDSA", "ec", ed_), Reason::kAlgorithmMismatch);
  EXPECT_EQ(signed_by("ES256", "ed", ed_), Reason::kAlgorithmMismatch);
  EXPECT_EQ(signed_by("eddsa", "ed", ed_), Reason::kAlgorithmMismatch);
  EXPECT_EQ(signed_by("ES384", "ec", ec_), Reason::kAlgorithmMismatch);
}

TEST_F(JwsTest, RefusesTheIdOfAnotherKey) {
  EXPECT_EQ(Check(AJws(ed_header_.dump(), body_, stranger_)).reason, Reason::kSignatureInvalid);
  EXPECT_EQ(Check(AJws(ec_header_.dump(), body_, ed_)).reason, Reason::kSignatureInvalid);
  const Observation seen = Check(AJws(AJwsHeader("EdDSA", "other").dump(), body_, ed_));
  EXPECT_EQ(seen.reason, Reason::kKeyUnknown);
  EXPECT_EQ(seen.detail, "signed under key \"other\", which the keyring does not hold");
}

TEST_F(JwsTest, NeverUsesAKeyOutOfTheHeader) {
  Json header = AJwsHeader("EdDSA", "ed");
  header["jwk"] = {
      {"kty", "OKP"}, {"crv", "Ed25519"}, {"x", Base64Url(stranger_.PublicDer().substr(12))}};
  header["jku"] = "https://attacker.example/keys";
  header["x5c"] = Json::array({"AAAA"});
  EXPECT_EQ(Check(AJws(header.dump(), body_, stranger_)).reason, Reason::kSignatureInvalid);
  EXPECT_EQ(Check(AJws(header.dump(), body_, ed_)).reason, Reason::kEvidenceTrue);
}

TEST_F(JwsTest, RefusesDerSignatures) {
  const std::string der = ec_.Sign(SigningInput(ec_header_));
  EXPECT_EQ(Check(Base64Url(ec_header_.dump()) + ".." + Base64Url(der)).reason,
            Reason::kSignatureInvalid);
  EXPECT_EQ(Check(Base64Url(ec_header_.dump()) + ".." + Base64Url(Signer::RawFromDer(der))).reason,
            Reason::kEvidenceTrue);
}

TEST_F(JwsTest, RefusesASignatureOverTheEncodedBody) {
  // As with b64 true, the default of RFC 7515.
  const std::string input = Base64Url(ed_header_.dump()) + "." + Base64Url(body_);
  EXPECT_EQ(Check(Base64Url(ed_header_.dump()) + ".." + Base64Url(ed_.Sign(input))).reason,
            Reason::kSignatureInvalid);
}

TEST_F(JwsTest, TheBodyIsNotEncodedAndThatIsCritical) {
  const std::vector<std::pair<const char*, Json>> changes = {
      {"b64", true},
      {"b64", nullptr},
      {"b64", 0},
      {"b64", "false"},
      {"crit", nullptr},
      {"crit", "b64"},
      {"crit", Json::array()},
      {"crit", Json::array({"b64", "b64"})},
      {"crit", Json::array({"b64", "exp"})},
      {"crit", Json::array({"exp"})},
      {"crit", Json::array({"B64"})},
      {"crit", Json::array({Json::array({"b64"})})},
      {"crit", Json{{"b64", true}}},
      {"alg", nullptr},
      {"alg", 5},
      {"kid", nullptr},
      {"kid", Json::array({"ed"})},
  };
  for (const auto& [member, value] : changes) {
    Json header = ed_header_;
    header[member] = value;
    EXPECT_EQ(CheckHeader(header).reason, Reason::kMalformed) << member << " " << value;
  }
  for (const char* member : {"b64", "crit", "alg", "kid"}) {
    Json header = ed_header_;
    header.erase(member);
    EXPECT_EQ(CheckHeader(header).reason, Reason::kMalformed) << member;
  }
}

TEST_F(JwsTest, TheHeaderIsStrictJson) {
  const std::string good = ed_header_.dump();
  ASSERT_EQ(CheckHeader(good).reason, Reason::kEvidenceTrue);
  for (const std::string& bad :
       {std::string(), std::string("null"), "[" + good + "]", good + good, good + "x",
        "\xef\xbb\xbf" + good, "{\"alg\":\"none\"," + good.substr(1),
        "{\"kid\":\"ec\"," + good.substr(1), "{\"x\":NaN," + good.substr(1),
        "{\"x\":\"\xff\"," + good.substr(1),
        "{\"x\":" + std::string(40, '[') + std::string(40, ']') + "," + good.substr(1)}) {
    EXPECT_EQ(CheckHeader(bad).reason, Reason::kMalformed) << bad;
  }
}

TEST_F(JwsTest, IgnoresMembersOfTheHeaderThatTheDocumentationDoesNotName) {
  Json header = ed_header_;
  header["typ"] = "evidence";
  header["iat"] = 5;
  EXPECT_EQ(CheckHeader(header).reason, Reason::kEvidenceTrue);
}

TEST_F(JwsTest, APageOfHtmlWithStatus200IsNotTakenForAnUnsignedAnswer) {
  Answer answer = AnAnswer("<html>sign in</html>");
  answer.content_type = "text/html; charset=utf-8";
  const Observation seen = CheckAnswer(answer, expected_, keyring_);
  EXPECT_EQ(seen.reason, Reason::kMalformed);
  EXPECT_THAT(seen.detail, HasSubstr("(Content-Type \"text/html; charset=utf-8\")"));
}

TEST_F(JwsTest, TheBodyIsAStrictJsonObject) {
  for (const std::string& bad :
       {std::string(), std::string("true"), "[" + body_ + "]", body_ + "{}", body_ + "x",
        "\xef\xbb\xbf" + body_, "{\"evidenceOk\":false," + body_.substr(1),
        "{\"x\":NaN," + body_.substr(1), "{\"x\":\"\xff\"," + body_.substr(1),
        "{\"x\":" + std::string(32, '[') + std::string(32, ']') + "," + body_.substr(1)}) {
    Answer answer = AnAnswer(bad, AJws(ed_header_.dump(), bad, ed_));
    EXPECT_EQ(CheckAnswer(answer, expected_, keyring_).reason, Reason::kMalformed) << bad;
  }
}

TEST_F(JwsTest, DoesNotTakeTheOtherScheme) {
  const std::string envelope =
      testing::AnEnvelope(testing::AStatement().dump(), {{"ed", ed_}}).dump();
  EXPECT_EQ(CheckAnswer(AnAnswer(envelope), expected_, keyring_).reason, Reason::kSignatureMissing);
  // Not even if MC signs the envelope once more.
  Answer answer = AnAnswer(envelope, AJws(ed_header_.dump(), envelope, ed_));
  EXPECT_EQ(CheckAnswer(answer, expected_, keyring_).reason, Reason::kMalformed);
}

TEST_F(JwsTest, AKeyMustBeValidNowAndWhenTheEvidenceIsIssued) {
  keyring_ = testing::ParseKeyring({testing::KeyEntry("ed", "ed25519", ed_.PublicPem(),
                                                      "    notBefore: 2026-03-01T12:00:00Z\n"
                                                      "    notAfter: 2026-03-01T12:01:00Z\n")});
  EXPECT_EQ(CheckHeader(ed_header_).reason, Reason::kEvidenceTrue);
  expected_.now = Noon() - Nanos(1);
  EXPECT_EQ(CheckHeader(ed_header_).reason, Reason::kKeyNotValid);
  expected_.now = Noon() + std::chrono::minutes(1) + Nanos(1);
  EXPECT_EQ(CheckHeader(ed_header_).reason, Reason::kKeyNotValid);
  expected_.now = Noon();
  Json early = testing::APlainAnswer();
  early["issuedAt"] = "2026-03-01T11:59:59.999999999Z";
  body_ = early.dump();
  EXPECT_EQ(CheckHeader(ed_header_).reason, Reason::kKeyNotValid);
}

}  // namespace
}  // namespace gate::evidence
