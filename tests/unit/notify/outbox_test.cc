#include "gate/notify/outbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/support/baton_runtime.h"
#include "tests/support/fake_files.h"
#include "tests/support/memory_kube.h"
#include "tests/unit/notify/sample_notice.h"

namespace gate::notify {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const KubeRef kState{kube::kConfigMaps, "rollout-gate", kOutboxConfigMap};

// Slack and PagerDuty, by the host of the URL. A sink takes everything until it is told otherwise.
class FakeSinks : public HttpClient {
 public:
  struct Message {
    std::string what;  // what was posted last in it: the context block, or the dedup_key
    Instant at;
  };
  using Answer = std::function<Result<HttpResponse, HttpError>()>;

  explicit FakeSinks(Runtime& runtime) : runtime_(runtime) {}

  Result<HttpResponse, HttpError> Send(const HttpRequest& request, const Deadline&) override {
    const bool slack = request.url.find("slack") != std::string::npos;
    const std::string sink = slack ? "slack" : "pagerduty";
    ++attempts[sink];
    attempt_times[sink].push_back(runtime_.Now());
    if (const auto answer = answers.find(sink); answer != answers.end()) {
      auto result = answer->second();
      if (!result || result->status / 100 != 2) return result;
    }
    const Json body = Json::parse(request.body);
    std::string what = slack ? JsonString(body.at("blocks").back(), "/elements/0/text")
                             : JsonString(body, "/event_action") + " " +
                                   JsonString(body, "/payload/custom_details/fact");
    if (slack) what = what.substr(what.rfind('/') + 1);
    taken[sink].push_back({std::move(what), runtime_.Now()});
    return slack ? HttpResponse{200, {}, "ok"} : HttpResponse{202, {}, "{}"};
  }

  std::vector<std::string> Taken(const std::string& sink) {
    std::vector<std::string> what;
    for (const Message& message : taken[sink]) what.push_back(message.what);
    return what;
  }

  std::map<std::string, Answer> answers;
  std::map<std::string, int> attempts;
  std::map<std::string, std::vector<Instant>> attempt_times;
  std::map<std::string, std::vector<Message>> taken;

 private:
  Runtime& runtime_;
};

class Tally : public OutboxObserver {
 public:
  void OnDelivered(const Sink& sink, const Notice&, Nanos waited) override {
    ++delivered[sink.name];
    longest_wait = std::max(longest_wait, waited);
  }
  void OnAttemptFailed(const Sink& sink, const DeliveryError&) override { ++failed[sink.name]; }
  void OnDropped(const std::string& sink, DropReason reason, int count) override {
    dropped[sink + " " + std::string(ToString(reason))] += count;
  }
  void OnQueueLength(const std::string& sink, std::size_t length) override {
    lengths[sink] = length;
  }

  std::map<std::string, int> delivered;
  std::map<std::string, int> failed;
  std::map<std::string, int> dropped;
  std::map<std::string, std::size_t> lengths;
  Nanos longest_wait{0};
};

class Lines : public LineSink {
 public:
  void Write(std::string_view line) override { text += std::string(line) + "\n"; }
  std::string text;
};

class OutboxTest : public ::testing::Test {
 protected:
  // A process: its outbox, and Run while it leads.
  class Gate {
   public:
    explicit Gate(OutboxTest& test)
        : outbox_(test.config_, "rollout-gate",
                  {test.kube_, {test.sinks_, test.files_, test.runtime_}, test.log_, test.tally_},
                  Rng(7)),
          runtime_(test.runtime_) {}
    ~Gate() { Stop(); }

    Result<PostOutcome> Post(const std::vector<Notice>& notices) {
      return outbox_.Post(notices, {runtime_.Now() + seconds(10)});
    }
    Gate& Lead() {
      task_ = runtime_.Spawn("run", [this, stop = stop_.get_token()] { outbox_.Run(stop); });
      return *this;
    }
    void Stop() {
      stop_.request_stop();
      task_.reset();
    }

   private:
    std::stop_source stop_;
    Outbox outbox_;
    Runtime& runtime_;
    std::unique_ptr<Task> task_;
  };

  OutboxTest() {
    files_.Put("/slack-url", "https://slack.test/services/x");
    files_.Put("/key", "k");
    config_.sinks = {{.name = "releases", .to = SlackSink{"/slack-url", ""}},
                     {.name = "on-call", .to = PagerDutySink{"/key", "https://pagerduty.test"}}};
  }

  Notice NoticeOf(const std::string& fact, NoticeKind kind = NoticeKind::kFailed) {
    Notice notice = SampleNotice(kind);
    notice.fact = fact;
    notice.happened_at = runtime_.WallNow();
    return notice;
  }

  void Wait(Nanos duration) { runtime_.Sleep({runtime_.Now() + duration}); }

  // How many of the notices for the sink are still stored.
  std::size_t Stored(const std::string& sink) {
    const auto object = kube_.Find(kState);
    if (!object) return 0;
    return ReadOutbox(record::DataOf(*object), runtime_.WallNow()).pending[sink].size();
  }

  FakeSinks::Answer Status(int status, const std::string& retry_after = "") {
    HttpResponse response{status, {}, "trouble"};
    if (!retry_after.empty()) response.headers.Add("Retry-After", retry_after);
    return [response]() -> Result<HttpResponse, HttpError> { return response; };
  }

  test_support::BatonRuntime runtime_;
  MemoryKube kube_;
  FakeFiles files_;
  FakeSinks sinks_{runtime_};
  Tally tally_;
  Lines lines_;
  Log log_{lines_, runtime_, LogFormat::kJson};
  NotifyConfig config_;
};

TEST_F(OutboxTest, IsStoredBeforePostReturns) {
  Gate gate(*this);
  const auto outcome = gate.Post({NoticeOf("1"), NoticeOf("2")});
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->accepted, 2);
  EXPECT_EQ(Stored("releases"), 2U);
  EXPECT_EQ(Stored("on-call"), 2U);
  EXPECT_EQ(tally_.lengths, (std::map<std::string, std::size_t>{{"on-call", 2}, {"releases", 2}}));
}

TEST_F(OutboxTest, EverySinkGetsEverythingInOrderAndTheQueuesGetEmpty) {
  Gate gate(*this);
  gate.Lead();
  ASSERT_TRUE(gate.Post({NoticeOf("1"), NoticeOf("2")}));
  ASSERT_TRUE(gate.Post({NoticeOf("3")}));
  Wait(seconds(5));
  EXPECT_THAT(sinks_.Taken("slack"), ElementsAre("1", "2", "3"));
  EXPECT_THAT(sinks_.Taken("pagerduty"), ElementsAre("trigger 1", "trigger 2", "trigger 3"));
  EXPECT_EQ(Stored("releases"), 0U);
  EXPECT_EQ(Stored("on-call"), 0U);
  EXPECT_EQ(tally_.delivered, (std::map<std::string, int>{{"on-call", 3}, {"releases", 3}}));
  EXPECT_EQ(tally_.lengths["releases"], 0U);
}

TEST_F(OutboxTest, APostWakesTheWorkersAtOnce) {
  Gate gate(*this);
  gate.Lead();
  Wait(seconds(7));
  const Instant posted = runtime_.Now();
  ASSERT_TRUE(gate.Post({NoticeOf("1")}));
  Wait(seconds(1));
  ASSERT_EQ(sinks_.taken["slack"].size(), 1U);
  EXPECT_EQ(sinks_.taken["slack"][0].at, posted);
}

TEST_F(OutboxTest, SlackGetsOneMessageASecond) {
  Gate gate(*this);
  gate.Lead();
  ASSERT_TRUE(gate.Post({NoticeOf("1"), NoticeOf("2")}));
  Wait(seconds(5));
  ASSERT_EQ(sinks_.taken["slack"].size(), 2U);
  EXPECT_EQ(sinks_.taken["slack"][1].at - sinks_.taken["slack"][0].at, seconds(1));
}

TEST_F(OutboxTest, WhatAnotherProcessPostedIsDeliveredWithinHalfAMinute) {
  Gate leader(*this);
  Gate other(*this);
  leader.Lead();
  Wait(seconds(1));
  ASSERT_TRUE(other.Post({NoticeOf("1")}));
  Wait(seconds(31));
  EXPECT_THAT(sinks_.Taken("slack"), ElementsAre("1"));
}

TEST_F(OutboxTest, TheNextLeaderDeliversWhatTheFirstCouldNot) {
  sinks_.answers["slack"] = Status(503);
  const Notice notice = NoticeOf("1");
  {
    Gate gate(*this);
    ASSERT_TRUE(gate.Post({notice}));
    gate.Lead();
    Wait(minutes(1));
  }
  sinks_.answers.clear();
  Gate next(*this);
  next.Lead();
  const auto again = next.Post({notice});  // it sees the same fact
  ASSERT_TRUE(again);
  EXPECT_EQ(again->duplicates, 1);
  Wait(minutes(1));
  EXPECT_THAT(sinks_.Taken("slack"), ElementsAre("1"));
  EXPECT_THAT(sinks_.Taken("pagerduty"), ElementsAre("trigger 1"));
}

TEST_F(OutboxTest, SlackDownForTenMinutesDelaysNobodyElseAndGetsEverythingOnce) {
  sinks_.answers["slack"] = []() -> Result<HttpResponse, HttpError> {
    return HttpError{HttpErrorKind::kConnect, "refused"};
  };
  Gate gate(*this);
  gate.Lead();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(gate.Post({NoticeOf(std::to_string(i))}));
  Wait(seconds(1));
  EXPECT_EQ(sinks_.taken["pagerduty"].size(), 3U);
  Wait(minutes(10));
  EXPECT_EQ(Stored("releases"), 3U);
  EXPECT_GT(tally_.failed["releases"], 3);
  // Fewer than one a second, which is the first pause: it grows.
  EXPECT_LT(sinks_.attempts["slack"], 100);
  sinks_.answers.clear();
  Wait(minutes(1) + seconds(5));
  EXPECT_THAT(sinks_.Taken("slack"), ElementsAre("0", "1", "2"));
  EXPECT_GE(tally_.longest_wait, minutes(10));
  EXPECT_THAT(tally_.dropped, IsEmpty());
}

TEST_F(OutboxTest, ASinkIsNotAskedBeforeTheTimeItNamed) {
  sinks_.answers["slack"] = Status(429, "90");
  Gate gate(*this);
  gate.Lead();
  ASSERT_TRUE(gate.Post({NoticeOf("1")}));
  Wait(seconds(30));
  ASSERT_TRUE(gate.Post({NoticeOf("2")}));  // nor does a new notice hurry it
  Wait(minutes(3));
  const auto& times = sinks_.attempt_times["slack"];
  ASSERT_GE(times.size(), 2U);
  for (std::size_t i = 1; i < times.size(); ++i) EXPECT_GE(times[i] - times[i - 1], seconds(90));
}

TEST_F(OutboxTest, WhatASinkRefusesIsDroppedAndCountedAndTheNextGoesOn) {
  int asked = 0;
  sinks_.answers["slack"] = [&]() -> Result<HttpResponse, HttpError> {
    return ++asked == 1 ? HttpResponse{400, {}, "invalid_blocks"} : HttpResponse{200, {}, "ok"};
  };
  Gate gate(*this);
  gate.Lead();
  ASSERT_TRUE(gate.Post({NoticeOf("1"), NoticeOf("2")}));
  Wait(seconds(5));
  EXPECT_THAT(sinks_.Taken("slack"), ElementsAre("2"));
  EXPECT_EQ(tally_.dropped, (std::map<std::string, int>{{"releases refused", 1}}));
  EXPECT_THAT(lines_.text, HasSubstr("invalid_blocks"));
}

TEST_F(OutboxTest, GivesUpAtTheConfiguredAgeAndNotBefore) {
  config_.give_up_after = hours(2);
  sinks_.answers["slack"] = Status(500);
  Gate gate(*this);
  gate.Lead();
  ASSERT_TRUE(gate.Post({NoticeOf("1")}));
  Wait(hours(2) - seconds(1));
  EXPECT_EQ(Stored("releases"), 1U);
  EXPECT_THAT(tally_.dropped, IsEmpty());
  Wait(minutes(1) + seconds(2));
  EXPECT_EQ(Stored("releases"), 0U);
  EXPECT_EQ(tally_.dropped, (std::map<std::string, int>{{"releases too-old", 1}}));
}

TEST_F(OutboxTest, IsToldOnceIfTheDeliveryCanBeNotedLater) {
  Gate gate(*this);
  ASSERT_TRUE(gate.Post({NoticeOf("1"), NoticeOf("2")}));
  const Instant back = runtime_.Now() + minutes(5);
  kube_.before = [&](const MemoryKube::Call& call) -> std::optional<Error> {
    if (call.verb != "patch" || runtime_.Now() >= back) return std::nullopt;
    return Error{ErrorCode::kUnavailable, "the API server is away"};
  };
  gate.Lead();
  Wait(minutes(4));
  EXPECT_THAT(sinks_.Taken("slack"), ElementsAre("1"));  // the next one waits for the note
  Wait(minutes(4));
  EXPECT_THAT(sinks_.Taken("slack"), ElementsAre("1", "2"));
}

TEST_F(OutboxTest, IsToldAgainIfTheProcessEndsBeforeTheDeliveryIsNoted) {
  {
    Gate gate(*this);
    ASSERT_TRUE(gate.Post({NoticeOf("1")}));
    kube_.before = [](const MemoryKube::Call& call) -> std::optional<Error> {
      if (call.verb != "patch") return std::nullopt;
      return Error{ErrorCode::kUnavailable, "the API server is away"};
    };
    gate.Lead();
    Wait(seconds(5));
  }
  kube_.before = nullptr;
  Gate next(*this);
  next.Lead();
  Wait(seconds(5));
  EXPECT_THAT(sinks_.Taken("slack"), ElementsAre("1", "1"));
}

TEST_F(OutboxTest, AnOrderlyStopRightAfterADeliveryNotesItStill) {
  Gate gate(*this);
  ASSERT_TRUE(gate.Post({NoticeOf("1")}));
  std::stop_source stop;
  sinks_.answers["slack"] = [&]() -> Result<HttpResponse, HttpError> {
    stop.request_stop();
    return HttpResponse{200, {}, "ok"};
  };
  config_.sinks.resize(1);
  Outbox outbox(config_, "rollout-gate", {kube_, {sinks_, files_, runtime_}, log_, tally_}, Rng(1));
  outbox.Run(stop.get_token());
  EXPECT_THAT(sinks_.Taken("slack"), ElementsAre("1"));
  EXPECT_EQ(Stored("releases"), 0U);
}

TEST_F(OutboxTest, APostWhoseAnswerIsLostIsNotDoubled) {
  Gate gate(*this);
  gate.Lead();
  Wait(seconds(1));
  int lost = 0;
  kube_.after = [&](const MemoryKube::Call& call) -> std::optional<Error> {
    if (call.verb == "create" && ++lost == 1) return Error{ErrorCode::kDeadlineExceeded, "lost"};
    return std::nullopt;
  };
  ASSERT_TRUE(gate.Post({NoticeOf("1")}));
  Wait(seconds(5));
  EXPECT_EQ(lost, 1);
  EXPECT_THAT(sinks_.Taken("slack"), ElementsAre("1"));
}

TEST_F(OutboxTest, PostsOfTwoProcessesAtOnceAreBothStored) {
  Gate one(*this);
  Gate two(*this);
  ASSERT_TRUE(one.Post({NoticeOf("0")}));
  kube_.before = [&](const MemoryKube::Call& call) -> std::optional<Error> {
    if (call.verb == "patch") {
      kube_.before = nullptr;
      EXPECT_TRUE(two.Post({NoticeOf("2")}));
    }
    return std::nullopt;
  };
  ASSERT_TRUE(one.Post({NoticeOf("1")}));
  EXPECT_EQ(Stored("releases"), 3U);
}

TEST_F(OutboxTest, APostThatCannotBeStoredIsAnErrorAndMayBeRepeated) {
  Gate gate(*this);
  kube_.before = [](const MemoryKube::Call&) -> std::optional<Error> {
    return Error{ErrorCode::kPermissionDenied, "forbidden"};
  };
  const auto outcome = gate.Post({NoticeOf("1")});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::kPermissionDenied);
  kube_.before = nullptr;
  EXPECT_EQ(gate.Post({NoticeOf("1")})->accepted, 1);
}

TEST_F(OutboxTest, WhatIsKnownIsNotWrittenAgain) {
  Gate gate(*this);
  ASSERT_TRUE(gate.Post({NoticeOf("1")}));
  const auto before = kube_.Find(kState);
  ASSERT_TRUE(gate.Post({NoticeOf("1")}));
  EXPECT_EQ(kube_.Find(kState), before);
}

TEST_F(OutboxTest, ASinkWhoseSecretComesLateGetsItsNoticesThen) {
  files_.Remove("/slack-url");
  Gate gate(*this);
  gate.Lead();
  ASSERT_TRUE(gate.Post({NoticeOf("1")}));
  Wait(minutes(2));
  EXPECT_EQ(sinks_.attempts["slack"], 0);
  files_.Put("/slack-url", "https://slack.test/services/y");
  Wait(minutes(1) + seconds(5));
  EXPECT_THAT(sinks_.Taken("slack"), ElementsAre("1"));
}

TEST_F(OutboxTest, WhenTheApiServerIsBackTheQueueIsReadAgain) {
  Gate gate(*this);
  ASSERT_TRUE(gate.Post({NoticeOf("1")}));
  kube_.before = [](const MemoryKube::Call&) -> std::optional<Error> {
    return Error{ErrorCode::kUnavailable, "the API server is away"};
  };
  gate.Lead();
  Wait(minutes(5));
  EXPECT_THAT(sinks_.Taken("slack"), IsEmpty());
  kube_.before = nullptr;
  Wait(minutes(1) + seconds(5));
  EXPECT_THAT(sinks_.Taken("slack"), ElementsAre("1"));
}

TEST_F(OutboxTest, TheQueueOfASinkThatIsNoLongerConfiguredIsDroppedAndCounted) {
  {
    Gate gate(*this);
    ASSERT_TRUE(gate.Post({NoticeOf("1")}));
  }
  config_.sinks[0].name = "renamed";
  Gate gate(*this);
  gate.Lead();
  Wait(seconds(5));
  EXPECT_EQ(Stored("releases"), 0U);
  EXPECT_EQ(tally_.dropped, (std::map<std::string, int>{{"releases unknown-sink", 1}}));
  EXPECT_THAT(sinks_.Taken("pagerduty"), ElementsAre("trigger 1"));
}

TEST_F(OutboxTest, AStoredLineThatIsNoNoticeIsDroppedAndCountedOnce) {
  Gate gate(*this);
  ASSERT_TRUE(gate.Post({NoticeOf("1")}));
  Json object = *kube_.Find(kState);
  object["data"]["pending-releases"] = "garbage\n" + JsonString(object, "/data/pending-releases");
  kube_.Put(kState, object);
  gate.Lead();
  Wait(seconds(5));
  EXPECT_THAT(sinks_.Taken("slack"), ElementsAre("1"));
  EXPECT_EQ(tally_.dropped, (std::map<std::string, int>{{"releases unreadable", 1}}));
}

TEST_F(OutboxTest, AStopEndsEvenALongWaitAtOnce) {
  sinks_.answers["slack"] = Status(429, "3600");
  Gate gate(*this);
  gate.Lead();
  ASSERT_TRUE(gate.Post({NoticeOf("1")}));
  Wait(seconds(10));
  const Instant stopped = runtime_.Now();
  gate.Stop();
  EXPECT_LE(runtime_.Now() - stopped, seconds(2));
}

TEST_F(OutboxTest, WithoutSinksNothingIsStoredAndRunReturns) {
  config_.sinks.clear();
  Gate gate(*this);
  ASSERT_TRUE(gate.Post({NoticeOf("1")}));
  EXPECT_EQ(kube_.Find(kState), std::nullopt);
  std::stop_source never;
  Outbox outbox(config_, "rollout-gate", {kube_, {sinks_, files_, runtime_}, log_, tally_}, Rng(1));
  outbox.Run(never.get_token());
}

TEST_F(OutboxTest, NoLogLineHoldsASecret) {
  files_.Put("/slack-url", "https://slack.test/services/x5ecretx");
  sinks_.answers["slack"] = Status(404);
  Gate gate(*this);
  gate.Lead();
  ASSERT_TRUE(gate.Post({NoticeOf("1")}));
  Wait(seconds(5));
  EXPECT_THAT(lines_.text, HasSubstr("notice given up"));
  EXPECT_THAT(lines_.text, ::testing::Not(HasSubstr("x5ecretx")));
}

}  // namespace
}  // namespace gate::notify
