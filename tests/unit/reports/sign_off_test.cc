#include "reports/attest/sign_off.h"

#include <gmock/gmock.h>

#include "reports/assess.h"
#include "reports/attest/manifest.h"
#include "tests/unit/reports/attest_fixture.h"

namespace reports {
namespace {

namespace fs = std::filesystem;
using gate::ErrorCode;
using std::chrono::hours;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr const char* kRow = "REQ-PLAYBOOK-VALIDATED";

// A run that lacks nothing but the answer of on-call.
RunResult RunForRelease() {
  RunResult run = GreenRun();
  run.profile = Profile::kRelease;
  run.checklist.push_back({.id = kRow,
                           .text = "On-call can work with the playbook",
                           .max_age = hours(24 * 90),
                           .files = {{"playbook.md", "abc"}},
                           .role = "on-call"});
  return run;
}

// Its signed report, which Sam may approve.
class SignOffTest : public ReportFolder {
 protected:
  SignOffTest() : ReportFolder(RunForRelease()) {}
  void SetUp() override { Sign(); }

  void Approve(const KeyPair& who, Judgement judgement = Judgement::kApproved,
               const std::string& role = "on-call") const {
    ApprovalRequest request;
    request.role = role;
    request.rows = {kRow};
    request.judgement = judgement;
    request.comment = "walked through it";
    request.time = TimeAt("2026-03-02T09:00:00Z");
    const auto name = ApproveReport(folder_.path(), request, who.secret, &key_.open);
    ASSERT_TRUE(name) << name.error().message;
  }

  gate::Result<RunResult> Judge(const std::string& folder, const std::string& at,
                                std::vector<std::string> earlier = {}) const {
    return JudgeAnswers(folder, {key_.open, approvers_, std::move(earlier)}, TimeAt(at.c_str()));
  }
  RunResult Judge(const std::string& at = "2026-03-02T10:00:00Z") const {
    auto run = Judge(folder_.path(), at);
    EXPECT_TRUE(run) << run.error().message;
    return run ? *std::move(run) : RunResult();
  }
  // What is open in the row for people.
  std::vector<std::string> OpenIn(const RunResult& run) const {
    return Assess(run).rows.back().open;
  }

  KeyPair sam_;
  Approvers approvers_ = ParseList(EntryOf(sam_, "on-call") + EntryOf(sam_, "security")).value();
  test_support::TempFolder other_;
};

TEST_F(SignOffTest, WhatNobodyAnsweredStaysIncomplete) {
  const RunResult run = Judge();
  EXPECT_EQ(Decide(run), Decision::kIncomplete);
  EXPECT_THAT(OpenIn(run), ElementsAre("on-call has not approved it"));
}

TEST_F(SignOffTest, AnApprovalMakesItReadyInAReportOfItsOwn) {
  Approve(sam_);
  const std::string out = other_.path() + "/out";
  const auto run =
      WriteSignOff(folder_.path(), {key_.open, approvers_}, TimeAt("2026-03-02T10:00:00Z"), out);
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_EQ(Decide(*run), Decision::kReady);
  ASSERT_EQ(run->approvals.size(), 1U);
  EXPECT_EQ(run->approvals.front().who, "Sam");
  EXPECT_EQ(run->approvals.front().digest, "abc");
  EXPECT_EQ(run->approvals.front().key, sam_.open.id);

  const auto read = [&](const std::string& name) {
    return ReadWholeFile(out + "/" + name).value();
  };
  EXPECT_THAT(read("journal.jsonl"), StartsWith(Read("journal.jsonl")));
  EXPECT_THAT(read("report.md"), StartsWith("# Readiness report: READY\n"));
  EXPECT_EQ(read("answers/report.sigstore.json"), Read("report.sigstore.json"));
  EXPECT_EQ(TextOf(Verify().mismatches), "") << "what was approved is as it was";
  EXPECT_EQ(Verify().decision, "INCOMPLETE");

  const std::string html = read("report.html");
  ASSERT_TRUE(WriteReport(out));
  EXPECT_EQ(read("report.html"), html);
  const KeyPair manager;
  ASSERT_TRUE(SignReport(out, manager.secret));
  const auto verified = VerifyReport(out, {&manager.open, nullptr}).value();
  EXPECT_EQ(TextOf(verified.mismatches), "");
  EXPECT_THAT(verified.unchecked, IsEmpty());
  EXPECT_EQ(verified.decision, "READY");
}

TEST_F(SignOffTest, WhatAStrangerSignedDoesNotCountAndTheReportSaysWhy) {
  Approve(KeyPair());
  const RunResult run = Judge();
  EXPECT_EQ(Decide(run), Decision::kIncomplete);
  ASSERT_EQ(run.ignored_approvals.size(), 1U);
  EXPECT_THAT(run.ignored_approvals.front().why, HasSubstr("which is no approver's"));
  for (const std::string& text : {RenderMarkdown(run), RenderHtml(run), RenderJson(run)}) {
    EXPECT_THAT(text, HasSubstr("which is no approver"));
  }
}

TEST_F(SignOffTest, AnApprovalAgesAndIsNotOfTheFuture) {
  Approve(sam_);
  EXPECT_EQ(Decide(Judge("2026-05-31T09:00:00Z")), Decision::kReady);
  const RunResult late = Judge("2026-05-31T09:00:01Z");
  EXPECT_EQ(Decide(late), Decision::kIncomplete);
  EXPECT_THAT(OpenIn(late), ElementsAre("the approval of Sam (on-call) is 90 days old"));
  const RunResult early = Judge("2026-03-02T08:59:59Z");
  EXPECT_EQ(Decide(early), Decision::kIncomplete);
  EXPECT_THAT(OpenIn(early),
              ElementsAre("the approval of Sam (on-call) is dated after this sign-off"));
}

TEST_F(SignOffTest, ARefusalOrAnotherRolesApprovalIsNoApproval) {
  Approve(sam_, Judgement::kApproved, "security");
  EXPECT_THAT(OpenIn(Judge()), ElementsAre("on-call has not approved it, only Sam (security)"));
  EXPECT_EQ(Decide(Judge()), Decision::kIncomplete);
  Approve(sam_, Judgement::kRejected);
  EXPECT_EQ(Decide(Judge()), Decision::kNotReady);
  EXPECT_THAT(OpenIn(Judge()), ElementsAre("Sam (on-call) refused it"));
}

// --- Answers to an earlier report ---------------------------------------------------------------

class EarlierAnswersTest : public SignOffTest {
 protected:
  // What on-call's row lacks in a later run with the approval of this one.
  std::vector<std::string> OpenInLater(const RunResult& run) {
    const std::string later = other_.path() + "/later";
    fs::remove_all(later);
    fs::create_directory(later);
    other_.Add("later/journal.jsonl", JournalOf(run));
    EXPECT_TRUE(WriteReport(later));
    EXPECT_TRUE(SignReport(later, key_.secret));
    const auto judged = Judge(later, "2026-03-09T10:00:00Z", {folder_.path()});
    EXPECT_TRUE(judged) << judged.error().message;
    return judged ? OpenIn(*judged) : std::vector<std::string>{judged.error().message};
  }

  static RunResult Later() {
    RunResult run = RunForRelease();
    run.run_id = "another";
    return run;
  }
};

TEST_F(EarlierAnswersTest, CountForTheSameWordsAndTheSameFile) {
  Approve(sam_);
  EXPECT_THAT(OpenInLater(Later()), IsEmpty());
  RunResult changed = Later();
  changed.checklist.back().files.front().sha256 = "abd";
  EXPECT_THAT(OpenInLater(changed),
              ElementsAre("Sam (on-call) approved another version of playbook.md"));
  changed = Later();
  changed.checklist.back().text += ", and the contact tree is current";
  EXPECT_THAT(OpenInLater(changed), ElementsAre("Sam (on-call) approved another wording of it"));
}

TEST_F(EarlierAnswersTest, OfAReportThatWasChangedAreNotTaken) {
  Approve(sam_);
  Write("report.json", Read("report.json") + " ");
  const auto answers = ReadAnswers(folder_.path(), approvers_);
  ASSERT_FALSE(answers);
  EXPECT_EQ(answers.error().code, ErrorCode::kConflict);
  EXPECT_THAT(answers.error().message, StartsWith("report.json: was changed"));
}

TEST_F(EarlierAnswersTest, AnApprovalCopiedBesideAnotherReportDoesNotCount) {
  Approve(sam_);
  const std::string name = FindApprovals(folder_.path()).value().front();
  const std::string text = Read(name);
  WriteRun(Later());
  fs::remove(folder_.path() + "/report.sigstore.json");
  fs::remove(folder_.path() + "/" + name);
  Sign();
  Write(name, text);
  const RunResult run = Judge();
  EXPECT_EQ(Decide(run), Decision::kIncomplete);
  ASSERT_EQ(run.ignored_approvals.size(), 1U);
  EXPECT_THAT(run.ignored_approvals.front().why, HasSubstr("is about another report"));
}

// --- What cannot be signed off ------------------------------------------------------------------

TEST_F(SignOffTest, AReportThatIsNotAsItWasSignedIsRefused) {
  const KeyPair other;
  const auto foreign =
      JudgeAnswers(folder_.path(), {other.open, approvers_}, TimeAt("2026-03-02T10:00:00Z"));
  ASSERT_FALSE(foreign);
  EXPECT_EQ(foreign.error().code, ErrorCode::kConflict);
  EXPECT_THAT(foreign.error().message, HasSubstr("is signed with another key"));

  Write("report.md", "READY");
  const auto changed = Judge(folder_.path(), "2026-03-02T10:00:00Z");
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().code, ErrorCode::kConflict);
  EXPECT_THAT(changed.error().message, StartsWith("report.md: was changed"));
}

TEST_F(SignOffTest, ARunThatWasNotFinishedIsRefused) {
  RunResult run = RunForRelease();
  run.finished.reset();
  WriteRun(run);
  fs::remove(folder_.path() + "/report.sigstore.json");
  Sign();
  const auto refused = Judge(folder_.path(), "2026-03-02T10:00:00Z");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
}

TEST_F(SignOffTest, ItIsDoneOnceIntoAFolderOfItsOwn) {
  const std::string out = other_.path();
  const AnswerSources sources{key_.open, approvers_};
  ASSERT_TRUE(WriteSignOff(folder_.path(), sources, TimeAt("2026-03-02T10:00:00Z"), out));
  const auto again = WriteSignOff(folder_.path(), sources, TimeAt("2026-03-02T10:00:00Z"), out);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kAlreadyExists);
  ASSERT_TRUE(SignReport(out, key_.secret));
  EXPECT_THAT(Judge(out, "2026-03-02T11:00:00Z").error().message, HasSubstr("signed off already"));
}

}  // namespace
}  // namespace reports
