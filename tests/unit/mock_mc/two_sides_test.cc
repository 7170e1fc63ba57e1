#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "gate/evidence/check.h"
#include "gate/seams/http_client.h"
#include "tests/unit/mock_mc/support.h"

// What mock-mc signs, in the eyes of the gate. The two share no codec (docs/evidence-api.md is all
// they have in common), so each lie here is one that the gate finds out by itself.
namespace mock_mc::testing {
namespace {

using gate::evidence::Keyring;
using gate::evidence::Reason;
using std::chrono::minutes;
using std::chrono::seconds;

struct Way {
  std::string scheme;  // as the script calls it
  std::string key;
  std::string other_key;  // of the other algorithm
};

const std::vector<Way>& AllWays() {
  static const std::vector<Way> kWays = {{"dsse", "mc-1", "mc-p256"},
                                         {"dsse", "mc-p256", "mc-1"},
                                         {"jws", "mc-1", "mc-p256"},
                                         {"jws", "mc-p256", "mc-1"}};
  return kWays;
}

std::string KeyringEntry(const std::string& id, const std::string& key,
                         const std::string& window = "") {
  std::string pem = *TestKey(key).PublicPem();
  for (std::size_t at = 0; (at = pem.find('\n', at)) + 1 < pem.size(); at += 7) {
    pem.replace(at, 1, "\n      ");
  }
  return "  - id: " + id + "\n    algorithm: " + std::string(ToString(TestKey(key).algorithm())) +
         "\n" + window + "    publicKey: |\n      " + pem;
}

// The three keys of the scripts; "old-" in front: the same, but their time was over at noon.
const Keyring& TheKeyring() {
  static const Keyring kKeyring = [] {
    std::string yaml = "apiVersion: rollout-gate/keyring/v1\nkeys:\n";
    for (const std::string id : {"mc-1", "mc-p256"}) {
      yaml += KeyringEntry(id, id);
      yaml += KeyringEntry("old-" + id, id, "    notAfter: 2026-03-01T12:00:00Z\n");
    }
    return *Keyring::Parse(yaml, "keyring.yaml");
  }();
  return kKeyring;
}

constexpr const char* kNonce = "0123456789abcdef";

gate::evidence::Observation Check(const Plan& plan, const std::string& scheme, Moment now) {
  const ParsedAnswer answer = AnswerOf(plan);
  gate::HttpResponse response;
  response.status = answer.status;
  for (const auto& [name, value] : answer.headers) response.headers.Add(name, value);
  response.body = answer.body;
  gate::evidence::Expected expected;
  expected.query = {"r", "test", "20", kNonce};
  expected.scheme = *gate::evidence::SchemeFromString(scheme);
  expected.now = now.wall;
  expected.max_skew = seconds(30);
  expected.max_age = minutes(10);
  return CheckAnswer(gate::evidence::AnswerFrom(std::move(response), now.wall), expected,
                     TheKeyring());
}

// The reason that the gate sees if `evidence` stands under evidence, and `rest` in the rule.
std::string ReasonFor(const Way& way, const std::string& evidence, const std::string& rest = "") {
  const std::string sign = evidence.find("sign:") == std::string::npos ? ", sign: " + way.key : "";
  const std::string ok = evidence.find("ok:") == std::string::npos ? "ok: true" : "";
  Engine engine = NewEngine("rules: [{evidence: {scheme: " + way.scheme + sign +
                            (ok.empty() ? "" : ", ") + ok + (evidence.empty() ? "" : ", ") +
                            evidence + "}" + (rest.empty() ? "" : ", ") + rest + "}]");
  const Moment now = At(minutes(10));
  return std::string(
      ToString(Check(engine.Handle(Ask("r", "20", kNonce), now), way.scheme, now).reason));
}

std::string Describe(const Way& way) { return way.scheme + " " + way.key; }

// The same reason in all ways.
void ExpectReason(const std::string& reason, const std::string& evidence,
                  const std::string& rest = "") {
  for (const Way& way : AllWays()) {
    EXPECT_EQ(ReasonFor(way, evidence, rest), reason)
        << Describe(way) << ": " << evidence << " " << rest;
  }
}

TEST(TwoSidesTest, WhatMcMeansIsUnderstood) {
  ExpectReason("evidence-true", "");
  ExpectReason("evidence-false", "ok: false");
  ExpectReason("evidence-true", "expiresIn: 1h, reasons: [\"fine\"]");
}

TEST(TwoSidesTest, OtherKeysAreFoundOut) {
  ExpectReason("signature-invalid", "wrongKey: true");
  ExpectReason("key-unknown", "unknownKeyId: true");
  ExpectReason("key-unknown", "unknownKeyId: mc-9");
}

TEST(TwoSidesTest, KeysBeyondTheirTimeAreFoundOut) {
  for (const Way& way : AllWays()) {
    EXPECT_EQ(ReasonFor(way, "unknownKeyId: old-" + way.key), "key-not-valid") << Describe(way);
    // Signed while the key was good, it says; but checked when it is not.
    EXPECT_EQ(ReasonFor(way, "unknownKeyId: old-" + way.key + ", issuedAt: -10m"), "key-not-valid")
        << Describe(way);
  }
}

TEST(TwoSidesTest, BrokenSignaturesAreFoundOut) {
  ExpectReason("signature-invalid", "tamper: true");
  ExpectReason("signature-invalid", "ok: false, tamper: true");
  ExpectReason("signature-missing", "noSignature: true");
  ExpectReason("malformed", "doubleSignature: true");
}

TEST(TwoSidesTest, SignaturesOfAnotherAlgorithmAreFoundOut) {
  for (const Way& way : AllWays()) {
    const bool jws = way.scheme == "jws";
    const std::string other = way.key == "mc-1" ? "ES256" : "EdDSA";
    const std::string mismatch = jws ? "algorithm-mismatch" : "signature-invalid";
    EXPECT_EQ(ReasonFor(way, "claimAlgorithm: none"), mismatch) << Describe(way);
    EXPECT_EQ(ReasonFor(way, "claimAlgorithm: HS256"), mismatch) << Describe(way);
    EXPECT_EQ(ReasonFor(way, "claimAlgorithm: " + other), mismatch) << Describe(way);
    EXPECT_EQ(ReasonFor(way, "wrongKey: " + way.other_key), mismatch) << Describe(way);
  }
}

TEST(TwoSidesTest, EvidenceAboutSomethingElseIsFoundOut) {
  ExpectReason("release-mismatch", "release: shop-1.4.0");
  ExpectReason("environment-mismatch", "environment: prod");
  ExpectReason("stage-mismatch", "stage: \"50\"");
  ExpectReason("nonce-mismatch", "nonce: another-nonce-of-16");
}

TEST(TwoSidesTest, ReplaysAreFoundOut) {
  for (const Way& way : AllWays()) {
    Engine engine = NewEngine("rules: [{evidence: {ok: true, nonce: replay, scheme: " + way.scheme +
                              ", sign: " + way.key + "}}]");
    const Moment now = At(minutes(10));
    engine.Handle(Ask("r", "20", "the-first-nonce-ever"), now);
    EXPECT_EQ(Check(engine.Handle(Ask("r", "20", kNonce), now), way.scheme, now).reason,
              Reason::kNonceMismatch)
        << Describe(way);
  }
}

TEST(TwoSidesTest, WrongTimesAreFoundOut) {
  ExpectReason("evidence-true", "issuedAt: 30s");
  ExpectReason("issued-in-future", "issuedAt: 31s");
  ExpectReason("evidence-true", "issuedAt: -10m");
  ExpectReason("stale", "issuedAt: -15m");
  ExpectReason("expired", "issuedAt: -5m, expiresIn: -1s");
  ExpectReason("malformed", "expiresIn: -1s");  // before it was issued
}

TEST(TwoSidesTest, BrokenPayloadsUnderAGoodSignatureAreFoundOut) {
  for (const char* how :
       {"duplicate-keys", "not-utf8", "trailing-bytes", "nan", "deep-nesting", "byte-order-mark"}) {
    ExpectReason("malformed", "", std::string("malformed: ") + how);
    ExpectReason("malformed", "", std::string("malformed: {how: ") + how + ", in: envelope}");
  }
  ExpectReason("malformed", "set: {evidenceOk: \"true\"}");
  ExpectReason("malformed", "set: {issuedAt: 1767225600}");
  for (const char* member :
       {"evidenceOk", "environment", "stage", "nonce", "issuedAt", "expiresAt"}) {
    ExpectReason("malformed", std::string("omit: [") + member + "]");
  }
  ExpectReason("evidence-true", "omit: [reasons]");
  ExpectReason("evidence-true", "set: {more: {than: [\"was\", \"asked\"]}}");
}

// These breakages are invisible to whoever checks the signature only.
TEST(TwoSidesTest, TheSignatureOfABrokenPayloadIsGood) {
  for (const char* how :
       {"duplicate-keys", "not-utf8", "trailing-bytes", "nan", "deep-nesting", "byte-order-mark"}) {
    Engine engine =
        NewEngine(std::string("rules: [{evidence: {ok: true}, malformed: ") + how + "}]");
    const Plan plan = engine.Handle(Ask("r"), At(minutes(10)));
    EXPECT_TRUE(DsseVerifies(AnswerOf(plan).body, TestKey("mc-1"))) << how;
    EXPECT_EQ(plan.decision.deliberate, std::vector<std::string>{how});
  }
}

TEST(TwoSidesTest, AnswersThatAreNoEvidenceAreFoundOut) {
  ExpectReason("malformed", "", "malformed: html");
  ExpectReason("malformed", "", "malformed: json-garbage");
  ExpectReason("malformed", "", "malformed: json-truncated");
  ExpectReason("too-large", "", "malformed: too-large");
  ExpectReason("too-large", "", "malformed: {how: too-large, bytes: 1048577}");
  ExpectReason("unauthorized", "", "status: 401");
  ExpectReason("no-evidence", "", "status: 404");
  ExpectReason("rate-limited", "", "status: 429");
  ExpectReason("server-error", "", "status: 503");
  ExpectReason("unexpected-status", "", "status: 202");
}

// DSSE's envelope may be followed by white space; a JWS is about all bytes of the body.
TEST(TwoSidesTest, AMebibyteIsNotTooLarge) {
  for (const Way& way : AllWays()) {
    EXPECT_EQ(ReasonFor(way, "", "malformed: {how: too-large, bytes: 1048576}"),
              way.scheme == "dsse" ? "evidence-true" : "signature-invalid");
  }
}

// Nobody signs the content type, so the gate does not look at it.
TEST(TwoSidesTest, TheContentTypeDoesNotMatter) {
  ExpectReason("evidence-true", "", "headers: {Content-Type: text/html}");
  Engine engine = NewEngine("rules: [{evidence: {ok: true}, headers: {content-type: text/html}}]");
  EXPECT_EQ(engine.Handle(Ask("r"), At(minutes(10))).decision.deliberate,
            std::vector<std::string>{"contentType"});
}

TEST(TwoSidesTest, TheJournalSaysWhenAKeyIsBeyondItsTime) {
  const auto deliberate = [](const std::string& window, const std::string& evidence) {
    const std::string text =
        "apiVersion: mock-mc/v1\nkeys:\n  - {id: k, algorithm: ed25519, privateKeyFile: "
        "keys/mc-1.pem, " +
        window + "}\nrules: [{evidence: {ok: true" + evidence + "}}]\n";
    auto script = ReadScript(text, "script.yaml", MemoryFiles().Reader());
    EXPECT_TRUE(script) << script.error().message;
    Engine engine(*std::move(script), MemoryFiles().Reader(), At(minutes(0)));
    return engine.Handle(Ask("r"), At(minutes(10))).decision.deliberate;  // at ten past noon
  };
  const std::vector<std::string> found = {"keyNotValid"};
  EXPECT_EQ(deliberate("notAfter: 2026-03-01T12:10:00Z", ""), std::vector<std::string>{});
  EXPECT_EQ(deliberate("notAfter: 2026-03-01T12:09:59Z", ""), found);
  EXPECT_EQ(deliberate("notBefore: 2026-03-01T12:10:01Z", ""), found);
  EXPECT_EQ(deliberate("notBefore: 2026-03-01T12:05:00Z", ", issuedAt: -6m"),
            (std::vector<std::string>{"issuedAt", "keyNotValid"}));
}

}  // namespace
}  // namespace mock_mc::testing
