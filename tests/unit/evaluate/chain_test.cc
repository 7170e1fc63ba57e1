#include "gate/audit/chain.h"

#include <gtest/gtest.h>

namespace gate::audit {
namespace {

TEST(ChainTest, ARecordFollowsTheOneItWasSealedOnto) {
  const SealedRecord first = Seal({{"kind", "verdict"}, {"verdict", "pass"}}, ChainHead{});
  const SealedRecord second = Seal({{"kind", "verdict"}, {"verdict", "fail"}}, first.head);
  EXPECT_EQ(first.record.at("seq"), 1);
  EXPECT_EQ(second.record.at("prev"), first.record.at("hash"));
  const auto after_first = Follow(first.record, ChainHead{});
  ASSERT_TRUE(after_first);
  const auto after_second = Follow(second.record, *after_first);
  ASSERT_TRUE(after_second);
  EXPECT_EQ(*after_second, second.head);
}

TEST(ChainTest, TheLineReadsBackAsTheRecord) {
  const SealedRecord sealed = Seal({{"message", "a\nb"}}, ChainHead{});
  EXPECT_EQ(sealed.line.find('\n'), std::string::npos);
  EXPECT_EQ(Json::parse(sealed.line), sealed.record);
}

TEST(ChainTest, AChangedDroppedOrReorderedRecordShows) {
  const SealedRecord first = Seal({{"verdict", "fail"}}, ChainHead{});
  const SealedRecord second = Seal({{"verdict", "pass"}}, first.head);
  Json changed = first.record;
  changed["verdict"] = "pass";
  EXPECT_FALSE(Follow(changed, ChainHead{}));
  EXPECT_FALSE(Follow(second.record, ChainHead{}));
  EXPECT_FALSE(Follow(first.record, second.head));
  Json forged = second.record;
  forged["prev"] = std::string(64, '0');
  EXPECT_FALSE(Follow(forged, first.head));
  EXPECT_FALSE(Follow(Json::array(), ChainHead{}));
}

TEST(ChainTest, AnyCallersTextCanBeSealed) {
  EXPECT_NE(Seal({{"message", "\xff\xfe"}}, ChainHead{}).line, "");
}

}  // namespace
}  // namespace gate::audit
