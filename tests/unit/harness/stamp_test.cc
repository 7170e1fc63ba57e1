#include "harness/trace/stamp.h"

#include <gtest/gtest.h>

namespace drill {
namespace {

using gate::Instant;
using gate::Nanos;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Nanos kNoSkew{0};

gate::WallTime Wall(const char* text) { return *gate::ParseRfc3339(text); }

// Seen 100 s after the start of the monotonic clock, at 12:00:10.2.
Sighting Seen() { return {Instant(seconds(100)), Wall("2026-03-01T12:00:10.2Z")}; }

TEST(StampTest, TheResolutionIsThatOfTheLastDigit) {
  EXPECT_EQ(ParseObjectTime("2026-03-01T12:00:10Z")->resolution, seconds(1));
  EXPECT_EQ(ParseObjectTime("2026-03-01T12:00:10.345Z")->resolution, milliseconds(1));
  EXPECT_EQ(ParseObjectTime("2026-03-01T12:00:10.123456789Z")->resolution, Nanos(1));
  EXPECT_FALSE(ParseObjectTime(""));
  EXPECT_FALSE(ParseObjectTime("yesterday"));
}

TEST(StampTest, AnOwnTimeEarlierThanTheReceiptBoundsItFromBothSides) {
  const Stamp stamp = StampFromOwnTime(Seen(), *ParseObjectTime("2026-03-01T12:00:08Z"), kNoSkew);
  EXPECT_EQ(stamp.at, Instant(milliseconds(98'800)));  // 12:00:09
  EXPECT_EQ(stamp.uncertainty, seconds(1));
  EXPECT_EQ(stamp.wall, Wall("2026-03-01T12:00:08Z"));
}

TEST(StampTest, NothingHappenedAfterItWasSeen) {
  const Stamp stamp = StampFromOwnTime(Seen(), *ParseObjectTime("2026-03-01T12:00:10Z"), kNoSkew);
  EXPECT_EQ(stamp.at, Seen().at);
  EXPECT_EQ(stamp.uncertainty, milliseconds(200));
}

TEST(StampTest, SkewWidensAnOwnTimeOnBothSides) {
  const Stamp stamp =
      StampFromOwnTime(Seen(), *ParseObjectTime("2026-03-01T12:00:05.000Z"), seconds(2));
  EXPECT_EQ(stamp.at, Instant(milliseconds(96'801)));  // 12:00:07.001
  EXPECT_EQ(stamp.uncertainty, seconds(4) + milliseconds(1));
}

TEST(StampTest, AnObjectFromTheFutureShowsThatTheClocksDisagree) {
  const Stamp stamp = StampFromOwnTime(Seen(), *ParseObjectTime("2026-03-01T12:00:13Z"), kNoSkew);
  EXPECT_EQ(stamp.at, Seen().at);
  EXPECT_EQ(stamp.uncertainty, milliseconds(2800) + seconds(1));
}

TEST(StampTest, WithoutAnOwnTimeTheLastWriteBoundsItFromBelow) {
  const Stamp stamp = StampFromReceipt(Seen(), ParseObjectTime("2026-03-01T12:00:10Z"),
                                       Instant(seconds(50)), kNoSkew);
  EXPECT_EQ(stamp.at, Seen().at);
  EXPECT_EQ(stamp.wall, Seen().wall);
  EXPECT_EQ(stamp.uncertainty, milliseconds(200));
}

TEST(StampTest, WithoutAnythingTheStartBoundsItFromBelow) {
  EXPECT_EQ(StampFromReceipt(Seen(), std::nullopt, Instant(seconds(50)), kNoSkew).uncertainty,
            seconds(50));
  EXPECT_EQ(StampFromReceipt(Seen(), ParseObjectTime("2026-03-01T11:00:00Z"), Instant(seconds(50)),
                             kNoSkew)
                .uncertainty,
            seconds(50));
}

TEST(StampTest, ALastWriteInTheFutureIsNoNegativeUncertainty) {
  EXPECT_EQ(StampFromReceipt(Seen(), ParseObjectTime("2026-03-01T12:00:11Z"), Instant(seconds(50)),
                             kNoSkew)
                .uncertainty,
            Nanos(0));
}

TEST(StampTest, TheLastWriteIsTheLatestOfAllManagers) {
  const gate::Json object = gate::Json::parse(R"({"metadata": {
      "creationTimestamp": "2026-03-01T12:00:00Z",
      "managedFields": [{"manager": "a", "time": "2026-03-01T12:00:09Z"},
                        {"manager": "b", "time": "2026-03-01T12:00:05Z"}, {"manager": "c"}]}})");
  EXPECT_EQ(LastWrite(object)->time, Wall("2026-03-01T12:00:09Z"));
  EXPECT_EQ(Created(object)->time, Wall("2026-03-01T12:00:00Z"));
  EXPECT_FALSE(LastWrite(gate::Json::object()));
}

}  // namespace
}  // namespace drill
