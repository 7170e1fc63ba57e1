#include "gate/notify/sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gate/notify/test_notice.h"
#include "tests/support/fake_files.h"
#include "tests/support/fake_http_client.h"
#include "tests/support/fake_runtime.h"
#include "tests/unit/notify/sample_notice.h"

namespace gate::notify {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string kWebhook = "https://hooks.slack.com/services/T1/B2/x5ecretx";
const std::string kRoutingKey = "0123456789abcdef0123456789abcdef";

const Sink kSlack{.name = "releases", .to = SlackSink{.url_file = "/slack-url", .channel = ""}};
const Sink kPagerDuty{.name = "on-call",
                      .to = PagerDutySink{.routing_key_file = "/routing-key"},
                      .timeout = std::chrono::seconds(4)};

class SinkTest : public ::testing::Test {
 protected:
  SinkTest() {
    files_.Put("/slack-url", kWebhook + "\n");
    files_.Put("/routing-key", kRoutingKey + "\n");
  }

  Result<void, DeliveryError> DeliverTo(const Sink& sink, NoticeKind kind = NoticeKind::kFailed) {
    return Deliver({http_, files_, runtime_}, sink, "https://example.com/playbook.md",
                   SampleNotice(kind), runtime_.In(std::chrono::minutes(1)));
  }

  const HttpRequest& Request(std::size_t i) const { return http_.sent().at(i).request; }

  FakeRuntime runtime_;
  FakeFiles files_;
  FakeHttpClient http_;
};

TEST_F(SinkTest, SlackGetsTheMessageAtTheUrlFromTheFile) {
  http_.Answer(200, "ok");
  ASSERT_TRUE(DeliverTo(kSlack));
  EXPECT_EQ(Request(0).method, "POST");
  EXPECT_EQ(Request(0).url, kWebhook);
  EXPECT_EQ(Request(0).headers.Get("content-type"), "application/json");
  EXPECT_TRUE(Json::parse(Request(0).body).contains("blocks"));
}

TEST_F(SinkTest, TheSecretIsReadForEveryDelivery) {
  http_.Answer(200, "ok");
  http_.Answer(200, "ok");
  ASSERT_TRUE(DeliverTo(kSlack));
  files_.Put("/slack-url", "https://hooks.slack.com/services/rotated");
  ASSERT_TRUE(DeliverTo(kSlack));
  EXPECT_EQ(Request(1).url, "https://hooks.slack.com/services/rotated");
}

TEST_F(SinkTest, ASecretThatIsMissingOrNoSecretMayComeLater) {
  for (const char* content : {"", "\n", "two words", "t\x01", "k\xc3\xa4se"}) {
    files_.Put("/slack-url", content);
    const auto delivered = DeliverTo(kSlack);
    ASSERT_FALSE(delivered);
    EXPECT_EQ(delivered.error().again, Again::kLater);
    EXPECT_THAT(delivered.error().message, HasSubstr("/slack-url"));
  }
  files_.Remove("/routing-key");
  const auto delivered = DeliverTo(kPagerDuty);
  ASSERT_FALSE(delivered);
  EXPECT_EQ(delivered.error().again, Again::kLater);
  EXPECT_TRUE(http_.sent().empty());
}

TEST_F(SinkTest, AnAnswerThatIsNotSlacksOwnIsNoDelivery) {
  for (const char* body : {"<html>Please log in</html>", "", "OK", "ok\n<html>"}) {
    http_.Answer(200, body);
    const auto delivered = DeliverTo(kSlack);
    ASSERT_FALSE(delivered) << body;
    EXPECT_EQ(delivered.error().again, Again::kLater);
  }
}

TEST_F(SinkTest, WhatSlackRefusesIsNeverTakenAndWhatItCannotTakeNowIsTriedAgain) {
  for (const int status : {400, 403, 404, 410, 413}) {
    http_.Answer(status, "invalid_blocks");
    const auto delivered = DeliverTo(kSlack);
    ASSERT_FALSE(delivered);
    EXPECT_EQ(delivered.error().again, Again::kNever) << status;
    EXPECT_THAT(delivered.error().message, HasSubstr("invalid_blocks"));
  }
  for (const int status : {302, 408, 429, 500, 503}) {
    http_.Answer(status, "rollup_error");
    const auto delivered = DeliverTo(kSlack);
    ASSERT_FALSE(delivered);
    EXPECT_EQ(delivered.error().again, Again::kLater) << status;
  }
}

TEST_F(SinkTest, RetryAfterIsPassedOn) {
  HttpHeaders headers;
  headers.Add("Retry-After", "30");
  http_.Answer(429, "", headers);
  http_.Answer(429, "", headers);
  EXPECT_EQ(DeliverTo(kSlack).error().retry_after, std::chrono::seconds(30));
  EXPECT_EQ(DeliverTo(kPagerDuty).error().retry_after, std::chrono::seconds(30));
}

TEST_F(SinkTest, TroubleWithTheNetworkIsTriedAgain) {
  for (const HttpErrorKind kind :
       {HttpErrorKind::kResolve, HttpErrorKind::kConnect, HttpErrorKind::kTls,
        HttpErrorKind::kTimeout, HttpErrorKind::kReset, HttpErrorKind::kBodyTooLarge}) {
    http_.Fail(kind);
    const auto delivered = DeliverTo(kSlack);
    ASSERT_FALSE(delivered);
    EXPECT_EQ(delivered.error().again, Again::kLater) << ToString(kind);
  }
}

TEST_F(SinkTest, PagerDutyGetsEveryEventInOrderAtItsEndpoint) {
  for (int i = 0; i < 3; ++i) http_.Answer(202, "{}");
  ASSERT_TRUE(DeliverTo(kPagerDuty, NoticeKind::kRolledBack));
  ASSERT_EQ(http_.sent().size(), 3U);
  EXPECT_EQ(Request(0).url, "https://events.pagerduty.com/v2/enqueue");
  EXPECT_EQ(Request(2).url, "https://events.pagerduty.com/v2/change/enqueue");
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(Json::parse(Request(i).body).at("routing_key"), kRoutingKey);
  }
}

TEST_F(SinkTest, PagerDutyMayBeElsewhere) {
  Sink eu = kPagerDuty;
  std::get<PagerDutySink>(eu.to).url = "https://events.eu.pagerduty.com";
  http_.Answer(202, "{}");
  ASSERT_TRUE(DeliverTo(eu));
  EXPECT_EQ(Request(0).url, "https://events.eu.pagerduty.com/v2/enqueue");
}

TEST_F(SinkTest, NothingIsDeliveredIfOneOfPagerDutysEventsIsNot) {
  http_.Answer(202, "{}");
  http_.Answer(503, "");
  const auto delivered = DeliverTo(kPagerDuty, NoticeKind::kRolledBack);
  ASSERT_FALSE(delivered);
  EXPECT_EQ(delivered.error().again, Again::kLater);
  EXPECT_EQ(http_.sent().size(), 2U);
}

TEST_F(SinkTest, PagerDutyTakesOnlyWith202) {
  for (const auto& [status, again] :
       {std::pair(200, Again::kLater), std::pair(400, Again::kNever), std::pair(408, Again::kLater),
        std::pair(429, Again::kLater), std::pair(500, Again::kLater)}) {
    http_.Answer(status, R"({"status":"invalid event","message":"Event object is invalid",)"
                         R"("errors":["'payload.summary' is missing"]})");
    const auto delivered = DeliverTo(kPagerDuty);
    ASSERT_FALSE(delivered) << status;
    EXPECT_EQ(delivered.error().again, again) << status;
    EXPECT_THAT(delivered.error().message, HasSubstr("'payload.summary' is missing"));
  }
}

TEST_F(SinkTest, NoErrorHoldsTheSecretEvenIfTheAnswerRepeatsIt) {
  http_.Answer(404, "<p>The requested URL /services/T1/B2/x5ecretx was not found.</p>");
  http_.Answer(404, "x5ecretx");
  http_.Fail(HttpErrorKind::kInvalidRequest, "bad URL " + kWebhook);
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(DeliverTo(kSlack).error().message, Not(HasSubstr("x5ecretx")));
  }
  http_.Answer(400, R"({"message":"no key )" + kRoutingKey + R"("})");
  http_.Answer(400, R"({"errors":["no key )" + kRoutingKey + R"("]})");
  http_.Answer(400, "no key " + kRoutingKey);
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(DeliverTo(kPagerDuty).error().message, Not(HasSubstr(kRoutingKey)));
  }
}

TEST_F(SinkTest, EachRequestHasTheSinksTimeoutButNotMoreThanTheDeadline) {
  http_.Answer(202, "{}");
  ASSERT_TRUE(DeliverTo(kPagerDuty));
  EXPECT_EQ(http_.sent()[0].deadline.at, runtime_.Now() + std::chrono::seconds(4));
  http_.Answer(202, "{}");
  ASSERT_TRUE(Deliver({http_, files_, runtime_}, kPagerDuty, "", SampleNotice(),
                      runtime_.In(std::chrono::seconds(1))));
  EXPECT_EQ(http_.sent()[1].deadline.at, runtime_.Now() + std::chrono::seconds(1));
}

TEST_F(SinkTest, ATestGoesToEverySinkAndSaysWhatCameOfEach) {
  NotifyConfig config;
  config.sinks = {kSlack, kPagerDuty};
  config.sinks[1].kinds = {NoticeKind::kBypassed};
  http_.Answer(404, "no_service");
  http_.Answer(202, "{}");
  http_.Answer(202, "{}");
  const Notice test = TestNotice("staging", "jane", "u1", runtime_.WallNow());
  const auto results =
      SendTest({http_, files_, runtime_}, config, test, runtime_.In(std::chrono::minutes(1)));
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[0].sink, "releases");
  ASSERT_FALSE(results[0].delivered);
  EXPECT_THAT(results[0].delivered.error().message, HasSubstr("no_service"));
  EXPECT_TRUE(results[1].delivered);
  EXPECT_THAT(Request(0).body, HasSubstr("TEST of rollout-gate"));
}

}  // namespace
}  // namespace gate::notify
