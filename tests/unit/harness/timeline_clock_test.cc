#include "harness/runner/timeline_clock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drill {
namespace {

using gate::Instant;
using gate::Nanos;
using std::chrono::seconds;

TimelineEntry At(Nanos time, Command command) { return {std::nullopt, time, command, 1}; }
TimelineEntry On(const std::string& event, Nanos after, Command command) {
  return {EventPattern{event, {}}, after, command, 1};
}
TraceEvent AnEvent(const std::string& name, Nanos at) {
  return {name, Instant(at), {}, Nanos(0), gate::Json::object()};
}

TEST(TimelineClockTest, NothingIsDueBeforeTheDeployment) {
  const std::vector<TimelineEntry> entries = {At(seconds(5), Command::kAbort)};
  TimelineClock clock(entries);
  EXPECT_FALSE(clock.NextDue());
  EXPECT_EQ(clock.TakeDue(Instant(seconds(100))), nullptr);
}

TEST(TimelineClockTest, AnEntryIsDueAtItsTimeAndNotBeforeAndOnce) {
  const std::vector<TimelineEntry> entries = {At(seconds(5), Command::kAbort)};
  TimelineClock clock(entries);
  clock.OnEvent(AnEvent("deployed", seconds(10)));
  EXPECT_EQ(clock.NextDue(), Instant(seconds(15)));
  EXPECT_EQ(clock.TakeDue(Instant(seconds(15)) - Nanos(1)), nullptr);
  EXPECT_EQ(clock.TakeDue(Instant(seconds(15))), &entries[0]);
  EXPECT_EQ(clock.TakeDue(Instant(seconds(16))), nullptr);
  EXPECT_FALSE(clock.NextDue());
}

TEST(TimelineClockTest, OnlyTheFirstMatchCounts) {
  const std::vector<TimelineEntry> entries = {On("restored", seconds(1), Command::kRetry)};
  TimelineClock clock(entries);
  clock.OnEvent(AnEvent("promoted", seconds(11)));
  EXPECT_FALSE(clock.NextDue());
  clock.OnEvent(AnEvent("restored", seconds(12)));
  clock.OnEvent(AnEvent("restored", seconds(20)));
  EXPECT_EQ(clock.NextDue(), Instant(seconds(13)));
  EXPECT_EQ(clock.TakeDue(Instant(seconds(30))), &entries[0]);
  EXPECT_EQ(clock.TakeDue(Instant(seconds(30))), nullptr);
}

TEST(TimelineClockTest, TheLongestDueComesFirstAndThenTheFilesOrder) {
  const std::vector<TimelineEntry> entries = {At(seconds(3), Command::kAbort),
                                              At(seconds(2), Command::kRetry),
                                              At(seconds(2), Command::kPause)};
  TimelineClock clock(entries);
  clock.OnEvent(AnEvent("deployed", seconds(0)));
  EXPECT_EQ(clock.TakeDue(Instant(seconds(9))), &entries[1]);
  EXPECT_EQ(clock.TakeDue(Instant(seconds(9))), &entries[2]);
  EXPECT_EQ(clock.TakeDue(Instant(seconds(9))), &entries[0]);
}

TEST(TimelineClockTest, SaysWhatWasLeftUndoneAndWhy) {
  const std::vector<TimelineEntry> entries = {At(seconds(1), Command::kAbort),
                                              At(seconds(60), Command::kRetry),
                                              On("restored", seconds(0), Command::kPause)};
  TimelineClock clock(entries);
  clock.OnEvent(AnEvent("deployed", seconds(0)));
  ASSERT_EQ(clock.TakeDue(Instant(seconds(9))), &entries[0]);
  EXPECT_EQ(clock.Undone(), "not done: retry 1m after deployed; the scenario was over before");
  ASSERT_EQ(clock.TakeDue(Instant(seconds(60))), &entries[1]);
  EXPECT_EQ(clock.Undone(), "not done: pause 0s after restored; that event was not seen");
  clock.OnEvent(AnEvent("restored", seconds(61)));
  ASSERT_EQ(clock.TakeDue(Instant(seconds(61))), &entries[2]);
  EXPECT_FALSE(clock.Undone());
}

}  // namespace
}  // namespace drill
