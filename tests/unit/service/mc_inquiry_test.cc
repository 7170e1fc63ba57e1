#include "gate/service/mc_inquiry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gate/record/status_store.h"
#include "tests/unit/evaluate/gate_bench.h"
#include "tests/unit/service/fake_meter.h"

namespace gate::service {
namespace {

using std::chrono::minutes;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using watch::Inquiry;
using watch::McSays;

class McInquiryTest : public ::testing::Test {
 protected:
  McSays Ask(Inquiry::Why why) {
    return inquiry_.Ask({.why = why,
                         .record_id = "r1",
                         .ns = "shop",
                         .rollout = "demo",
                         .release = "shop-1.5.0",
                         .stage = "20",
                         .pod_hash = "abc123"},
                        bench_.runtime.In(minutes(1)));
  }

  evaluate::GateBench bench_;
  evaluate::LinesInMemory audit_;
  MemoryKube kube_;
  FakeMeter meter_;
  McInquiry inquiry_{bench_.config,
                     {.mc = bench_.http,
                      .files = bench_.files,
                      .keyrings = bench_.keyrings,
                      .trail = {bench_.runtime, audit_, bench_.log, &kube_},
                      .meter = meter_},
                     bench_.NewEntropy()};
};

TEST_F(McInquiryTest, AsksOnceWithANonceOfItsOwnAndRecordsNothing) {
  bench_.AnswerEvidence(true);
  bench_.AnswerEvidence(false);
  EXPECT_EQ(Ask(Inquiry::Why::kPaused), McSays::kYes);
  EXPECT_EQ(Ask(Inquiry::Why::kPaused), McSays::kNo);
  EXPECT_THAT(bench_.http.sent(), SizeIs(2));
  EXPECT_EQ(bench_.Sent(0, "stage"), "20");
  EXPECT_NE(bench_.Sent(0, "nonce"), bench_.Sent(1, "nonce"));
  EXPECT_THAT(audit_.lines, IsEmpty());
  EXPECT_THAT(kube_.calls, IsEmpty());
  EXPECT_THAT(meter_.inquired, ElementsAre(Pair("paused no", 1), Pair("paused yes", 1)));
  EXPECT_THAT(meter_.verdicts, IsEmpty());
}

TEST_F(McInquiryTest, WhatIsNotMcsVerifiedWordIsNothing) {
  bench_.http.Answer(503, "");
  bench_.NeverAnswer();
  bench_.AnswerForgery();
  bench_.http.Answer(404, "");
  for (int i = 0; i < 4; ++i) EXPECT_EQ(Ask(Inquiry::Why::kPassed), McSays::kNothing) << i;
  EXPECT_THAT(bench_.http.sent(), SizeIs(4));
  EXPECT_THAT(audit_.lines, IsEmpty());
  EXPECT_THAT(kube_.calls, IsEmpty());
  EXPECT_THAT(meter_.inquired, ElementsAre(Pair("passed nothing", 4)));
}

TEST_F(McInquiryTest, AYesThatStandsIsNotRecorded) {
  bench_.AnswerEvidence(true);
  EXPECT_EQ(Ask(Inquiry::Why::kPassed), McSays::kYes);
  EXPECT_THAT(audit_.lines, IsEmpty());
}

TEST_F(McInquiryTest, AYesThatIsTakenBackIsRecordedAsAFailBeforeItIsTold) {
  bench_.AnswerEvidence(false);
  EXPECT_EQ(Ask(Inquiry::Why::kPassed), McSays::kNo);
  ASSERT_THAT(audit_.lines, SizeIs(1));
  const Json record = Json::parse(audit_.lines[0]);
  EXPECT_EQ(record["verdict"], "fail");
  EXPECT_EQ(record["reason"], "evidence-withdrawn");
  EXPECT_EQ(record["release"], "shop-1.5.0");
  EXPECT_EQ(record["stage"], "20");
  EXPECT_EQ(record["podHash"], "abc123");
  EXPECT_EQ(record["analysisRun"], "");
  EXPECT_NE(record["evidenceDigest"], "");
  const auto status = kube_.Find({kube::kConfigMaps, "shop", record::StatusConfigMapName("demo")});
  ASSERT_TRUE(status);
  EXPECT_EQ(JsonString(*status, "/data/history"), audit_.lines[0] + "\n");
  EXPECT_THAT(meter_.verdicts, ElementsAre(Pair("staging fail", 1)));
}

TEST_F(McInquiryTest, WhatCannotEvenBeAskedIsNothing) {
  EXPECT_EQ(inquiry_.Ask({.release = "", .stage = "20"}, bench_.runtime.In(minutes(1))),
            McSays::kNothing);
  EXPECT_THAT(bench_.http.sent(), IsEmpty());
}

}  // namespace
}  // namespace gate::service
