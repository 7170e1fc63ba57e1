#include "gate/override/object.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "gate/seams/kube_api.h"

namespace gate::override {
namespace {

using decide::OverrideDecision;
using ::testing::HasSubstr;

decide::Override AnOverride() {
  return {.name = "",
          .uid = "",
          .subject = {"shop", "demo", "shop-1.5.0", "20", "abc123"},
          .decision = OverrideDecision::kApprove,
          .over_refusal = false,
          .actor = "ann@example.com",
          .reason = "MC is down, checked by hand",
          .created = WallTime(),
          .valid_for = std::chrono::minutes(30)};
}

// As the API server serves it.
Json Stored(const decide::Override& one = AnOverride()) {
  Json object = OverrideObject(one);
  object["metadata"]["uid"] = "u1";
  object["metadata"]["creationTimestamp"] = "2026-03-01T12:00:00Z";
  return object;
}

std::string NameOf(const decide::Override& one) {
  return JsonString(OverrideObject(one), "/metadata/name");
}

TEST(OverrideObjectTest, IsReadBackAsItWasWritten) {
  decide::Override one = AnOverride();
  one.over_refusal = true;
  const auto read = ParseOverride(Stored(one));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->subject, one.subject);
  EXPECT_EQ(read->decision, one.decision);
  EXPECT_TRUE(read->over_refusal);
  EXPECT_EQ(read->actor, one.actor);
  EXPECT_EQ(read->reason, one.reason);
  EXPECT_EQ(read->uid, "u1");
  EXPECT_EQ(read->name, NameOf(one));
  EXPECT_EQ(FormatRfc3339(read->ExpiresAt(), 0), "2026-03-01T12:30:00Z");
}

TEST(OverrideObjectTest, CarriesTheLabelByWhichItIsFound) {
  EXPECT_EQ(OverrideObject(AnOverride())["metadata"]["labels"][kube::kRolloutLabel], "demo");
}

TEST(OverrideObjectTest, ARepetitionHasTheSameNameAndNothingElseHas) {
  const decide::Override one = AnOverride();
  decide::Override again = one;
  again.reason = "MC is still down, checked again";
  again.valid_for = std::chrono::hours(1);
  EXPECT_EQ(NameOf(one), NameOf(again));

  std::vector<decide::Override> others(6, one);
  others[0].actor = "bob";
  others[1].subject.release_id = "shop-1.6.0";
  others[2].subject.stage = "50";
  others[3].subject.pod_hash = "def456";
  others[4].over_refusal = true;
  others[5].decision = OverrideDecision::kReject;
  for (const decide::Override& other : others) EXPECT_NE(NameOf(other), NameOf(one));
}

TEST(CheckOverrideTest, ReasonsHaveTheLengthThatTheSchemaDemands) {
  const auto check = [](std::string reason) {
    decide::Override one = AnOverride();
    one.reason = std::move(reason);
    return CheckOverride(one).has_value();
  };
  EXPECT_FALSE(check(std::string(9, 'x')));
  EXPECT_TRUE(check(std::string(10, 'x')));
  EXPECT_TRUE(check(std::string(500, 'x')));
  EXPECT_FALSE(check(std::string(501, 'x')));
  std::string umlauts;
  for (int i = 0; i < 500; ++i) umlauts += "\xc3\xbc";
  EXPECT_TRUE(check(umlauts)) << "characters, not bytes";
  EXPECT_FALSE(check("a reason\nin two lines"));
  EXPECT_FALSE(check("not UTF-8: \xff\xff\xff\xff"));
}

TEST(CheckOverrideTest, ValidityIsFromAMinuteToADay) {
  const auto check = [](Nanos valid_for) {
    decide::Override one = AnOverride();
    one.valid_for = valid_for;
    return CheckOverride(one).has_value();
  };
  EXPECT_FALSE(check(std::chrono::seconds(59)));
  EXPECT_TRUE(check(std::chrono::seconds(60)));
  EXPECT_TRUE(check(std::chrono::hours(24)));
  EXPECT_FALSE(check(std::chrono::hours(24) + std::chrono::seconds(1)));
}

TEST(ParseOverrideTest, TrustsNothingInTheObject) {
  const std::vector<std::pair<Json, std::string>> cases = {
      {{{"spec", {{"decision", "approved"}}}}, "neither approve nor reject"},
      {{{"spec", {{"decision", nullptr}}}}, "neither approve nor reject"},
      {{{"spec", {{"validForSeconds", 59}}}}, "validForSeconds"},
      {{{"spec", {{"validForSeconds", 86401}}}}, "validForSeconds"},
      {{{"spec", {{"validForSeconds", 9223372036854775807}}}}, "validForSeconds"},
      {{{"spec", {{"validForSeconds", "1800"}}}}, "validForSeconds"},
      {{{"spec", {{"reason", "short"}}}}, "reason"},
      {{{"spec", {{"actor", nullptr}}}}, "actor"},
      {{{"spec", {{"rollout", "Demo"}}}}, "rollout"},
      {{{"spec", {{"releaseId", ""}}}}, "releaseId"},
      {{{"spec", {{"stage", "20 %"}}}}, "stage"},
      {{{"spec", {{"podHash", nullptr}}}}, "podHash"},
      {{{"spec", {{"decision", "reject"}, {"overRefusal", true}}}}, "overRefusal"},
      {{{"spec", nullptr}}, "decision"},
      {{{"metadata", {{"creationTimestamp", nullptr}}}}, "time of creation"}};
  for (const auto& [patch, what] : cases) {
    Json object = Stored();
    object.merge_patch(patch);
    const auto read = ParseOverride(object);
    ASSERT_FALSE(read) << patch;
    EXPECT_EQ(read.error().code, ErrorCode::kProtocol);
    EXPECT_THAT(read.error().message, HasSubstr(what)) << patch;
  }
}

}  // namespace
}  // namespace gate::override
