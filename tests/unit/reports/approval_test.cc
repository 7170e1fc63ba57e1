#include "reports/attest/approval.h"

#include <gmock/gmock.h>

#include "gate/base/digest.h"
#include "gate/base/strict_json.h"
#include "reports/attest/manifest.h"
#include "tests/unit/reports/attest_fixture.h"

namespace reports {
namespace {

namespace fs = std::filesystem;
using gate::ErrorCode;
using gate::Json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class ApprovalTest : public ReportFolder {
 protected:
  void SetUp() override { Sign(); }

  ApprovalRequest ARequest() const {
    ApprovalRequest request;
    request.role = "sre";
    request.rows = {"REQ-PROMOTE"};
    request.comment = "walked through the playbook";
    request.time = TimeAt("2026-03-02T09:00:00Z");
    return request;
  }

  std::string Approve(const ApprovalRequest& request) const {
    auto name = ApproveReport(folder_.path(), request, sam_.secret, &key_.open);
    EXPECT_TRUE(name) << name.error().message;
    return name ? *name : "";
  }
  gate::Error Refusal(const ApprovalRequest& request) const {
    const auto name = ApproveReport(folder_.path(), request, sam_.secret, &key_.open);
    EXPECT_FALSE(name);
    return name ? gate::Error{ErrorCode::kCancelled, ""} : name.error();
  }

  Approvals List(const std::string& entries) const {
    const auto approvers = ParseList(entries);
    EXPECT_TRUE(approvers) << approvers.error().message;
    return ListApprovals(folder_.path(), *approvers).value();
  }
  Approvals List() const { return List(EntryOf(sam_, "sre")); }

  KeyPair sam_{gate::signing::Algorithm::kEcdsaP256};
};

TEST_F(ApprovalTest, AnApprovalIsListedAndLeavesTheReportAsItIs) {
  const std::string name = Approve(ARequest());
  EXPECT_THAT(name, StartsWith("approval-sre-"));
  const Approvals approvals = List();
  EXPECT_EQ(TextOf(approvals.mismatches), "");
  ASSERT_EQ(approvals.valid.size(), 1U);
  const SignedApproval& approval = approvals.valid.front();
  EXPECT_EQ(approval.file, name);
  EXPECT_EQ(approval.row, "REQ-PROMOTE");
  EXPECT_EQ(approval.role, "sre");
  EXPECT_EQ(approval.name, "Sam");
  EXPECT_EQ(approval.key_id, sam_.open.id);
  EXPECT_EQ(approval.time, ARequest().time);
  EXPECT_EQ(approval.judgement, Judgement::kApproved);
  EXPECT_EQ(approval.comment, "walked through the playbook");
  EXPECT_EQ(approval.run_id, "20260301T120000Z-0000abcd");
  EXPECT_EQ(approval.report_digest, gate::Sha256Hex(Read("report.sigstore.json")));

  const auto approvers = ParseList(EntryOf(sam_, "sre"));
  const Verification verification = Verify(&key_.open, &*approvers);
  EXPECT_EQ(TextOf(verification.mismatches), "");
  EXPECT_THAT(verification.unchecked, IsEmpty());
  EXPECT_EQ(verification.approvals.size(), 1U);
}

TEST_F(ApprovalTest, TheStatementIsAVerificationSummaryOfTheReport) {
  const std::string name = Approve(ARequest());
  const Json statement = gate::ParseStrictJson(ReadBundle(Read(name)).value().payload).value();
  EXPECT_EQ(statement.at("predicateType"), "https://slsa.dev/verification_summary/v1");
  EXPECT_EQ(statement.at("subject").size(), 8U);
  const Json& predicate = statement.at("predicate");
  EXPECT_EQ(predicate.at("verifier").at("id"), "urn:rollout-gate:approver:sre");
  EXPECT_EQ(predicate.at("timeVerified"), "2026-03-02T09:00:00Z");
  EXPECT_EQ(predicate.at("verificationResult"), "PASSED");
  EXPECT_EQ(predicate.at("verifiedLevels"), Json({"READINESS_REQ-PROMOTE"}));
  EXPECT_EQ(predicate.at("inputAttestations").at(0).at("digest").at("sha256"),
            gate::Sha256Hex(Read("report.sigstore.json")));
}

TEST_F(ApprovalTest, EveryRowIsAnAnswerOfItsOwn) {
  ApprovalRequest request = ARequest();
  request.rows = {"REQ-ROLLBACK-5MIN", "REQ-PROMOTE"};
  Approve(request);
  const Approvals approvals = List();
  ASSERT_EQ(approvals.valid.size(), 2U);
  EXPECT_EQ(approvals.valid[0].row, "REQ-PROMOTE");
  EXPECT_EQ(approvals.valid[1].row, "REQ-ROLLBACK-5MIN");
}

TEST_F(ApprovalTest, AReportThatIsNotSignedOrWasChangedCannotBeApproved) {
  Write("report.md", "READY");
  const gate::Error changed = Refusal(ARequest());
  EXPECT_EQ(changed.code, ErrorCode::kConflict);
  EXPECT_THAT(changed.message, StartsWith("report.md: was changed"));
  fs::remove(folder_.path() + "/report.sigstore.json");
  EXPECT_EQ(Refusal(ARequest()).code, ErrorCode::kNotFound);
}

TEST_F(ApprovalTest, AReportSignedByAnotherKeyIsNotApproved) {
  const KeyPair other;
  const auto name = ApproveReport(folder_.path(), ARequest(), sam_.secret, &other.open);
  ASSERT_FALSE(name);
  EXPECT_THAT(name.error().message, HasSubstr("is signed with another key"));
}

TEST_F(ApprovalTest, RequestsThatMakeNoSenseAreRefused) {
  ApprovalRequest request = ARequest();
  request.rows = {"REQ-NONE"};
  EXPECT_THAT(Refusal(request).message, HasSubstr("its checklist has no row REQ-NONE"));
  request.rows = {};
  EXPECT_EQ(Refusal(request).message, "an approval names at least one row of the checklist");
  request.rows = {"REQ-PROMOTE", "REQ-PROMOTE"};
  EXPECT_EQ(Refusal(request).message, "a row is named twice");
  request = ARequest();
  for (const std::string& role : {std::string("../x"), std::string(), std::string(65, 'a')}) {
    request.role = role;
    EXPECT_THAT(Refusal(request).message, StartsWith("a role has 1 to 64")) << role;
  }
  request = ARequest();
  request.comment = std::string(2001, 'x');
  EXPECT_THAT(Refusal(request).message, HasSubstr("at most 2000 bytes"));
}

TEST_F(ApprovalTest, AFlippedBitInAnApprovalIsNamed) {
  const std::string name = Approve(ARequest());
  const std::string good = Read(name);
  for (std::size_t at = 0; at < good.size(); at += 1 + good.size() / 60) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ (1 << (at % 8)));
    Write(name, bad);
    const Approvals approvals = List();
    EXPECT_THAT(approvals.valid, IsEmpty()) << at;
    ASSERT_EQ(approvals.mismatches.size(), 1U) << at;
    EXPECT_EQ(approvals.mismatches.front().file, name);
  }
}

TEST_F(ApprovalTest, WhatAnUnknownKeySignedDoesNotCount) {
  Approve(ARequest());
  const KeyPair other;
  const Approvals approvals = List(EntryOf(other, "sre"));
  EXPECT_THAT(approvals.valid, IsEmpty());
  EXPECT_THAT(TextOf(approvals.mismatches), HasSubstr("which is no approver's"));
}

TEST_F(ApprovalTest, NobodySpeaksInARoleThatIsNotTheirs) {
  Approve(ARequest());
  const Approvals approvals = List(EntryOf(sam_, "security"));
  EXPECT_THAT(approvals.valid, IsEmpty());
  EXPECT_THAT(TextOf(approvals.mismatches),
              HasSubstr("the key of Sam does not speak for role \"sre\""));
}

TEST_F(ApprovalTest, NobodyAnswersARowThatIsNotTheirs) {
  Approve(ARequest());
  EXPECT_THAT(TextOf(List(EntryOf(sam_, "sre", "    rows: [REQ-OTHER]\n")).mismatches),
              HasSubstr("row REQ-PROMOTE is not for role sre to answer"));
  EXPECT_EQ(List(EntryOf(sam_, "sre", "    rows: [REQ-PROMOTE]\n")).valid.size(), 1U);
}

TEST_F(ApprovalTest, AKeyCountsDuringItsTimeOnly) {
  Approve(ARequest());
  const auto count = [&](const std::string& more) {
    return List(EntryOf(sam_, "sre", more)).valid.size();
  };
  EXPECT_EQ(count("    notBefore: 2026-03-02T09:00:00Z\n    notAfter: 2026-03-02T09:00:00Z\n"), 1U);
  EXPECT_EQ(count("    notBefore: 2026-03-02T09:00:01Z\n"), 0U);
  EXPECT_EQ(count("    notAfter: 2026-03-02T08:59:59Z\n"), 0U);
}

TEST_F(ApprovalTest, AnApprovalIsForOneReportOnly) {
  const std::string name = Approve(ARequest());
  const std::string text = Read(name);
  WriteRun(GreenRun());
  fs::remove(folder_.path() + "/report.sigstore.json");
  Sign();
  Write(name, text);
  EXPECT_THAT(TextOf(List().mismatches), HasSubstr("is about another report"));
}

TEST_F(ApprovalTest, TheReportsOwnSignatureIsNoApproval) {
  Write("approval-sre-1.sigstore.json", Read("report.sigstore.json"));
  EXPECT_THAT(TextOf(List(EntryOf(key_, "sre")).mismatches),
              HasSubstr("approval-sre-1.sigstore.json: "));
  EXPECT_THAT(List(EntryOf(key_, "sre")).valid, IsEmpty());
}

TEST_F(ApprovalTest, WithoutAListOfApproversApprovalsCountAsUnchecked) {
  const std::string name = Approve(ARequest());
  const Verification verification = Verify();
  EXPECT_THAT(verification.mismatches, IsEmpty());
  ASSERT_EQ(verification.unchecked.size(), 1U);
  EXPECT_EQ(verification.unchecked.front().file, name);
  EXPECT_THAT(verification.approvals, IsEmpty());
}

TEST(ApproversTest, MistakesAreNamedWithTheirPlace) {
  const auto list = Approvers::Parse(
      "apiVersion: gate-drill/approvers/v2\n"
      "approvers:\n"
      "  - role: a role\n"
      "    publicKey: none\n"
      "    notAfter: tomorrow\n"
      "  - {rol: sre}\n",
      "a.yaml");
  ASSERT_FALSE(list);
  for (const char* mistake : {"a.yaml:1:13: ", "a.yaml:3:11: a role has",
                              "a.yaml:4:16: not a PEM block", "a.yaml:5:15: is no RFC 3339 time",
                              "a.yaml:6:5: \"role\" is missing", "unknown key \"rol\""}) {
    EXPECT_THAT(list.error().message, HasSubstr(mistake));
  }
}

}  // namespace
}  // namespace reports
