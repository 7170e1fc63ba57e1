#include "gate/service/verdict_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/baton_runtime.h"
#include "tests/support/memory_kube.h"
#include "tests/unit/evaluate/gate_bench.h"
#include "tests/unit/service/fake_meter.h"

namespace gate::service {
namespace {

using decide::Outcome;
using evidence::Reason;
using std::chrono::minutes;
using std::chrono::seconds;

// An MC that says 503 after a second.
class SlowMc : public HttpClient {
 public:
  explicit SlowMc(Runtime& runtime) : runtime_(runtime) {}
  Result<HttpResponse, HttpError> Send(const HttpRequest& /*request*/,
                                       const Deadline& deadline) override {
    ++asked;
    (void)runtime_.Sleep({runtime_.Now() + seconds(1), deadline.stop});
    HttpResponse response;
    response.status = 503;
    return response;
  }
  int asked = 0;

 private:
  Runtime& runtime_;
};

// Several callers at once.
class CrowdTest : public ::testing::Test {
 protected:
  CrowdTest() {
    bench_.config.timing.budget = seconds(1);
    request_.question = bench_.question;
    request_.environment = "staging";
  }

  // Everybody asks at the same moment.
  std::vector<Answer> AskAll(const std::vector<VerdictRequest>& requests) {
    std::vector<std::optional<Answer>> answers(requests.size());
    std::vector<std::unique_ptr<Task>> tasks;
    for (std::size_t i = 0; i < requests.size(); ++i) {
      tasks.push_back(runtime_.Spawn("caller", [&, i] {
        answers[i] = service_.Judge(requests[i], {runtime_.Now() + minutes(1), stop_.get_token()});
      }));
    }
    for (const auto& task : tasks) task->Join();
    std::vector<Answer> given;
    for (auto& answer : answers) given.push_back(*std::move(answer));
    return given;
  }

  test_support::BatonRuntime runtime_;
  evaluate::GateBench bench_;
  evaluate::LinesInMemory audit_;
  Log log_{bench_.log_lines, runtime_, LogFormat::kJson};
  SlowMc mc_{runtime_};
  FakeMeter meter_;
  std::stop_source stop_;
  VerdictRequest request_;
  VerdictService service_{
      bench_.config,
      {runtime_, mc_, bench_.files, bench_.keyrings, {runtime_, audit_, log_, nullptr}, meter_},
      bench_.NewEntropy(),
      /*most_at_once=*/2};
};

TEST_F(CrowdTest, TheSameQuestionIsAskedOnceAndAnsweredToAll) {
  const auto answers = AskAll({request_, request_, request_, request_});
  EXPECT_EQ(mc_.asked, 1);
  EXPECT_EQ(audit_.lines.size(), 1U);
  for (const Answer& answer : answers) {
    EXPECT_EQ(answer.verdict.reason(), Reason::kServerError);
    EXPECT_EQ(answer.trace_id, answers[0].trace_id);
  }
}

TEST_F(CrowdTest, QuestionsThatDifferInAnythingAreJudgedEachForItself) {
  std::vector<VerdictRequest> others(6, request_);
  others[0].question.release_id = "shop-1.6.0";
  others[1].question.stage = "50";
  others[2].question.pod_hash = "def456";
  others[3].question.digests = {"sha256:11"};
  others[4].mode = evaluate::Mode::kDryRun;
  others[5].question.rollout = "other";
  for (const VerdictRequest& other : others) {
    const int before = mc_.asked;
    const auto answers = AskAll({request_, other});
    EXPECT_EQ(mc_.asked - before, 2);
    EXPECT_NE(answers[0].trace_id, answers[1].trace_id);
  }
}

TEST_F(CrowdTest, BeyondItsPlacesAQuestionIsAnsweredAtOnceAndMcIsNotAsked) {
  VerdictRequest second = request_;
  second.question.stage = "50";
  VerdictRequest third = request_;
  third.question.stage = "75";
  const auto answers = AskAll({request_, second, third});
  EXPECT_EQ(answers[2].verdict.outcome(), Outcome::kInconclusive);
  EXPECT_EQ(answers[2].verdict.reason(), Reason::kOverloaded);
  EXPECT_EQ(mc_.asked, 2);
  EXPECT_EQ(meter_.refused.at("overloaded"), 1);
}

TEST_F(CrowdTest, WhoeverJoinsAFullHouseWithAQuestionUnderWayIsServed) {
  VerdictRequest second = request_;
  second.question.stage = "50";
  const auto answers = AskAll({request_, second, request_});
  EXPECT_EQ(answers[2].verdict.reason(), Reason::kServerError);
}

TEST_F(CrowdTest, AQuestionThatHasBeenAnsweredIsAskedAnew) {
  (void)AskAll({request_});
  (void)AskAll({request_});
  EXPECT_EQ(mc_.asked, 2);
}

// One caller, in a cluster.
class VerdictServiceTest : public ::testing::Test {
 protected:
  VerdictServiceTest() {
    request_.question = bench_.question;
    request_.environment = "staging";
  }

  void PutRun(const std::string& name, const std::string& created, const std::string& phase,
              const std::string& rollout = "demo") {
    kube_.Put({kube::kAnalysisRuns, "shop", name},
              {{"kind", "AnalysisRun"},
               {"metadata",
                {{"creationTimestamp", created},
                 {"ownerReferences", {{{"kind", "Rollout"}, {"name", rollout}, {"uid", "u2"}}}}}},
               {"status", {{"phase", phase}}}});
  }
  std::string VerdictOn(const std::string& run) const {
    const auto found = kube_.Find({kube::kAnalysisRuns, "shop", run});
    const Json::json_pointer at("/metadata/annotations/rollout-gate~1verdict");
    return found->contains(at) ? found->at(at).get<std::string>() : "";
  }
  Answer Judge() { return service_.Judge(request_, bench_.runtime.In(minutes(1))); }

  evaluate::GateBench bench_;
  MemoryKube kube_;
  evaluate::LinesInMemory audit_;
  FakeMeter meter_;
  VerdictRequest request_;
  VerdictService service_{bench_.config,
                          {bench_.runtime,
                           bench_.http,
                           bench_.files,
                           bench_.keyrings,
                           {bench_.runtime, audit_, bench_.log, &kube_},
                           meter_},
                          bench_.NewEntropy(),
                          /*most_at_once=*/2};
};

TEST_F(VerdictServiceTest, RecordsInTheStatusOfTheRollout) {
  bench_.AnswerEvidence(false);
  const Answer answer = Judge();
  EXPECT_EQ(answer.verdict.outcome(), Outcome::kFail);
  const auto status = kube_.Find({kube::kConfigMaps, "shop", "rollout-gate-demo"});
  ASSERT_TRUE(status);
  const Json record = Json::parse(status->at("data").at("stage-20").get<std::string>());
  EXPECT_EQ(record.at("verdict"), "fail");
  EXPECT_EQ(record.at("traceId"), answer.trace_id);
}

TEST_F(VerdictServiceTest, AnnotatesTheYoungestRunUnderWayOfThisRollout) {
  PutRun("demo-1", "2026-11-24T10:00:00Z", "Running");
  PutRun("demo-2", "2026-11-24T10:05:00Z", "");
  PutRun("demo-3", "2026-11-24T10:06:00Z", "Failed");
  PutRun("other-9", "2026-11-24T10:07:00Z", "Running", "other");
  bench_.AnswerEvidence(true);
  EXPECT_EQ(Judge().verdict.outcome(), Outcome::kPass);
  EXPECT_EQ(VerdictOn("demo-2"), "") << "it would make Argo ask again";
  bench_.runtime.Sleep(bench_.runtime.In(LateAnnotations::kDelay));
  EXPECT_EQ(VerdictOn("demo-1"), "");
  EXPECT_EQ(VerdictOn("demo-2"), "pass");
  EXPECT_EQ(VerdictOn("demo-3"), "");
  EXPECT_EQ(VerdictOn("other-9"), "");
}

TEST_F(VerdictServiceTest, WithoutAnAnalysisRunTheVerdictStandsAndIsRecorded) {
  bench_.AnswerEvidence(true);
  EXPECT_EQ(Judge().verdict.outcome(), Outcome::kPass);
  EXPECT_EQ(Json::parse(audit_.lines.at(0)).at("analysisRun"), "");
}

TEST_F(VerdictServiceTest, APassThatCannotBeRecordedIsNoPass) {
  kube_.before = [](const MemoryKube::Call& call) -> std::optional<Error> {
    if (call.what.starts_with("configmaps/")) return Error{ErrorCode::kPermissionDenied, "no"};
    return std::nullopt;
  };
  bench_.AnswerEvidence(true);
  const Answer answer = Judge();
  EXPECT_EQ(answer.verdict.outcome(), Outcome::kInconclusive);
  EXPECT_EQ(answer.verdict.reason(), Reason::kRecordFailed);
  EXPECT_EQ(answer.evidence_digest, "");
}

TEST_F(VerdictServiceTest, NoTwoEvaluationsShareANonceOrATrace) {
  bench_.AnswerEvidence(true);
  bench_.AnswerEvidence(true);
  const std::string first = Judge().trace_id;
  EXPECT_NE(Judge().trace_id, first);
  EXPECT_NE(bench_.Sent(0, "nonce"), bench_.Sent(1, "nonce"));
}

}  // namespace
}  // namespace gate::service
