#include "gate/evidence/statement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gate/base/digest.h"
#include "gate/base/encoding.h"
#include "tests/unit/evidence/signing.h"

namespace gate::evidence {
namespace {

using testing::APlainAnswer;
using testing::AStatement;
using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::string_view kRelease = "shop-1.5.0";

std::string MistakeIn(const Result<Statement>& statement) {
  if (statement) return "none";
  EXPECT_EQ(statement.error().code, ErrorCode::kProtocol);
  return statement.error().message;
}

std::string InTotoMistake(const Json& statement) {
  return MistakeIn(DecodeInToto(statement.dump(), kRelease));
}

std::string PlainMistake(const Json& answer) {
  return MistakeIn(DecodePlain(answer.dump(), kRelease));
}

Json ReleaseSubject(std::string_view name) {
  return {{"name", name}, {"digest", {{"sha256", Sha256Hex(name)}}}};
}

Json ImageSubject(std::string_view name, char digit) {
  return {{"name", name}, {"digest", {{"sha256", std::string(64, digit)}}}};
}

// Why a statement with these subjects is not about the release; "" if it is.
std::string SubjectsMismatch(Json subjects, std::string_view release_id = kRelease) {
  Json statement = AStatement();
  statement["subject"] = std::move(subjects);
  const auto decoded = DecodeInToto(statement.dump(), release_id);
  EXPECT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(decoded->evidence.release_id, decoded->release_mismatch.empty() ? release_id : "");
  return decoded->release_mismatch;
}

TEST(StatementTest, DecodesBothFormsToTheSameEvidence) {
  const auto in_toto = DecodeInToto(AStatement().dump(), kRelease);
  const auto plain = DecodePlain(APlainAnswer().dump(), kRelease);
  ASSERT_TRUE(in_toto) << in_toto.error().message;
  ASSERT_TRUE(plain) << plain.error().message;
  for (const Statement& statement : {*in_toto, *plain}) {
    EXPECT_EQ(statement.release_mismatch, "");
    EXPECT_TRUE(statement.evidence.evidence_ok);
    EXPECT_THAT(statement.evidence.reasons, ElementsAre("error rate 0.2 % below 1 %"));
    EXPECT_EQ(statement.evidence.environment, "staging");
    EXPECT_EQ(statement.evidence.stage, "20");
    EXPECT_EQ(statement.evidence.nonce, testing::kNonce);
    EXPECT_EQ(statement.evidence.issued_at, testing::Noon());
    EXPECT_EQ(statement.evidence.expires_at, testing::Noon() + std::chrono::minutes(5));
    EXPECT_EQ(statement.evidence.release_id, kRelease);
    EXPECT_THAT(statement.evidence.digests,
                ElementsAre("sha256:" + std::string(testing::kImageDigest)));
  }
  EXPECT_EQ(in_toto->evidence.digest, Sha256Hex(AStatement().dump()));
  EXPECT_EQ(plain->evidence.digest, Sha256Hex(APlainAnswer().dump()));
}

TEST(StatementTest, NamesTheTypesOfTheDocumentation) {
  for (const char* member : {"_type", "predicateType"}) {
    Json statement = AStatement();
    statement[member] = "https://in-toto.io/Statement/v0.1";
    EXPECT_THAT(InTotoMistake(statement), HasSubstr("\"" + std::string(member) + "\" is not "));
    statement[member] = AStatement()[member].get<std::string>() + "/";
    EXPECT_THAT(InTotoMistake(statement), HasSubstr("\"" + std::string(member) + "\" is not "));
  }
}

// Every required field in turn is removed and given every other type.
void RefuseEveryOtherType(const Json& good, const char* object, const char* field,
                          std::string (*mistake_in)(const Json&)) {
  Json without = good;
  without[Json::json_pointer(object)].erase(field);
  EXPECT_THAT(mistake_in(without), HasSubstr('"' + std::string(field) + '"'));
  const Json::json_pointer at(std::string(object) + "/" + field);
  for (const Json& value : {Json(nullptr), Json(true), Json(1), Json(0.5), Json("text"),
                            Json::array(), Json::object()}) {
    if (value.type() == good.at(at).type()) continue;
    Json changed = good;
    changed[at] = value;
    EXPECT_THAT(mistake_in(changed), HasSubstr('"' + std::string(field) + '"'))
        << at << " " << value;
  }
}

TEST(StatementTest, EveryFieldOfAnInTotoStatementIsRequiredWithItsType) {
  for (const char* field : {"_type", "subject", "predicateType", "predicate"}) {
    RefuseEveryOtherType(AStatement(), "", field, InTotoMistake);
  }
  for (const char* field :
       {"evidenceOk", "environment", "stage", "nonce", "issuedAt", "expiresAt"}) {
    RefuseEveryOtherType(AStatement(), "/predicate", field, InTotoMistake);
  }
  for (const char* field : {"name", "digest"}) {
    RefuseEveryOtherType(AStatement(), "/subject/0", field, InTotoMistake);
    RefuseEveryOtherType(AStatement(), "/subject/1", field, InTotoMistake);
  }
  RefuseEveryOtherType(AStatement(), "/subject/1/digest", "sha256", InTotoMistake);
}

TEST(StatementTest, EveryFieldOfAPlainAnswerIsRequiredWithItsType) {
  for (const char* field :
       {"releaseId", "evidenceOk", "environment", "stage", "nonce", "issuedAt", "expiresAt"}) {
    RefuseEveryOtherType(APlainAnswer(), "", field, PlainMistake);
  }
}

TEST(StatementTest, ATruthyValueIsNotTrue) {
  for (const Json& value : {Json(1), Json("true"), Json("yes"), Json::array({true})}) {
    Json statement = AStatement();
    statement["predicate"]["evidenceOk"] = value;
    EXPECT_THAT(InTotoMistake(statement), HasSubstr("\"evidenceOk\"")) << value;
    Json plain = APlainAnswer();
    plain["evidenceOk"] = value;
    EXPECT_THAT(PlainMistake(plain), HasSubstr("\"evidenceOk\"")) << value;
  }
}

TEST(StatementTest, OnlyAnObjectIsAStatement) {
  for (const char* text : {"null", "[]", "\"x\"", "true", "5"}) {
    EXPECT_NE(MistakeIn(DecodeInToto(text, kRelease)), "none") << text;
    EXPECT_NE(MistakeIn(DecodePlain(text, kRelease)), "none") << text;
  }
}

TEST(StatementTest, SignedJsonIsStrict) {
  const std::string good = AStatement().dump();
  for (const std::string& bad :
       {std::string(), good + " x", good + good, "\xef\xbb\xbf" + good,
        "{\"predicate\":{}," + good.substr(1), "{\"x\":NaN," + good.substr(1),
        "{\"x\":-Infinity," + good.substr(1), "{\"x\":\"\xc3\"," + good.substr(1),
        "{\"x\":\"\\ud800\"," + good.substr(1), "{\"x\":1e400," + good.substr(1),
        "{\"x\":" + std::string(32, '[') + std::string(32, ']') + "," + good.substr(1)}) {
    EXPECT_THAT(MistakeIn(DecodeInToto(bad, kRelease)), HasSubstr("is not JSON")) << bad;
  }
  EXPECT_EQ(MistakeIn(DecodeInToto(
                "{\"x\":" + std::string(31, '[') + std::string(31, ']') + "," + good.substr(1),
                kRelease)),
            "none");
}

TEST(StatementTest, IgnoresFieldsThatTheDocumentationDoesNotName) {
  Json statement = AStatement();
  statement["more"] = 1;
  statement["predicate"]["more"] = Json::array();
  statement["subject"][0]["uri"] = 5;
  statement["subject"][0]["digest"]["sha512"] = "x";
  EXPECT_EQ(InTotoMistake(statement), "none");
  Json plain = APlainAnswer();
  plain["more"] = nullptr;
  EXPECT_EQ(PlainMistake(plain), "none");
}

TEST(StatementTest, ReasonsMayBeAbsentButNotSomethingElse) {
  Json statement = AStatement();
  statement["predicate"].erase("reasons");
  const auto decoded = DecodeInToto(statement.dump(), kRelease);
  ASSERT_TRUE(decoded);
  EXPECT_THAT(decoded->evidence.reasons, IsEmpty());
  for (const Json& value : {Json(nullptr), Json("text"), Json(1), Json::object(),
                            Json::array({"a", 1}), Json::array({nullptr})}) {
    statement["predicate"]["reasons"] = value;
    EXPECT_THAT(InTotoMistake(statement), HasSubstr("\"reasons\"")) << value;
    Json plain = APlainAnswer();
    plain["reasons"] = value;
    EXPECT_THAT(PlainMistake(plain), HasSubstr("\"reasons\"")) << value;
  }
}

TEST(StatementTest, KeepsTwentyReasonsOfFiveHundredBytes) {
  Json statement = AStatement();
  Json reasons = Json::array({std::string(500, 'a'), std::string(501, 'b'), "é\n\x1b[0m\u202e"});
  while (reasons.size() < 20) reasons.push_back(std::to_string(reasons.size()));
  statement["predicate"]["reasons"] = reasons;
  auto decoded = DecodeInToto(statement.dump(), kRelease);
  ASSERT_TRUE(decoded);
  ASSERT_THAT(decoded->evidence.reasons, SizeIs(20));
  EXPECT_EQ(decoded->evidence.reasons[0], std::string(500, 'a'));
  EXPECT_EQ(decoded->evidence.reasons[1], std::string(497, 'b') + "…");
  EXPECT_EQ(decoded->evidence.reasons[2], "é  [0m ");
  EXPECT_EQ(decoded->evidence.reasons[19], "19");
  statement["predicate"]["reasons"].push_back("one more");
  decoded = DecodeInToto(statement.dump(), kRelease);
  ASSERT_TRUE(decoded);
  ASSERT_THAT(decoded->evidence.reasons, SizeIs(20));
  EXPECT_EQ(decoded->evidence.reasons[19], "19");
}

TEST(StatementTest, CutsReasonsAtCharacterBoundaries) {
  Json statement = AStatement();
  std::string euros;
  for (int i = 0; i < 200; ++i) euros += "€";
  statement["predicate"]["reasons"] = Json::array({euros});
  const auto decoded = DecodeInToto(statement.dump(), kRelease);
  ASSERT_TRUE(decoded);
  EXPECT_LE(decoded->evidence.reasons[0].size(), 500U);
  EXPECT_GT(decoded->evidence.reasons[0].size(), 490U);
  EXPECT_TRUE(IsValidUtf8(decoded->evidence.reasons[0]));
}

TEST(StatementTest, TimesAreRfc3339InAnyZone) {
  Json statement = AStatement();
  statement["predicate"]["issuedAt"] = "2026-03-01T14:00:00.5+02:00";
  const auto decoded = DecodeInToto(statement.dump(), kRelease);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->evidence.issued_at, testing::Noon() + std::chrono::milliseconds(500));
  for (const char* bad : {"", "now", "2026-03-01", "2026-03-01T12:00:00", "1772366400",
                          "2026-02-30T12:00:00Z", "9999-01-01T00:00:00Z"}) {
    statement["predicate"]["issuedAt"] = bad;
    EXPECT_THAT(InTotoMistake(statement), HasSubstr("\"issuedAt\" is not an RFC 3339 time")) << bad;
  }
}

TEST(StatementTest, EvidenceExpiresAfterItIsIssued) {
  Json statement = AStatement();
  Json plain = APlainAnswer();
  const auto expire_at = [&](const char* time) {
    statement["predicate"]["expiresAt"] = time;
    plain["expiresAt"] = time;
    EXPECT_EQ(InTotoMistake(statement) == "none", PlainMistake(plain) == "none");
    return InTotoMistake(statement);
  };
  EXPECT_EQ(expire_at("2026-03-01T12:00:00.000000001Z"), "none");
  EXPECT_THAT(expire_at("2026-03-01T12:00:00Z"), HasSubstr("\"expiresAt\" is not after"));
  EXPECT_THAT(expire_at("2026-03-01T11:59:59Z"), HasSubstr("\"expiresAt\" is not after"));
}

TEST(StatementTest, DigestsAreLowerCaseHex) {
  const std::vector<std::string> bad = {"",
                                        std::string(63, 'a'),
                                        std::string(65, 'a'),
                                        std::string(64, 'A'),
                                        std::string(64, 'g'),
                                        "sha256:" + std::string(64, 'a')};
  for (const std::string& digest : bad) {
    Json statement = AStatement();
    statement["subject"][1]["digest"]["sha256"] = digest;
    EXPECT_THAT(InTotoMistake(statement), HasSubstr("\"sha256\" is not 64")) << digest;
    if (digest.starts_with("sha256:")) continue;
    Json plain = APlainAnswer();
    plain["digests"] = Json::array({"sha256:" + digest});
    EXPECT_THAT(PlainMistake(plain), HasSubstr("\"digests\"")) << digest;
  }
  Json plain = APlainAnswer();
  plain["digests"] = Json::array({std::string(64, 'a')});
  EXPECT_THAT(PlainMistake(plain), HasSubstr("\"digests\""));
  plain["digests"] = Json::array({"sha512:" + std::string(64, 'a')});
  EXPECT_THAT(PlainMistake(plain), HasSubstr("\"digests\""));
  plain["digests"] = "sha256:" + std::string(64, 'a');
  EXPECT_THAT(PlainMistake(plain), HasSubstr("\"digests\""));
  plain["digests"] = nullptr;
  EXPECT_THAT(PlainMistake(plain), HasSubstr("\"digests\""));
}

TEST(StatementTest, DigestsOfAPlainAnswerMayBeAbsent) {
  Json plain = APlainAnswer();
  plain.erase("digests");
  const auto decoded = DecodePlain(plain.dump(), kRelease);
  ASSERT_TRUE(decoded);
  EXPECT_THAT(decoded->evidence.digests, IsEmpty());
}

TEST(ReleaseSubjectTest, ExactlyOneCarriesTheReleaseIdAndTheDigestOfItsBytes) {
  EXPECT_EQ(SubjectsMismatch(Json::array({ReleaseSubject(kRelease)})), "");
  EXPECT_EQ(SubjectsMismatch(Json::array({ImageSubject("image", 'a'), ReleaseSubject(kRelease)})),
            "");
  EXPECT_EQ(SubjectsMismatch(Json::array({ReleaseSubject("für 1")}), "für 1"), "");
}

TEST(ReleaseSubjectTest, AnotherReleaseIsAMismatch) {
  EXPECT_EQ(SubjectsMismatch(Json::array({ReleaseSubject("shop-1.4.0")})),
            "the evidence is for \"shop-1.4.0\", not for release \"shop-1.5.0\"");
  EXPECT_EQ(SubjectsMismatch(Json::array()),
            "the evidence is for nothing, not for release \"shop-1.5.0\"");
  EXPECT_NE(SubjectsMismatch(Json::array({ReleaseSubject("shop-1.5.0 ")})), "");
  EXPECT_NE(SubjectsMismatch(Json::array({ReleaseSubject("Shop-1.5.0")})), "");
}

TEST(ReleaseSubjectTest, TheNameAloneIsNotEnough) {
  EXPECT_EQ(SubjectsMismatch(Json::array({ImageSubject(kRelease, 'a')})),
            "the subject \"shop-1.5.0\" has a digest that is not the one of its name");
}

TEST(ReleaseSubjectTest, TheDigestAloneIsNotEnough) {
  Json subject = ReleaseSubject(kRelease);
  subject["name"] = "other";
  EXPECT_THAT(SubjectsMismatch(Json::array({subject})), HasSubstr("is for \"other\""));
}

TEST(ReleaseSubjectTest, TwoOfThatNameAreAMismatch) {
  EXPECT_EQ(SubjectsMismatch(Json::array({ReleaseSubject(kRelease), ReleaseSubject(kRelease)})),
            "2 subjects are named \"shop-1.5.0\", expected one");
  EXPECT_NE(SubjectsMismatch(Json::array({ReleaseSubject(kRelease), ImageSubject(kRelease, 'a')})),
            "");
}

TEST(ReleaseSubjectTest, AllOthersAreImages) {
  Json statement = AStatement();
  statement["subject"] = Json::array({ImageSubject("b", 'b'), ReleaseSubject(kRelease),
                                      ImageSubject("a", 'a'), ImageSubject("a", 'c')});
  const auto decoded = DecodeInToto(statement.dump(), kRelease);
  ASSERT_TRUE(decoded);
  EXPECT_THAT(decoded->evidence.digests,
              ElementsAre("sha256:" + std::string(64, 'b'), "sha256:" + std::string(64, 'a'),
                          "sha256:" + std::string(64, 'c')));
}

TEST(PlainReleaseTest, AnotherReleaseIsAMismatch) {
  Json plain = APlainAnswer();
  plain["releaseId"] = "shop-1.4.0";
  const auto decoded = DecodePlain(plain.dump(), kRelease);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->release_mismatch,
            "the evidence is for release \"shop-1.4.0\", not for \"shop-1.5.0\"");
  EXPECT_THAT(decoded->evidence.release_id, Eq(""));
}

TEST(PlainReleaseTest, ANulDoesNotEndTheId) {
  Json plain = APlainAnswer();
  plain["releaseId"] = std::string("shop-1.5.0\0", 11);
  const auto decoded = DecodePlain(plain.dump(), kRelease);
  ASSERT_TRUE(decoded);
  EXPECT_NE(decoded->release_mismatch, "");
}

}  // namespace
}  // namespace gate::evidence
