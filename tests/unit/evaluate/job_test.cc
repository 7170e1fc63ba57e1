#include "gate/evaluate/job.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gate/audit/chain.h"
#include "tests/support/memory_kube.h"
#include "tests/unit/evaluate/gate_bench.h"

namespace gate::evaluate {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class JobTest : public ::testing::Test {
 protected:
  JobTest() { PutGateJob(kube_); }

  ExitCode Run(Mode mode = Mode::kEnforce) {
    JobDeps deps{bench_.runtime, bench_.http, bench_.files, bench_.keyrings,
                 audit_,         bench_.log,  std::nullopt};
    deps.cluster.emplace(Cluster{kube_, "job-1"});
    return RunJob(bench_.config, bench_.question, mode, deps, bench_.NewEntropy(),
                  stop_.get_token());
  }

  Json LastRecord() const {
    return Json::parse(kube_.Find(kStatus)->at("data").at("stage-20").get<std::string>());
  }

  GateBench bench_;
  MemoryKube kube_;
  LinesInMemory audit_;
  std::stop_source stop_;
};

TEST_F(JobTest, EachVerdictHasItsExitCode) {
  bench_.AnswerEvidence(true);
  EXPECT_EQ(Run(), ExitCode::kPass);
  bench_.AnswerEvidence(false);
  EXPECT_EQ(Run(), ExitCode::kFail);
  bench_.question.release_id = "";
  EXPECT_EQ(Run(), ExitCode::kInconclusive);
}

TEST_F(JobTest, TheSameRecordIsStoredAndPrinted) {
  bench_.AnswerEvidence(false);
  Run();
  ASSERT_EQ(audit_.lines.size(), 1U);
  const Json record = Json::parse(audit_.lines[0]);
  EXPECT_EQ(record, LastRecord());
  EXPECT_EQ(record.at("release"), "shop-1.5.0");
  EXPECT_EQ(record.at("stage"), "20");
  EXPECT_EQ(record.at("environment"), "staging");
  EXPECT_EQ(record.at("podHash"), "abc123");
  EXPECT_EQ(record.at("analysisRun"), kRun.name);
  EXPECT_EQ(record.at("verdict"), "fail");
  EXPECT_EQ(record.at("reason"), "evidence-false");
  EXPECT_EQ(record.at("mcReasons"), Json({"error rate 7 % above 1 %"}));
  EXPECT_EQ(record.at("securityAlert"), false);
  EXPECT_THAT(bench_.http.sent().at(0).request.headers.Get("traceparent").value_or(""),
              ::testing::HasSubstr(record.at("traceId").get<std::string>()));
}

TEST_F(JobTest, RunsOfOneRolloutFormOneChain) {
  bench_.AnswerEvidence(true);
  Run();
  bench_.question.stage = "50";
  bench_.AnswerEvidence(true);
  Run();
  audit::ChainHead head;
  for (const std::string& line : audit_.lines) {
    const auto next = audit::Follow(Json::parse(line), head);
    ASSERT_TRUE(next) << next.error().message;
    head = *next;
  }
  EXPECT_EQ(head.seq, 2);
}

TEST_F(JobTest, TheAnalysisRunAndTheRolloutSayWhy) {
  bench_.AnswerEvidence(false);
  Run();
  const Json annotations = kube_.Find(kRun)->at("metadata").at("annotations");
  EXPECT_EQ(annotations.at("rollout-gate/verdict"), "fail");
  EXPECT_EQ(annotations.at("rollout-gate/reason"), "evidence-false");
  EXPECT_EQ(annotations.at("rollout-gate/release-id"), "shop-1.5.0");
  const auto events = kube_.All(kube::kEvents);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].at("involvedObject").at("name"), "demo");
  EXPECT_EQ(events[0].at("involvedObject").at("uid"), "u2");
  EXPECT_EQ(events[0].at("type"), "Warning");
  EXPECT_EQ(events[0].at("reason"), "EvidenceGateFailed");
  EXPECT_THAT(events[0].at("message").get<std::string>(), ::testing::HasSubstr("error rate 7 %"));
}

TEST_F(JobTest, AForgeryLeavesASecurityAlert) {
  bench_.AnswerForgery();
  EXPECT_EQ(Run(), ExitCode::kFail);
  EXPECT_EQ(LastRecord().at("securityAlert"), true);
  EXPECT_EQ(kube_.All(kube::kEvents).at(0).at("reason"), "EvidenceGateSecurityAlert");
}

TEST_F(JobTest, APassThatCannotBeRecordedIsNoPass) {
  kube_.before = [](const MemoryKube::Call& call) -> std::optional<Error> {
    if (call.what.starts_with("configmaps/")) return Error{ErrorCode::kUnavailable, "no quorum"};
    return std::nullopt;
  };
  bench_.AnswerEvidence(true);
  EXPECT_EQ(Run(), ExitCode::kInconclusive);
  const Json record = Json::parse(audit_.lines.at(0));
  EXPECT_EQ(record.at("verdict"), "inconclusive");
  EXPECT_EQ(record.at("reason"), "record-failed");
  EXPECT_EQ(kube_.Find(kRun)->at("metadata").at("annotations").at("rollout-gate/verdict"),
            "inconclusive");
}

TEST_F(JobTest, AFailThatCannotBeRecordedStillFails) {
  kube_.before = [](const MemoryKube::Call& call) -> std::optional<Error> {
    if (call.what.starts_with("configmaps/")) return Error{ErrorCode::kPermissionDenied, "no"};
    return std::nullopt;
  };
  bench_.AnswerEvidence(false);
  EXPECT_EQ(Run(), ExitCode::kFail);
}

TEST_F(JobTest, NotesThatCannotBeWrittenDoNotChangeTheVerdict) {
  kube_.before = [](const MemoryKube::Call& call) -> std::optional<Error> {
    if (!call.what.starts_with("configmaps/")) return Error{ErrorCode::kPermissionDenied, "no"};
    return std::nullopt;
  };
  bench_.AnswerEvidence(true);
  EXPECT_EQ(Run(), ExitCode::kPass);
  EXPECT_EQ(LastRecord().at("verdict"), "pass");
}

TEST_F(JobTest, DryRunSaysWhatItWouldHaveSaidAndSucceeds) {
  bench_.AnswerEvidence(false);
  EXPECT_EQ(Run(Mode::kDryRun), ExitCode::kPass);
  EXPECT_EQ(LastRecord().at("verdict"), "fail");
  EXPECT_EQ(LastRecord().at("dryRun"), true);
}

TEST_F(JobTest, AStopIsAnsweredWithinASecondAndOnTheRecord) {
  bench_.NeverAnswer();
  bench_.runtime.After(milliseconds(500), [&] { stop_.request_stop(); });
  const Instant start = bench_.runtime.Now();
  EXPECT_EQ(Run(), ExitCode::kInconclusive);
  EXPECT_LE(bench_.runtime.Now() - start, milliseconds(1500));
  EXPECT_EQ(LastRecord().at("reason"), "stopped");
}

TEST_F(JobTest, AStopWhileTheRecordCannotBeWrittenIsAnsweredWithinASecond) {
  kube_.before = [](const MemoryKube::Call& call) -> std::optional<Error> {
    if (call.what.starts_with("configmaps/")) return Error{ErrorCode::kUnavailable, "no quorum"};
    return std::nullopt;
  };
  bench_.AnswerEvidence(true);
  bench_.runtime.After(seconds(2), [&] { stop_.request_stop(); });
  const Instant start = bench_.runtime.Now();
  EXPECT_EQ(Run(), ExitCode::kInconclusive);
  EXPECT_LE(bench_.runtime.Now() - start, seconds(3));
}

TEST_F(JobTest, WithoutAClusterItDecidesAndPrints) {
  bench_.AnswerEvidence(true);
  JobDeps deps{bench_.runtime, bench_.http, bench_.files, bench_.keyrings,
               audit_,         bench_.log,  std::nullopt};
  EXPECT_EQ(RunJob(bench_.config, bench_.question, Mode::kEnforce, deps, bench_.NewEntropy(), {}),
            ExitCode::kPass);
  EXPECT_TRUE(audit::Follow(Json::parse(audit_.lines.at(0)), {}));
  EXPECT_TRUE(kube_.calls.empty());
}

TEST_F(JobTest, RecordsAreBoundedWhateverTheCallerPassed) {
  bench_.question.release_id = std::string(100'000, 'x');
  Run();
  EXPECT_LT(audit_.lines.at(0).size(), 4096U);
}

}  // namespace
}  // namespace gate::evaluate
