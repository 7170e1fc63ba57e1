#include "gate/service/gate_handler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/evaluate/gate_bench.h"
#include "tests/unit/service/fake_meter.h"

namespace gate::service {
namespace {

using ::testing::HasSubstr;

class GateHandlerTest : public ::testing::Test {
 protected:
  GateHandlerTest() { bench_.files.Put("/callers", "let-me-in\n"); }

  ServerRequest Question() const {
    ServerRequest request{"POST", "/v1/verdicts", {}, {}};
    request.headers.Add("Authorization", "Bearer let-me-in");
    request.body = Json({{"releaseId", bench_.question.release_id},
                         {"stage", "20"},
                         {"namespace", "shop"},
                         {"rollout", "demo"},
                         {"podHash", "abc123"},
                         {"environment", "staging"}})
                       .dump();
    return request;
  }

  HttpResponse Handle(const ServerRequest& request, std::stop_token stop = {}) {
    return handler_.Handle(request, bench_.runtime.In(std::chrono::minutes(1), stop));
  }
  HttpResponse Get(const std::string& target) { return Handle({"GET", target, {}, {}}); }

  evaluate::GateBench bench_;
  evaluate::LinesInMemory audit_;
  FakeMeter meter_;
  VerdictService verdicts_{bench_.config,
                           {bench_.runtime,
                            bench_.http,
                            bench_.files,
                            bench_.keyrings,
                            {bench_.runtime, audit_, bench_.log, nullptr},
                            meter_},
                           bench_.NewEntropy(),
                           /*most_at_once=*/8};
  GateHandler handler_{
      verdicts_, meter_, bench_.files, {.callers = "/callers", .token_issued = "/issued"}};
};

TEST_F(GateHandlerTest, AnswersWithTheVerdictItsReasonAndItsTrace) {
  bench_.AnswerEvidence(true);
  const HttpResponse response = Handle(Question());
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.Get("Content-Type"), "application/json");
  const Json answer = Json::parse(response.body);
  EXPECT_EQ(answer.at("verdict"), "pass");
  EXPECT_EQ(answer.at("reason"), "evidence-true");
  EXPECT_EQ(answer.at("releaseId"), "shop-1.5.0");
  EXPECT_EQ(answer.at("stage"), "20");
  const Json record = Json::parse(audit_.lines.at(0));
  EXPECT_EQ(answer.at("traceId"), record.at("traceId"));
  EXPECT_EQ(answer.at("digest"), record.at("evidenceDigest"));
  EXPECT_EQ(meter_.verdicts.at("staging pass"), 1);
}

TEST_F(GateHandlerTest, TellsWhenMcsTokenWasIssuedAsTheFileSaysNow) {
  bench_.files.Put("/issued", "2026-01-02T03:04:05Z\n");
  (void)Get("/metrics");
  EXPECT_EQ(meter_.token_issued, ParseRfc3339("2026-01-02T03:04:05Z").value());
  bench_.files.Put("/issued", "2026-02-03T04:05:06Z");
  (void)Get("/metrics");
  EXPECT_EQ(meter_.token_issued, ParseRfc3339("2026-02-03T04:05:06Z").value());
}

TEST_F(GateHandlerTest, ATokenWhoseAgeCannotBeReadIsTakenForAnOldOne) {
  const WallTime long_ago(std::chrono::seconds(1));
  (void)Get("/metrics");
  EXPECT_EQ(meter_.token_issued, long_ago);
  meter_.token_issued.reset();
  bench_.files.Put("/issued", "last week");
  (void)Get("/metrics");
  EXPECT_EQ(meter_.token_issued, long_ago);
}

TEST_F(GateHandlerTest, AFailIsNoHttpError) {
  bench_.AnswerEvidence(false);
  const HttpResponse response = Handle(Question());
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(Json::parse(response.body).at("verdict"), "fail");
}

TEST_F(GateHandlerTest, WhenNobodyCanSayTheAnswerIsInconclusiveAndNoHttpError) {
  for (int i = 0; i < 50; ++i) bench_.NeverAnswer();
  const HttpResponse response = Handle(Question());
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(Json::parse(response.body).at("verdict"), "inconclusive");
  EXPECT_EQ(Json::parse(response.body).at("reason"), "timeout");
}

TEST_F(GateHandlerTest, ADryRunPassesAndSaysWhatItWouldHaveBeen) {
  bench_.AnswerEvidence(false);
  ServerRequest request = Question();
  Json body = Json::parse(request.body);
  body["dryRun"] = true;
  request.body = body.dump();
  const Json answer = Json::parse(Handle(request).body);
  EXPECT_EQ(answer.at("verdict"), "pass");
  EXPECT_EQ(answer.at("wouldBe"), "fail");
  EXPECT_EQ(Json::parse(audit_.lines.at(0)).at("verdict"), "fail");
  EXPECT_EQ(Json::parse(audit_.lines.at(0)).at("dryRun"), true);
}

TEST_F(GateHandlerTest, NobodyIsAnsweredWithoutTheToken) {
  for (const char* header : {"", "Bearer", "Bearer ", "Bearer wrong", "Basic let-me-in",
                             "let-me-in", "bearer let-me-in2"}) {
    ServerRequest request = Question();
    request.headers = {};
    if (*header != '\0') request.headers.Add("Authorization", header);
    const HttpResponse response = Handle(request);
    EXPECT_EQ(response.status, 401) << header;
    EXPECT_EQ(response.headers.Get("WWW-Authenticate"), "Bearer");
    EXPECT_THAT(response.body, ::testing::Not(HasSubstr("let-me-in")));
  }
  ServerRequest twice = Question();
  twice.headers.Add("Authorization", "Bearer let-me-in");
  EXPECT_EQ(Handle(twice).status, 401);
  EXPECT_TRUE(bench_.http.sent().empty()) << "MC was asked for a stranger";
  EXPECT_EQ(meter_.refused.at("unauthorized"), 8);
}

TEST_F(GateHandlerTest, ARotatedTokenIsTheOneThatCounts) {
  bench_.files.Put("/callers", "another");
  EXPECT_EQ(Handle(Question()).status, 401);
}

// Argo reads its Secret at once, the gate's mounted copy comes later.
TEST_F(GateHandlerTest, WhileATokenIsRotatedTheOldAndTheNewCount) {
  bench_.files.Put("/callers", "another\n\nlet-me-in\n");
  EXPECT_EQ(Handle(Question()).status, 200);
  ServerRequest request = Question();
  request.headers = {};
  request.headers.Add("Authorization", "Bearer another");
  EXPECT_EQ(Handle(request).status, 200);
  bench_.files.Put("/callers", "another\nlet me in\n");
  EXPECT_EQ(Handle(request).status, 503) << "a file that is damaged";
}

TEST_F(GateHandlerTest, ATokenThatCannotBeReadLetsNobodyIn) {
  bench_.files.Remove("/callers");
  EXPECT_EQ(Handle(Question()).status, 503);
  bench_.files.Put("/callers", "");
  EXPECT_EQ(Handle(Question()).status, 503);
  EXPECT_EQ(Get("/readyz").status, 503);
}

TEST_F(GateHandlerTest, AMalformedRequestIsTheCallersToMend) {
  ServerRequest request = Question();
  request.body = "{";
  const HttpResponse response = Handle(request);
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(Json::parse(response.body).at("error").get<std::string>(), HasSubstr("strict JSON"));
  EXPECT_EQ(meter_.refused.at("malformed"), 1);
}

TEST_F(GateHandlerTest, AnotherEnvironmentIsInconclusiveAndMcIsNotAsked) {
  ServerRequest request = Question();
  Json body = Json::parse(request.body);
  body["environment"] = "production";
  request.body = body.dump();
  const HttpResponse response = Handle(request);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(Json::parse(response.body).at("verdict"), "inconclusive");
  EXPECT_EQ(Json::parse(response.body).at("reason"), "invalid-request");
  EXPECT_TRUE(bench_.http.sent().empty());
}

TEST_F(GateHandlerTest, BeyondItsPlacesTheAnswerIsInconclusive) {
  const HttpResponse response = handler_.Overloaded(Question());
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(Json::parse(response.body).at("verdict"), "inconclusive");
  EXPECT_EQ(Json::parse(response.body).at("reason"), "overloaded");
  ServerRequest stranger = Question();
  stranger.headers = {};
  EXPECT_EQ(handler_.Overloaded(stranger).status, 401);
}

TEST_F(GateHandlerTest, ServesHealthReadinessAndMetrics) {
  EXPECT_EQ(Get("/healthz").status, 200);
  EXPECT_EQ(Get("/readyz?verbose").status, 200);
  EXPECT_EQ(Get("/metrics").body, "metrics here\n");
  EXPECT_EQ(Get("/nothing").status, 404);
  const HttpResponse wrong = Handle({"POST", "/metrics", {}, {}});
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.headers.Get("Allow"), "GET, HEAD");
  EXPECT_EQ(Get("/v1/verdicts").headers.Get("Allow"), "POST");
}

TEST_F(GateHandlerTest, ProbesAndMetricsNeedNoPlace) {
  for (const char* target : {"/healthz", "/readyz", "/metrics"}) {
    EXPECT_EQ(handler_.Overloaded({"GET", target, {}, {}}).status, 200) << target;
  }
  EXPECT_EQ(handler_.Overloaded({"GET", "/nothing", {}, {}}).status, 404);
}

TEST_F(GateHandlerTest, IsNotReadyWhileItShutsDown) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(Handle({"GET", "/readyz", {}, {}}, stop.get_token()).status, 503);
  EXPECT_EQ(Handle({"GET", "/healthz", {}, {}}, stop.get_token()).status, 200);
}

}  // namespace
}  // namespace gate::service
