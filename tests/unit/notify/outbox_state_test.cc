#include "gate/notify/outbox_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/notify/sample_notice.h"

namespace gate::notify {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const WallTime kNow = SampleNotice().happened_at + minutes(1);

Sink SinkNamed(std::string name) { return {.name = std::move(name), .to = SlackSink{}}; }

Notice NoticeOf(const std::string& fact, WallTime happened_at,
                NoticeKind kind = NoticeKind::kFailed) {
  Notice notice = SampleNotice(kind);
  notice.fact = fact;
  notice.happened_at = happened_at;
  return notice;
}

std::vector<std::string> FactsFor(const OutboxState& state, const std::string& sink) {
  std::vector<std::string> facts;
  const auto queue = state.pending.find(sink);
  if (queue == state.pending.end()) return facts;
  for (const Pending& pending : queue->second) facts.push_back(pending.notice.fact);
  return facts;
}

std::size_t SizeOf(const Json& data) {
  std::size_t bytes = 0;
  for (const auto& [key, value] : data.items()) {
    if (value.is_string()) bytes += key.size() + value.get_ref<const std::string&>().size();
  }
  return bytes;
}

class OutboxStateTest : public ::testing::Test {
 protected:
  OutboxState Empty() { return ReadOutbox(Json::object(), kNow); }
  // What the next process reads.
  static OutboxState Restart(const OutboxState& state, WallTime now = kNow) {
    return ReadOutbox(WriteOutbox(state, Json::object()), now);
  }
  PostOutcome Add(OutboxState& state, const std::vector<Notice>& notices, WallTime now = kNow) {
    return AddNotices(state, notices, sinks_, now);
  }

  std::vector<Sink> sinks_ = {SinkNamed("a"), SinkNamed("b")};
};

TEST_F(OutboxStateTest, ANoticeWaitsForEverySinkThatWantsIt) {
  sinks_[1].kinds = {NoticeKind::kPassed};
  OutboxState state = Empty();
  EXPECT_EQ(Add(state, {NoticeOf("1", kNow), NoticeOf("2", kNow, NoticeKind::kPassed)}).accepted,
            2);
  EXPECT_EQ(FactsFor(state, "a"), (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(FactsFor(state, "b"), std::vector<std::string>{"2"});
}

TEST_F(OutboxStateTest, WhatIsWrittenReadsAsTheSame) {
  OutboxState state = Empty();
  Add(state, {NoticeOf("1", kNow), NoticeOf("2", kNow, NoticeKind::kPaused)});
  const OutboxState again = Restart(state);
  EXPECT_EQ(FactsFor(again, "a"), (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(again.pending.at("a")[1].notice, state.pending.at("a")[1].notice);
  EXPECT_EQ(again.pending.at("a")[1].posted, kNow);
  EXPECT_EQ(again.ledger.entries(), state.ledger.entries());
  EXPECT_EQ(again.ledger.horizon(), state.ledger.horizon());
  EXPECT_EQ(WriteOutbox(again, Json::object()), WriteOutbox(state, Json::object()));
}

TEST_F(OutboxStateTest, TheSameFactIsToldOnceAcrossRestarts) {
  OutboxState state = Empty();
  Add(state, {NoticeOf("1", kNow), NoticeOf("1", kNow)});
  OutboxState next = Restart(state);
  ASSERT_TRUE(RemovePending(next, "a", "failed/1"));
  ASSERT_TRUE(RemovePending(next, "b", "failed/1"));
  next = Restart(next);
  const PostOutcome outcome = Add(next, {NoticeOf("1", kNow)});
  EXPECT_EQ(outcome.accepted, 0);
  EXPECT_EQ(outcome.duplicates, 1);
  EXPECT_TRUE(FactsFor(next, "a").empty());
}

TEST_F(OutboxStateTest, TheSameFactOfAnotherKindIsNews) {
  OutboxState state = Empty();
  Add(state, {NoticeOf("1", kNow, NoticeKind::kFailed)});
  EXPECT_EQ(Add(state, {NoticeOf("1", kNow, NoticeKind::kSecurityAlert)}).accepted, 1);
}

TEST_F(OutboxStateTest, ANewOutboxDoesNotAnnounceTheHistoryOfTheCluster) {
  OutboxState state = Empty();
  const PostOutcome outcome = Add(state, {NoticeOf("old", kNow - minutes(10)),
                                          NoticeOf("new", kNow - minutes(10) + seconds(1))});
  EXPECT_EQ(outcome.forgotten, 1);
  EXPECT_EQ(FactsFor(state, "a"), std::vector<std::string>{"new"});
}

TEST_F(OutboxStateTest, WhatTheLedgerForgotAfterADayCountsAsTold) {
  OutboxState state = Empty();
  Add(state, {NoticeOf("1", kNow)});
  const WallTime later = kNow + hours(24) + seconds(1);
  Add(state, {NoticeOf("2", later)}, later);
  EXPECT_EQ(state.ledger.entries().size(), 1U);
  OutboxState next = Restart(state, later);
  EXPECT_EQ(Add(next, {NoticeOf("1", kNow)}, later).forgotten, 1);
}

TEST_F(OutboxStateTest, AFractionOfASecondDoesNotMakeOldNewsNew) {
  OutboxState state = Empty();
  const WallTime happened = kNow + std::chrono::milliseconds(700);
  Add(state, {NoticeOf("1", happened)}, kNow + seconds(1));
  const WallTime later = kNow + hours(24) + std::chrono::milliseconds(300);
  Add(state, {NoticeOf("2", later)}, later);
  EXPECT_EQ(Add(state, {NoticeOf("1", happened)}, later).accepted, 0);
}

TEST_F(OutboxStateTest, TheLedgerHoldsTwoThousandKeysAndCountsWhatCameBeforeAsTold) {
  OutboxState state = Empty();
  std::vector<Notice> notices;
  for (int i = 0; i < 2000; ++i) {
    notices.push_back(NoticeOf(std::to_string(i), kNow + seconds(i), NoticeKind::kPassed));
  }
  const WallTime now = kNow + seconds(3000);
  EXPECT_EQ(Add(state, notices, now).accepted, 2000);
  EXPECT_EQ(state.ledger.entries().size(), 2000U);
  EXPECT_EQ(Add(state, {notices[0]}, now).duplicates, 1);
  Add(state, {NoticeOf("more", now)}, now);
  EXPECT_EQ(state.ledger.entries().size(), 2000U);
  EXPECT_EQ(Add(state, {notices[0]}, now).forgotten, 1);
  EXPECT_EQ(Add(state, {notices[1]}, now).duplicates, 1);
}

TEST_F(OutboxStateTest, ABatchLargerThanTheLedgerIsTakenWhole) {
  OutboxState state = Empty();
  std::vector<Notice> notices;
  for (int i = 0; i < 2500; ++i) notices.push_back(NoticeOf(std::to_string(i), kNow + seconds(i)));
  EXPECT_EQ(Add(state, notices, kNow + hours(1)).accepted, 2500);
  EXPECT_EQ(Add(state, notices, kNow + hours(1)).accepted, 0);
}

TEST_F(OutboxStateTest, WhatClaimsToBeFromTheFutureDoesNotMakeThePresentOld) {
  OutboxState state = Empty();
  std::vector<Notice> notices;
  for (int i = 0; i < 2500; ++i) notices.push_back(NoticeOf(std::to_string(i), kNow + hours(9)));
  Add(state, notices);
  EXPECT_LE(state.ledger.horizon(), kNow);
  EXPECT_EQ(Add(state, {NoticeOf("x", kNow + seconds(1))}, kNow + seconds(1)).accepted, 1);
}

TEST_F(OutboxStateTest, OverflowDropsTheOldestOfTheLeastSevereAndSaysHowMany) {
  OutboxState state = Empty();
  Add(state, {NoticeOf("critical", kNow, NoticeKind::kBypassed)});
  std::map<std::string, int> dropped;
  int posted = 0;
  while (dropped.empty()) {
    dropped = Add(state, {NoticeOf("p" + std::to_string(posted++), kNow, NoticeKind::kPassed)})
                  .overflowed;
  }
  EXPECT_EQ(dropped, (std::map<std::string, int>{{"a", 1}, {"b", 1}}));
  const auto facts = FactsFor(state, "a");
  EXPECT_EQ(facts.front(), "critical");
  EXPECT_EQ(facts[1], "p1");  // p0 went
  EXPECT_EQ(facts.back(), "p" + std::to_string(posted - 1));
}

TEST_F(OutboxStateTest, ASinkThatIsDownTakesNothingFromTheOthers) {
  OutboxState state = Empty();
  for (int i = 0; i < 500; ++i) {
    const Notice notice = NoticeOf(std::to_string(i), kNow);
    const PostOutcome outcome = Add(state, {notice});
    EXPECT_FALSE(outcome.overflowed.contains("b"));
    EXPECT_TRUE(RemovePending(state, "b", DedupKey(notice)));  // b is up
  }
  EXPECT_LT(FactsFor(state, "a").size(), 500U);
}

TEST_F(OutboxStateTest, StaysBelowHalfTheLimitOfAConfigMapWhateverIsPosted) {
  sinks_.clear();
  for (std::size_t i = 0; i < kMostSinks; ++i) sinks_.push_back(SinkNamed("s" + std::to_string(i)));
  OutboxState state = Empty();
  std::vector<Notice> notices;
  for (int i = 0; i < 3000; ++i) {
    Notice notice = i % 100 == 0 ? MonstrousNotice() : SampleNotice();
    notice.fact += std::to_string(i);
    notices.push_back(std::move(notice));
  }
  Add(state, notices);
  EXPECT_LT(SizeOf(WriteOutbox(state, Json::object())), std::size_t{512} << 10U);
  for (const Sink& sink : sinks_) EXPECT_FALSE(FactsFor(state, sink.name).empty());
}

TEST_F(OutboxStateTest, ALineThatIsNoNoticeIsSkippedAndCounted) {
  OutboxState state = Empty();
  Add(state, {NoticeOf("1", kNow), NoticeOf("2", kNow)});
  Json data = WriteOutbox(state, Json::object());
  const std::string good = data["pending-a"];
  for (const char* bad : {"not json\n", "{}\n", "{\"notice\":{},\"posted\":\"x\"}\n", "[]\n"}) {
    data["pending-a"] = bad + good;
    const OutboxState read = ReadOutbox(data, kNow);
    EXPECT_EQ(FactsFor(read, "a").size(), 2U) << bad;
    EXPECT_EQ(read.unreadable, (std::map<std::string, std::size_t>{{"a", 1}})) << bad;
  }
}

TEST_F(OutboxStateTest, ALedgerThatIsDamagedIsReadAsFarAsItGoes) {
  OutboxState state = Empty();
  Add(state, {NoticeOf("1", kNow)});
  Json data = WriteOutbox(state, Json::object());
  data["ledger"] = "x\n0123456789abcdef\n0123456789abcdef -5\n0123456789abcdef 99999999999999\n" +
                   data["ledger"].get<std::string>();
  data["horizon"] = "yesterday";
  OutboxState read = ReadOutbox(data, kNow);
  EXPECT_EQ(read.ledger.entries(), state.ledger.entries());
  EXPECT_EQ(read.ledger.horizon(), kNow - minutes(10));
  EXPECT_EQ(Add(read, {NoticeOf("1", kNow)}).duplicates, 1);
}

TEST_F(OutboxStateTest, AHorizonInTheFutureIsNotBelieved) {
  EXPECT_EQ(ReadOutbox({{"horizon", "2200-01-01T00:00:00Z"}}, kNow).ledger.horizon(), kNow);
}

TEST_F(OutboxStateTest, QueuesThatAreEmptyOrForeignAreRemovedFromTheConfigMap) {
  OutboxState state = Empty();
  Add(state, {NoticeOf("1", kNow)});
  const Json data = WriteOutbox(state, Json::object());
  ASSERT_TRUE(RemovePending(state, "a", "failed/1"));
  EXPECT_FALSE(RemovePending(state, "a", "failed/1"));
  EXPECT_FALSE(RemovePending(state, "nobody", "failed/1"));
  const auto removed = RemoveUnknownSinks(state, {SinkNamed("a")});
  EXPECT_EQ(removed, (std::map<std::string, int>{{"b", 1}}));
  const Json written = WriteOutbox(state, data);
  EXPECT_TRUE(written.at("pending-a").is_null());
  EXPECT_TRUE(written.at("pending-b").is_null());
}

TEST_F(OutboxStateTest, DropReasonsHaveNames) {
  EXPECT_EQ(ToString(DropReason::kOverflow), "overflow");
  EXPECT_EQ(ToString(DropReason::kTooOld), "too-old");
  EXPECT_EQ(ToString(DropReason::kRefused), "refused");
  EXPECT_EQ(ToString(DropReason::kUnknownSink), "unknown-sink");
  EXPECT_EQ(ToString(DropReason::kUnreadable), "unreadable");
}

}  // namespace
}  // namespace gate::notify
