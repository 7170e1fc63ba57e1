#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "gate/base/digest.h"
#include "gate/base/encoding.h"
#include "gate/base/strict_json.h"
#include "reports/attest/manifest.h"
#include "reports/attest/statement.h"
#include "tests/unit/reports/attest_fixture.h"

namespace reports {
namespace {

namespace fs = std::filesystem;
using gate::Json;
using gate::signing::Algorithm;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class AttestTest : public ReportFolder {
 protected:
  // What is signed, as JSON.
  Json Statement() const {
    return gate::ParseStrictJson(ReadBundle(Read("report.sigstore.json")).value().payload).value();
  }

  // Replaces the bundle by one that `key` signed over `statement`.
  void SignInstead(const Json& statement, const gate::signing::SigningKey& key) const {
    Write("report.sigstore.json", SealBundle(gate::DumpJson(statement), key).value());
  }

  std::vector<std::string> Lines(const std::string& name) const {
    std::vector<std::string> lines;
    std::string text = Read(name);
    while (!text.empty()) {
      const auto end = text.find('\n') + 1;
      lines.push_back(text.substr(0, end));
      text.erase(0, end);
    }
    return lines;
  }
  void WriteLines(const std::string& name, const std::vector<std::string>& lines) const {
    std::string text;
    for (const std::string& line : lines) text += line;
    Write(name, text);
  }
};

TEST(VerifyingKeyTest, IsNamedByTheHashOfItsEncoding) {
  // openssl pkey -pubin -outform DER | sha256sum
  constexpr const char* kPem =
      "-----BEGIN PUBLIC KEY-----\n"
      "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
      "-----END PUBLIC KEY-----\n";
  const auto key = VerifyingKey::FromPem(kPem);
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(key->id, "06e3fd8fda29bb60ab59557de61edb0aecdb231134be30e75b455f8e1b792fa9");
}

TEST(VerifyingKeyTest, OtherThingsAreNoKeys) {
  const auto secret = gate::signing::SigningKey::Generate(Algorithm::kEd25519).value();
  EXPECT_THAT(VerifyingKey::FromPem(secret.PrivatePem().value()).error().message,
              StartsWith("this is a private key"));
  EXPECT_FALSE(VerifyingKey::FromPem(""));
  EXPECT_FALSE(
      VerifyingKey::FromPem("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"));
}

// --- what is signed -----------------------------------------------------------------------------

TEST_F(AttestTest, AReportThatNobodyTouchedVerifies) {
  for (const Algorithm algorithm : {Algorithm::kEd25519, Algorithm::kEcdsaP256}) {
    fs::remove(folder_.path() + "/report.sigstore.json");
    key_ = KeyPair(algorithm);
    Sign();
    const Verification verification = Verify();
    EXPECT_EQ(TextOf(verification.mismatches), "");
    EXPECT_EQ(TextOf(verification.unchecked), "");
    EXPECT_EQ(verification.key_id, key_.open.id);
    EXPECT_EQ(verification.run_id, "20260301T120000Z-0000abcd");
    EXPECT_EQ(verification.decision, "NOT READY");
    EXPECT_EQ(verification.files, 8U);
  }
}

TEST_F(AttestTest, TheStatementListsEveryFileAndWhatTheTestsCameTo) {
  Sign();
  const Json statement = Statement();
  std::vector<std::string> names;
  for (const Json& subject : statement.at("subject")) {
    names.push_back(subject.at("name"));
    EXPECT_EQ(subject.at("digest").at("sha256"), gate::Sha256Hex(Read(names.back())));
    EXPECT_EQ(subject.size(), 2U);
  }
  EXPECT_THAT(names,
              ElementsAre("ctrf.json", "journal.jsonl", "junit.xml", "oscal.json", "report.html",
                          "report.json", "report.md", "traces/GATE-001.jsonl"));
  EXPECT_EQ(statement.at("predicateType"), "https://in-toto.io/attestation/test-result/v0.1");
  const Json& predicate = statement.at("predicate");
  EXPECT_EQ(predicate.at("result"), "FAILED");
  EXPECT_EQ(predicate.at("passedTests"), Json({"REQ-ROLLBACK-5MIN", "GATE-001"}));
  // What was required and did not pass is here, whatever it came to instead.
  EXPECT_EQ(predicate.at("failedTests"), Json({"REQ-PROMOTE", "GATE-002", "GATE-003", "GATE-004"}));
  EXPECT_EQ(predicate.at("configuration").at(0).at("name"), "readiness-kind");
  EXPECT_EQ(
      predicate.at("configuration").at(1),
      Json({{"name", "scenarios/GATE-001.yaml"}, {"digest", {{"sha256", std::string(64, 'a')}}}}));
}

TEST_F(AttestTest, OnlyAReportThatIsReadyIsSignedAsPassed) {
  WriteRun(GreenRun());
  Sign();
  EXPECT_EQ(Statement().at("predicate").at("result"), "PASSED");

  RunResult run = GreenRun();
  run.finished.reset();
  WriteRun(run);
  fs::remove(folder_.path() + "/report.sigstore.json");
  Sign();
  EXPECT_EQ(Statement().at("predicate").at("result"), "FAILED");
  EXPECT_EQ(Verify().decision, "INCOMPLETE");
  EXPECT_THAT(Verify().mismatches, IsEmpty());
}

TEST_F(AttestTest, AnOptionalFailureIsAWarning) {
  RunResult run = GreenRun();
  run.scenarios.push_back(run.scenarios.front());
  run.scenarios.back().id = "GATE-009";
  run.scenarios.back().required = false;
  run.scenarios.back().outcome = Outcome::kFail;
  WriteRun(run);
  Sign();
  EXPECT_EQ(Statement().at("predicate").at("result"), "WARNED");
  EXPECT_EQ(Statement().at("predicate").at("warnedTests"), Json({"GATE-009"}));
}

TEST_F(AttestTest, TheSameReportAndEd25519KeyGiveTheSameBytes) {
  Sign();
  const std::string first = Read("report.sigstore.json");
  fs::remove(folder_.path() + "/report.sigstore.json");
  Sign();
  EXPECT_EQ(Read("report.sigstore.json"), first);
}

TEST_F(AttestTest, AReportIsSignedOnce) {
  Sign();
  const auto again = SignReport(folder_.path(), key_.secret);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, gate::ErrorCode::kAlreadyExists);
}

TEST_F(AttestTest, WhatIsNoReportIsNotSigned) {
  Write("report.json", "{\"some\": \"thing\"}");
  EXPECT_FALSE(SignReport(folder_.path(), key_.secret));
  fs::remove(folder_.path() + "/report.json");
  EXPECT_FALSE(SignReport(folder_.path(), key_.secret));
  EXPECT_FALSE(fs::exists(folder_.path() + "/report.sigstore.json"));
}

TEST_F(AttestTest, ARunThatGoesOnIsNotSigned) {
  fs::remove(folder_.path() + "/journal.jsonl");
  const auto journal = Journal::Create(JournalPath(folder_.path()));
  ASSERT_TRUE(journal);
  const auto signed_report = SignReport(folder_.path(), key_.secret);
  ASSERT_FALSE(signed_report);
  EXPECT_EQ(signed_report.error().code, gate::ErrorCode::kConflict);
}

TEST_F(AttestTest, SymbolicLinksAreNeverPartOfAReport) {
  fs::create_symlink("/etc/hostname", folder_.path() + "/link");
  EXPECT_FALSE(SignReport(folder_.path(), key_.secret));
  fs::remove(folder_.path() + "/link");
  Sign();
  fs::create_symlink("/etc/hostname", folder_.path() + "/link");
  EXPECT_THAT(TextOf(Verify().mismatches), HasSubstr("/link: is no file"));
}

// --- what verify names --------------------------------------------------------------------------

TEST_F(AttestTest, AFlippedBitInAnyFileIsNamed) {
  Sign();
  std::vector<std::string> names = {"report.sigstore.json"};
  const auto files = ListReportFiles(folder_.path()).value();
  for (const SignedFile& file : files) names.push_back(file.name);
  for (const std::string& name : names) {
    const std::string good = Read(name);
    constexpr std::size_t kSamples = 40;
    std::set<std::size_t> positions = {0, good.size() - 1};
    for (std::size_t i = 0; i < kSamples; ++i) positions.insert(i * good.size() / kSamples);
    for (const std::size_t at : positions) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ (1 << (at % 8)));
      Write(name, bad);
      const Verification verification = Verify();
      ASSERT_EQ(verification.mismatches.size(), 1U)
          << name << " at " << at << ": " << TextOf(verification.mismatches);
      EXPECT_EQ(verification.mismatches.front().file, name) << at;
    }
    Write(name, good);
  }
  EXPECT_THAT(Verify().mismatches, IsEmpty());
}

TEST_F(AttestTest, AFileThatIsGoneOrWasAddedIsNamed) {
  Sign();
  fs::remove(folder_.path() + "/junit.xml");
  Write("traces/extra.jsonl", "");
  Write("other.sigstore.json", "{}");
  EXPECT_EQ(TextOf(Verify().mismatches),
            "junit.xml: is missing\n"
            "other.sigstore.json: was added: it is no part of what was signed\n"
            "traces/extra.jsonl: was added: it is no part of what was signed\n");
}

TEST_F(AttestTest, AFileUnderAnotherNameIsGoneAndWasAdded) {
  Sign();
  fs::rename(folder_.path() + "/report.md", folder_.path() + "/report.txt");
  EXPECT_THAT(TextOf(Verify().mismatches),
              StartsWith("report.md: is missing\nreport.txt: was added"));
}

TEST_F(AttestTest, TheLineOfTheJournalThatWasChangedDroppedOrMovedIsNamed) {
  Sign();
  const std::vector<std::string> lines = Lines("journal.jsonl");
  ASSERT_GT(lines.size(), 6U);

  std::vector<std::string> changed = lines;
  changed[3].replace(changed[3].find("\"kind\":\""), 9, "\"kind\":\"X");
  WriteLines("journal.jsonl", changed);
  EXPECT_THAT(TextOf(Verify().mismatches),
              HasSubstr("line 4: does not match its own hash: it was changed"));

  std::vector<std::string> dropped = lines;
  dropped.erase(dropped.begin() + 2);
  WriteLines("journal.jsonl", dropped);
  EXPECT_THAT(TextOf(Verify().mismatches), HasSubstr("line 3: has seq 4 where 3 is due"));

  std::vector<std::string> moved = lines;
  std::swap(moved[4], moved[5]);
  WriteLines("journal.jsonl", moved);
  EXPECT_THAT(TextOf(Verify().mismatches), HasSubstr("line 5: has seq 6 where 5 is due"));

  std::vector<std::string> shorter = lines;
  shorter.pop_back();
  WriteLines("journal.jsonl", shorter);
  EXPECT_THAT(TextOf(Verify().mismatches),
              HasSubstr("it holds " + std::to_string(lines.size() - 1) +
                        " records that follow each other, " + std::to_string(lines.size()) +
                        " were signed"));
  WriteLines("journal.jsonl", lines);
  EXPECT_THAT(Verify().mismatches, IsEmpty());
}

TEST_F(AttestTest, AJournalThatWasWrittenAnewAsAWholeIsNotTheOneThatWasSigned) {
  Sign();
  RunResult run = SampleRun();
  run.scenarios.front().reason = "another";
  Write("journal.jsonl", JournalOf(run));
  EXPECT_THAT(TextOf(Verify().mismatches), HasSubstr("it is another run's, or was written anew"));
}

TEST_F(AttestTest, AnotherKeyIsNamed) {
  Sign();
  const KeyPair other;
  EXPECT_EQ(TextOf(Verify(&other.open).mismatches),
            "report.sigstore.json: is signed with another key: \"" + key_.open.id + "\", not " +
                other.open.id + "\n");
}

TEST_F(AttestTest, ASignatureOfAnotherReportIsNamed) {
  Sign();
  Json bundle = gate::ParseStrictJson(Read("report.sigstore.json")).value();
  Json statement = Statement();
  statement["predicate"]["result"] = "PASSED";
  SignInstead(statement, key_.secret);
  const Json other = gate::ParseStrictJson(Read("report.sigstore.json")).value();
  // Each is good for itself; the statement of the one with the signature of the other is not.
  bundle["dsseEnvelope"]["signatures"] = other.at("dsseEnvelope").at("signatures");
  Write("report.sigstore.json", gate::DumpJson(bundle) + "\n");
  EXPECT_EQ(TextOf(Verify().mismatches),
            "report.sigstore.json: the signature does not verify: the statement or the signature "
            "was changed\n");
}

TEST_F(AttestTest, AnotherPredicateIsNamed) {
  Sign();
  Json statement = Statement();
  statement["predicateType"] = "https://slsa.dev/verification_summary/v1";
  SignInstead(statement, key_.secret);
  EXPECT_EQ(TextOf(Verify().mismatches),
            "report.sigstore.json: its predicate is of type "
            "\"https://slsa.dev/verification_summary/v1\", not "
            "https://in-toto.io/attestation/test-result/v0.1\n");
}

TEST_F(AttestTest, StatementsThatAreNoneAreNamed) {
  Sign();
  const Json good = Statement();
  for (const char* pointer : {"/subject", "/predicate", "/subject/0/name", "/subject/0/digest"}) {
    Json bad = good;
    bad[Json::json_pointer(pointer)] = nullptr;
    SignInstead(bad, key_.secret);
    EXPECT_THAT(TextOf(Verify().mismatches), StartsWith("report.sigstore.json: ")) << pointer;
  }
  Json twice = good;
  twice["subject"].push_back(twice["subject"].back());
  SignInstead(twice, key_.secret);
  EXPECT_THAT(TextOf(Verify().mismatches), HasSubstr("its subjects are not a list of files"));
  SignInstead("text", key_.secret);
  EXPECT_THAT(TextOf(Verify().mismatches), HasSubstr("not an in-toto statement"));
}

TEST_F(AttestTest, AReportThatIsNotSignedDoesNotVerify) {
  EXPECT_EQ(TextOf(Verify().mismatches),
            "report.sigstore.json: is missing: the report is not signed\n");
}

TEST_F(AttestTest, WithoutAKeyFilesAreComparedAndTheSignatureCountsAsUnchecked) {
  EXPECT_THAT(TextOf(Verify(nullptr).unchecked), HasSubstr("the report is not signed"));
  Sign();
  const Verification verification = Verify(nullptr);
  EXPECT_THAT(verification.mismatches, IsEmpty());
  EXPECT_THAT(TextOf(verification.unchecked), HasSubstr("no key was given"));
  EXPECT_EQ(verification.key_id, "");
  Write("report.md", "READY");
  EXPECT_THAT(TextOf(Verify(nullptr).mismatches), StartsWith("report.md: was changed"));
}

TEST_F(AttestTest, WithoutASignatureTheJournalIsStillHeldAgainstItself) {
  std::vector<std::string> lines = Lines("journal.jsonl");
  lines.erase(lines.begin() + 1);
  WriteLines("journal.jsonl", lines);
  EXPECT_THAT(TextOf(Verify(nullptr).mismatches), HasSubstr("journal.jsonl: line 2: has seq 3"));
}

TEST_F(AttestTest, WhatIsNoFolderCannotBeVerified) {
  EXPECT_FALSE(VerifyReport(folder_.path() + "/nowhere", {nullptr, nullptr}));
}

TEST_F(AttestTest, ANewRunKeepsTheAttestationsOfTheLastOneAsFiles) {
  Sign();
  Write("approval-sre-0123.sigstore.json", "{}");
  ASSERT_TRUE(SetAttestationsAside(folder_.path()));
  EXPECT_FALSE(fs::exists(folder_.path() + "/report.sigstore.json"));
  EXPECT_TRUE(fs::exists(folder_.path() + "/report.sigstore.1.json"));
  EXPECT_TRUE(fs::exists(folder_.path() + "/approval-sre-0123.sigstore.1.json"));
  Sign();
  EXPECT_THAT(Verify().mismatches, IsEmpty());
  EXPECT_EQ(Verify().files, 10U);
}

}  // namespace
}  // namespace reports
