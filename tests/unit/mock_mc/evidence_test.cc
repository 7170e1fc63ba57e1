#include "mock-mc/behaviour/evidence.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "gate/base/digest.h"
#include "gate/base/encoding.h"
#include "tests/unit/mock_mc/support.h"

namespace mock_mc::testing {
namespace {

using gate::Json;
using std::chrono::minutes;

// The plan for the first question about release "r" when `evidence` is what the script says.
Plan PlanFor(const std::string& evidence, const Request& request) {
  Engine engine = NewEngine("rules: [{evidence: " + evidence + "}]");
  return engine.Handle(request, At(minutes(10)));
}

std::string BodyFor(const std::string& evidence, const Request& request = Ask("r")) {
  return AnswerOf(PlanFor(evidence, request)).body;
}

Request AskJws(const std::string& release) {
  Request request = Ask(release);
  request.headers.emplace_back("Accept", "application/json");
  return request;
}

std::string Quoted(const std::string& json_text) { return "\"" + json_text + "\""; }

TEST(SigningKeyTest, SignsTheFirstTestVectorOfRfc8032) {
  const auto hex = [](std::string_view digits) {
    std::string bytes;
    for (std::size_t i = 0; i < digits.size(); i += 2) {
      bytes += static_cast<char>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16));
    }
    return bytes;
  };
  const auto key = SigningKey::FromEd25519Bytes(
      hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"));
  ASSERT_TRUE(key);
  EXPECT_EQ(
      gate::HexEncode(*key->Sign("")),
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701c"
      "f9b46bd25bf5f0595bbe24655141438e7a100b");
}

TEST(SigningKeyTest, ReadsTheKeysThatItWrites) {
  for (const auto& [name, algorithm] :
       {std::pair("mc-1", Algorithm::kEd25519), std::pair("mc-p256", Algorithm::kEcdsaP256)}) {
    const SigningKey& key = TestKey(name);
    const auto read = SigningKey::FromPem(*key.PrivatePem(), algorithm);
    ASSERT_TRUE(read) << name;
    EXPECT_EQ(*read->PublicPem(), *key.PublicPem()) << name;
  }
}

TEST(SigningKeyTest, RefusesKeysOfAnotherAlgorithmAndWhatIsNoKey) {
  const std::string p256 = *TestKey("mc-p256").PrivatePem();
  EXPECT_TRUE(SigningKey::FromPem(p256, Algorithm::kEcdsaP256));
  EXPECT_FALSE(SigningKey::FromPem(p256, Algorithm::kEd25519));
  EXPECT_FALSE(SigningKey::FromPem(*TestKey("mc-1").PrivatePem(), Algorithm::kEcdsaP256));
  EXPECT_FALSE(SigningKey::FromPem(*TestKey("mc-1").PublicPem(), Algorithm::kEd25519));
  EXPECT_FALSE(SigningKey::FromPem("", Algorithm::kEd25519));
}

TEST(SigningKeyTest, WritesEcdsaSignaturesAsSixtyFourBytesForJws) {
  const SigningKey& key = TestKey("mc-p256");
  for (int i = 0; i < 300; ++i) {  // about one in 128 has a short coordinate to be padded
    const std::string signature = *key.SignFixedWidth("message");
    ASSERT_EQ(signature.size(), 64U);
    ASSERT_TRUE(Verifies(key, "message", signature, Encoding::kFixedWidth));
  }
}

TEST(EvidenceTest, AnswersWithASignedStatementAboutWhatWasAsked) {
  const Plan plan = PlanFor("{ok: true, reasons: [\"fine\"]}", Ask("shop%20%2B1.5", "50"));
  const ParsedAnswer answer = AnswerOf(plan);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(*FindHeader(answer.headers, "Content-Type"), "application/vnd.in-toto+dsse");
  EXPECT_TRUE(DsseVerifies(answer.body, TestKey("mc-1")));
  EXPECT_FALSE(DsseVerifies(answer.body, TestKey("mc-2")));
  const Json envelope = Json::parse(answer.body);
  EXPECT_EQ(envelope.at("payloadType"), "application/vnd.in-toto+json");
  EXPECT_EQ(envelope.at("signatures").size(), 1U);
  EXPECT_EQ(envelope.at("signatures").at(0).at("keyid"), "mc-1");
  const Json expected = {
      {"_type", "https://in-toto.io/Statement/v1"},
      {"subject",
       {{{"name", "shop +1.5"}, {"digest", {{"sha256", gate::Sha256Hex("shop +1.5")}}}}}},
      {"predicateType", "urn:rollout-gate:evidence:v1"},
      {"predicate",
       {{"evidenceOk", true},
        {"reasons", {"fine"}},
        {"environment", "test"},
        {"stage", "50"},
        {"nonce", "0123456789abcdef"},
        {"issuedAt", "2026-03-01T12:10:00.000Z"},
        {"expiresAt", "2026-03-01T12:15:00.000Z"}}}};
  EXPECT_EQ(PayloadOf(answer.body), expected);
  EXPECT_EQ(plan.decision.evidence_ok, true);
  EXPECT_TRUE(plan.decision.deliberate.empty());
}

TEST(EvidenceTest, ListsImagesAsFurtherSubjects) {
  const std::string hex(64, 'a');
  const Json payload =
      PayloadOf(BodyFor("{ok: true, images: {registry.example/shop: \"sha256:" + hex + "\"}}"));
  EXPECT_EQ(payload.at("subject").at(1),
            Json({{"name", "registry.example/shop"}, {"digest", {{"sha256", hex}}}}));
}

TEST(EvidenceTest, SignsWithTheKeyThatTheScriptNames) {
  const std::string ed25519 = BodyFor("{ok: true, sign: mc-2}");
  EXPECT_TRUE(DsseVerifies(ed25519, TestKey("mc-2")));
  const std::string ecdsa = BodyFor("{ok: true, sign: mc-p256}");
  EXPECT_TRUE(DsseVerifies(ecdsa, TestKey("mc-p256")));
  EXPECT_EQ(Json::parse(ecdsa).at("signatures").at(0).at("keyid"), "mc-p256");
}

TEST(EvidenceTest, AnswersWithADetachedJwsIfAskedForJson) {
  for (const std::string id : {"mc-1", "mc-p256"}) {
    const ParsedAnswer answer = AnswerOf(PlanFor("{ok: false, sign: " + id + "}", AskJws("r")));
    EXPECT_EQ(*FindHeader(answer.headers, "Content-Type"), "application/json");
    const std::string signature = *FindHeader(answer.headers, "X-Evidence-Signature");
    const std::size_t dots = signature.find("..");
    ASSERT_NE(dots, std::string::npos);
    const std::string header = signature.substr(0, dots);
    const Json expected = {
        {"alg", id == "mc-1" ? "EdDSA" : "ES256"}, {"kid", id}, {"b64", false}, {"crit", {"b64"}}};
    EXPECT_EQ(Json::parse(*gate::Base64UrlDecode(header)), expected);
    EXPECT_TRUE(Verifies(TestKey(id), header + "." + answer.body,
                         *gate::Base64UrlDecode(signature.substr(dots + 2)),
                         Encoding::kFixedWidth));
    const Json body = {{"releaseId", "r"},
                       {"evidenceOk", false},
                       {"reasons", Json::array()},
                       {"environment", "test"},
                       {"stage", "20"},
                       {"nonce", "0123456789abcdef"},
                       {"issuedAt", "2026-03-01T12:10:00.000Z"},
                       {"expiresAt", "2026-03-01T12:15:00.000Z"}};
    EXPECT_EQ(Json::parse(answer.body), body);
  }
}

TEST(EvidenceTest, TheScriptsSchemeGoesBeforeTheRequests) {
  EXPECT_EQ(FindHeader(AnswerOf(PlanFor("{ok: true, scheme: dsse}", AskJws("r"))).headers,
                       "X-Evidence-Signature"),
            nullptr);
  EXPECT_NE(FindHeader(AnswerOf(PlanFor("{ok: true, scheme: jws}", Ask("r"))).headers,
                       "X-Evidence-Signature"),
            nullptr);
}

TEST(EvidenceTest, WrongKeySignsUnderTheGoodId) {
  for (const std::string wrong : {"true", "mc-2"}) {
    const Plan plan = PlanFor("{ok: true, wrongKey: " + wrong + "}", Ask("r"));
    const std::string body = AnswerOf(plan).body;
    EXPECT_EQ(Json::parse(body).at("signatures").at(0).at("keyid"), "mc-1");
    EXPECT_FALSE(DsseVerifies(body, TestKey("mc-1")));
    EXPECT_EQ(DsseVerifies(body, TestKey("mc-2")), wrong == "mc-2");
    EXPECT_EQ(plan.decision.deliberate, std::vector<std::string>{"wrongKey"});
  }
}

TEST(EvidenceTest, WrongKeyIsOfTheSameAlgorithm) {
  const std::string body = BodyFor("{ok: true, sign: mc-p256, wrongKey: true}");
  const std::string signature =
      *gate::Base64Decode(Json::parse(body).at("signatures").at(0).at("sig").get<std::string>());
  EXPECT_EQ(signature.front(), '\x30');  // a DER sequence, not 64 bytes of Ed25519
  EXPECT_FALSE(DsseVerifies(body, TestKey("mc-p256")));
}

TEST(EvidenceTest, UnknownKeyIdKeepsTheSignatureGood) {
  const std::string body = BodyFor("{ok: true, unknownKeyId: true}");
  EXPECT_TRUE(DsseVerifies(body, TestKey("mc-1")));
  EXPECT_EQ(Json::parse(body).at("signatures").at(0).at("keyid"), "mock-mc-unknown-key");
  EXPECT_EQ(
      Json::parse(BodyFor("{ok: true, unknownKeyId: other}")).at("signatures").at(0).at("keyid"),
      "other");
}

TEST(EvidenceTest, TamperedEvidenceSaysTheOppositeOfWhatWasSigned) {
  const std::string body = BodyFor("{ok: true, tamper: true}");
  EXPECT_EQ(PayloadOf(body).at("predicate").at("evidenceOk"), true);
  EXPECT_FALSE(DsseVerifies(body, TestKey("mc-1")));
  // Turned back, the signature is good.
  Json envelope = Json::parse(body);
  std::string payload = *gate::Base64Decode(envelope.at("payload").get<std::string>());
  payload.replace(payload.find("\"evidenceOk\":true"), 17, "\"evidenceOk\":false");
  envelope["payload"] = gate::Base64Encode(payload);
  EXPECT_TRUE(DsseVerifies(envelope.dump(), TestKey("mc-1")));
}

TEST(EvidenceTest, TamperedJwsDoesNotVerify) {
  const ParsedAnswer answer = AnswerOf(PlanFor("{ok: true, tamper: true}", AskJws("r")));
  const std::string signature = *FindHeader(answer.headers, "X-Evidence-Signature");
  const std::size_t dots = signature.find("..");
  EXPECT_FALSE(Verifies(TestKey("mc-1"), signature.substr(0, dots) + "." + answer.body,
                        *gate::Base64UrlDecode(signature.substr(dots + 2)), Encoding::kFixedWidth));
  EXPECT_EQ(Json::parse(answer.body).at("evidenceOk"), true);
}

TEST(EvidenceTest, NoSignatureLeavesItOut) {
  EXPECT_TRUE(Json::parse(BodyFor("{ok: true, noSignature: true}")).at("signatures").empty());
  EXPECT_EQ(FindHeader(AnswerOf(PlanFor("{ok: true, noSignature: true}", AskJws("r"))).headers,
                       "X-Evidence-Signature"),
            nullptr);
}

TEST(EvidenceTest, CanBeAboutSomethingElseUnderAGoodSignature) {
  const Plan plan = PlanFor(
      "{ok: true, release: other-1, environment: prod, stage: \"99\", nonce: fixed}", Ask("r"));
  const std::string body = AnswerOf(plan).body;
  EXPECT_TRUE(DsseVerifies(body, TestKey("mc-1")));
  const Json payload = PayloadOf(body);
  EXPECT_EQ(payload.at("subject").at(0).at("name"), "other-1");
  EXPECT_EQ(payload.at("subject").at(0).at("digest").at("sha256"), gate::Sha256Hex("other-1"));
  EXPECT_EQ(payload.at("predicate").at("environment"), "prod");
  EXPECT_EQ(payload.at("predicate").at("stage"), "99");
  EXPECT_EQ(payload.at("predicate").at("nonce"), "fixed");
  EXPECT_EQ(plan.decision.deliberate,
            (std::vector<std::string>{"release", "environment", "stage", "nonce"}));
  EXPECT_EQ(plan.decision.release, "r") << "the journal tells what was asked";
}

TEST(EvidenceTest, ReplayEchoesTheFirstNonceOfTheKey) {
  Engine engine = NewEngine("rules: [{evidence: {ok: true, nonce: replay}}]");
  const auto nonce = [&](const Request& request) {
    return PayloadOf(AnswerOf(engine.Handle(request, At(minutes(1)))).body)
        .at("predicate")
        .at("nonce");
  };
  EXPECT_EQ(nonce(Ask("r", "20", "first-nonce-00000")), "first-nonce-00000");
  EXPECT_EQ(nonce(Ask("r", "20", "second-nonce-0000")), "first-nonce-00000");
  EXPECT_EQ(nonce(Ask("r", "50", "other-stage-00000")), "other-stage-00000");
}

TEST(EvidenceTest, TimesAreRelativeToNow) {
  const Plan plan = PlanFor("{ok: true, issuedAt: -15m, expiresIn: -1s}", Ask("r"));
  const Json predicate = PayloadOf(AnswerOf(plan).body).at("predicate");
  EXPECT_EQ(predicate.at("issuedAt"), "2026-03-01T11:55:00.000Z");
  EXPECT_EQ(predicate.at("expiresAt"), "2026-03-01T12:09:59.000Z");
  EXPECT_EQ(plan.decision.deliberate, (std::vector<std::string>{"issuedAt", "expiresIn"}));
  EXPECT_TRUE(PlanFor("{ok: true, expiresIn: 1h}", Ask("r")).decision.deliberate.empty());
}

TEST(EvidenceTest, DuplicateKeysAndBrokenUtf8AreUnderAGoodSignature) {
  for (const std::string malformed : {"duplicate-keys", "not-utf8"}) {
    Engine engine = NewEngine("rules: [{evidence: {ok: true}, malformed: " + malformed + "}]");
    const std::string body = AnswerOf(engine.Handle(Ask("r"), At(minutes(0)))).body;
    EXPECT_TRUE(DsseVerifies(body, TestKey("mc-1")));
    const std::string payload =
        *gate::Base64Decode(Json::parse(body).at("payload").get<std::string>());
    EXPECT_FALSE(gate::ParseStrictJson(payload)) << malformed;
    EXPECT_EQ(gate::IsValidUtf8(payload), malformed == "duplicate-keys");
    EXPECT_NE(payload.find(Quoted("evidenceOk") + ":true"), std::string::npos);
  }
}

TEST(EvidenceTest, AReleaseIdThatIsNoUtf8StillGetsAWellFormedAnswer) {
  EXPECT_TRUE(DsseVerifies(BodyFor("{ok: true}", Ask("%ff%fe")), TestKey("mc-1")));
}

}  // namespace
}  // namespace mock_mc::testing
